"""The climb: who is asked next, when, and what is said when a step has nobody to ask."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select, update

from hub import words
from hub.notices.people import CALLED, TICK
from hub.outreach import cases, telling
from hub.outreach.cases import Case, Person
from hub.policy import Step
from hub.store import tables as t
from hub.vocabulary import DueKind, Lane, Party, Severity
from hub.work import HUB, Work


class Rung(NamedTuple):
    """A step that has somebody to ask, by when it is to be done, and those before it that had nobody."""

    step: Step
    due_at: datetime
    skipped: list[tuple[Step, str]]


def rung(work: Work, ladder: str, severity: Severity, concerned: Collection[Person], first: int = 0) -> Rung:
    """The first step of `ladder`, from index `first`, that has somebody to ask.

    The last one can always be done: the policy is checked for it.
    """
    steps = work.policy.ladders[ladder]
    skipped: list[tuple[Step, str]] = []
    for step in steps[first:-1]:
        missing = _missing(work.conn, step.party, concerned)
        if not missing:
            break
        skipped.append((step, missing))
    else:
        step = steps[-1]
    due_at = work.now + step.wait
    if step.party is Party.visit and severity is not Severity.emergency:
        due_at = work.policy.visit_due(work.now, _gravest_class(work, concerned))
    return Rung(step, due_at, skipped)


def place(
    work: Work, case: Case, ladder: str, onto: Rung, concerned: Collection[Person]
) -> dict[str, object]:
    """Note that the case comes to a rung, set its timer, tell its party, and return what its row is to hold.

    The history says so where nobody was on duty to see it.
    """
    for step, missing in onto.skipped:
        work.record("case", case.id, case.step, step.name, f"「{step.words}」は飛ばしました: {missing}")
    alone = "" if work.staffed else "(当番なし)"
    work.record("case", case.id, case.step, onto.step.name, f"{onto.step.words}{alone}")
    _set_timer(work, case, onto.step, onto.due_at)
    telling.step(work, case, onto.step, [one.id for one in concerned])
    return {
        "ladder": ladder,
        "step": onto.step.name,
        "step_words": onto.step.words,
        "due_at": onto.due_at,
    }


def enter(work: Work, case: Case, ladder: str, concerned: Collection[Person], first: int = 0) -> None:
    """Put a stored case on the first step of `ladder`, from index `first`, that has somebody to ask.

    The time by which something had to be done never moves back when the ladder changes: late stays late.
    """
    onto = rung(work, ladder, case.severity, concerned, first)
    if first == 0 and case.due_at is not None:
        onto = onto._replace(due_at=min(onto.due_at, case.due_at))
    cases.change(work, case, **place(work, case, ladder, onto, concerned))
    if onto.step.party is Party.visit:
        needs_visit(work, case)


def climb(work: Work, case: Case, why: str, actor: str = HUB) -> None:
    """Go on to the next step; on the last one only write down that its time is over."""
    work.record("case", case.id, case.step, case.step or "-", why, actor)
    people = concerned(work.conn, case)
    if case.ladder is None or not people:
        return
    steps = work.policy.ladders.get(case.ladder, [])
    here = next((index for index, step in enumerate(steps) if step.name == case.step), None)
    if here is None:
        # A plan of the owner's came to nothing, or another policy came into force and has no such step.
        gravest = cases.unresolved(work.conn, case.id)[0]
        risk_class = next(one.risk_class for one in people if one.id == gravest["resident_id"])
        enter(work, case, cases.ladder_of(work, gravest, risk_class), people)
    elif here + 1 < len(steps):
        enter(work, case, case.ladder, people, here + 1)


def at_step(work: Work, subjects: Sequence[str]) -> None:
    """The time of a step is over and nobody wrote anything down."""
    for case_id in subjects:
        case = cases.get(work.conn, case_id)
        if case.closed_at is None:
            late = words.moment(case.due_at) if case.due_at else "期限"
            climb(work, case, f"「{case.step_words}」が {late} までに済みませんでした")


def at_acknowledgement(work: Work, subjects: Sequence[str]) -> None:
    """An owner wrote nothing down for too long: the climb goes on, the owner stays."""
    for case_id in subjects:
        case = cases.get(work.conn, case_id)
        if case.closed_at is None and case.acknowledged_until is not None:
            cases.change(work, case, acknowledged_until=None)
            if case.step == cases.PLANNED_STEP:
                why = f"「{case.step_words}」が {words.moment(work.now)} までに済みませんでした"
            else:
                why = f"{case.owner} が引き受けたまま記録がないため、先へ進めます"
            climb(work, case, why)


def rest(work: Work, case: Case, actor: str) -> None:
    """Somebody is at it: the climb rests for as long as the policy allows, from now."""
    until = work.now + work.policy.acknowledgement[case.severity]
    cases.change(work, case, acknowledged_until=until)
    work.cancel(DueKind.ladder_step, case.id)
    work.schedule(DueKind.acknowledgement, case.id, until)
    why = f"{words.time_of_day(until)} まで対応中"
    work.record("case", case.id, case.step, case.step or "-", why, actor)


def end_rest(work: Work, case: Case) -> None:
    """Nobody is at it any more, or something graver came."""
    if case.acknowledged_until is not None:
        cases.change(work, case, acknowledged_until=None)
        work.cancel(DueKind.acknowledgement, case.id)


def resume(work: Work, case: Case) -> None:
    """Nobody is at it any more: the step's time runs again from now."""
    end_rest(work, case)
    for step in work.policy.ladders.get(case.ladder or "", []):
        if step.name == case.step:
            _set_timer(work, case, step, case.due_at)
            return
    if case.step == cases.PLANNED_STEP:
        climb(work, case, "決めてあった次の一手をやめました")
    elif case.step != cases.CLOSE_STEP:
        climb(work, case, "方針が変わり、いまの段がなくなりました")


def halt(work: Work, case: Case) -> None:
    """There is nothing left to climb for."""
    work.cancel(DueKind.ladder_step, case.id)


def concerned(conn: Connection, case: Case) -> list[Person]:
    """The residents for whom a reason of the case still stands."""
    residents = {row["resident_id"] for row in cases.unresolved(conn, case.id) if row["resident_id"]}
    return list(cases.people(conn, residents).values())


def needs_visit(work: Work, case: Case) -> None:
    """The visit step makes the reasons behind it weigh a visit; a box never weighs more than a person."""
    if case.lane is not Lane.person or case.severity.rank >= Severity.needs_visit.rank:
        return
    work.conn.execute(
        update(t.reason)
        .where(
            t.reason.c.case_id == case.id,
            t.reason.c.resolved_at.is_(None),
            t.reason.c.severity == Severity.needs_check,
        )
        .values(severity=Severity.needs_visit)
    )
    cases.set_severity(work, case, Severity.needs_visit, "電話でも家族でも確認できず、訪問が必要です")


def _set_timer(work: Work, case: Case, step: Step, due_at: datetime | None) -> None:
    """When the climb goes on. A visit has until its due time; what is late already gets the step's time once more."""
    if case.acknowledged_until is not None:
        return
    visit = step.party is Party.visit and due_at is not None and due_at > work.now
    work.schedule(DueKind.ladder_step, case.id, due_at if visit and due_at else work.now + step.wait)


def _gravest_class(work: Work, concerned: Collection[Person]) -> str:
    classes = {one.risk_class for one in concerned}
    return max(classes, key=lambda name: work.policy.risk_class(name).rank)


def _missing(conn: Connection, party: Party, concerned: Collection[Person]) -> str:
    """Why nobody can be asked at a step of this party; empty when somebody can."""
    if party is Party.resident:
        return "" if any(one.has_phone for one in concerned) else "電話番号の登録がありません"
    if party not in TICK:
        return ""
    contacts = set(
        conn.scalars(
            select(t.contact.c.resident_id).where(
                t.contact.c.resident_id.in_([one.id for one in concerned]),
                t.contact.c.role == party,
                or_(t.contact.c.phone.is_not(None), t.contact.c.address.is_not(None)),
            )
        )
    )
    if not contacts:
        return f"電話番号のある{CALLED[party]}の登録がありません"
    agreed = conn.scalars(
        select(t.consent.c.resident_id)
        .where(t.consent.c.resident_id.in_(contacts))
        .where(t.consent.c.tick == TICK[party], t.consent.c.revoked_at.is_(None))
    ).first()
    return "" if agreed else f"{CALLED[party]}に知らせる同意がありません"
