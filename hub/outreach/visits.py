"""訪問: assigned with its purpose, its limits and what was settled before; written up with what came of it.

Only an emergency goes out without them. Each outcome says what becomes of the case and of its ladder.
"""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, insert, select, update

from contract.refusal import Refused
from contract.time import office_date
from hub import ladder, words
from hub.outreach import cases
from hub.outreach.cases import Case
from hub.outreach.operations import Desk
from hub.outreach.outcomes import Report, effect
from hub.outreach.sorting import plan
from hub.store import tables as t
from hub.vocabulary import CaseState, Severity, VisitKind

__all__ = ["Assignment", "Report", "assign", "cancel", "open_visit", "report", "start"]


class Assignment(Struct, frozen=True, kw_only=True):
    """What somebody is sent out with."""

    assignee: str
    """A login."""
    planned_for: datetime
    kind: VisitKind = VisitKind.safety_check
    program: str | None = None
    """事業区分, a key of the policy."""
    purpose: str = ""
    scope_do: str = ""
    scope_dont: str = ""
    coordination: tuple[str, ...] = ()
    """事前調整: the keys of the policy that were settled."""


def assign(desk: Desk, case_id: str, wanted: Assignment) -> str:
    """Send somebody out: the visit's id. The case is theirs from now on and rests until the visit is due."""
    case = desk.open_case(case_id)
    emergency = case.severity is Severity.emergency
    missing = _missing(desk, wanted)
    if missing and not emergency:
        raise Refused(f"訪問に出る前に決めてください: {'、'.join(missing)}。省けるのは緊急の件だけです。")
    if wanted.planned_for < desk.now - timedelta(minutes=1):
        raise Refused(f"訪問の時刻({words.moment(wanted.planned_for)})が過ぎています。日時を直してください。")
    if open_visit(desk, case_id) is not None:
        raise Refused("この件にはもう訪問の割当があります。結果を書くか、取り消してからにしてください。")
    with desk.work() as work:
        visit_id = work.ids(work.now)
        work.conn.execute(
            insert(t.visit).values(
                id=visit_id,
                case_id=case_id,
                household_id=case.household_id,
                kind=wanted.kind,
                program=wanted.program,
                purpose=wanted.purpose[:300],
                scope_do=wanted.scope_do[:300],
                scope_dont=wanted.scope_dont[:300],
                coordination=sorted(wanted.coordination),
                emergency=emergency,
                assignee=wanted.assignee,
                assigned_by=desk.account,
                assigned_at=work.now,
                planned_for=wanted.planned_for,
            )
        )
        called = words.VISIT_KINDS[wanted.kind]
        desk.give_to(
            work, case, wanted.assignee, f"{desk.called(wanted.assignee)} さんに{called}を割り当てました"
        )
        plan(work, case, f"{called}に行く", wanted.planned_for, desk.account)
        cases.move(work, case, CaseState.visit_assigned, wanted.purpose or called, desk.account)
    return visit_id


def start(desk: Desk, visit_id: str) -> None:
    """On the way."""
    _, case = _mine(desk, visit_id)
    with desk.work() as work:
        work.conn.execute(update(t.visit).where(t.visit.c.id == visit_id).values(started_at=work.now))
        if case is not None:
            cases.move(work, case, CaseState.visiting, "訪問に出ました", desk.account)


def cancel(desk: Desk, visit_id: str, why: str) -> None:
    """Nobody goes: the climb goes on as it would have."""
    _, case = _mine(desk, visit_id)
    with desk.work() as work:
        work.conn.execute(update(t.visit).where(t.visit.c.id == visit_id).values(cancelled_at=work.now))
        if case is not None:
            work.record("case", case.id, case.step, "visit_cancelled", f"訪問の取り消し: {why}", desk.account)
            ladder.resume(work, case)


def report(desk: Desk, visit_id: str, said: Report) -> None:
    """Write a visit up. May be entered late: the time at the door and the time of writing are both kept.

    A visit whose case ended while somebody was on the way took place all the same.
    """
    visit, case = _mine(desk, visit_id, late=True)
    visited_at = said.visited_at or desk.now
    if visited_at > desk.now:
        raise Refused("訪問した時刻が先の日時です。日時を直してください。")
    if said.follow_up_on is not None and said.follow_up_on <= office_date(desk.now):
        raise Refused("次に確かめる日が過ぎているか、今日です。あすより後の日にしてください。")
    provider = desk.policy.provider_of(visit.assignee)
    with desk.work() as work:
        work.conn.execute(
            update(t.visit)
            .where(t.visit.c.id == visit_id)
            .values(
                visited_at=visited_at,
                written_at=work.now,
                outcome=said.outcome,
                text=said.text[:500] or None,
                follow_up_on=said.follow_up_on,
                cancelled_at=None,
                provider=provider.id if provider else None,
                delivery_mode=provider.mode_on(office_date(visited_at)) if provider else None,
            )
        )
        called = words.VISIT_OUTCOMES[said.outcome]
        why = f"訪問({words.moment(visited_at)}): {called}" + (f"。{said.text}" if said.text else "")
        if case is not None:
            work.record("case", case.id, case.step, f"visit_{said.outcome}", why, desk.account)
            effect(desk, work, case, said, why)


def open_visit(desk: Desk, case_id: str) -> Row[Any] | None:
    """The visit of a case that is neither written up nor cancelled."""
    return desk.conn.execute(
        select(t.visit).where(
            t.visit.c.case_id == case_id, t.visit.c.written_at.is_(None), t.visit.c.cancelled_at.is_(None)
        )
    ).one_or_none()


# ---- what must be said before ---------------------------------------------------------------------------------


def _missing(desk: Desk, wanted: Assignment) -> list[str]:
    """What an assignment lacks, in the office's words."""
    visit = desk.policy.visit
    lacks = [
        called
        for called, said in (
            ("目的", wanted.purpose.strip()),
            ("範囲(すること)", wanted.scope_do.strip()),
            ("範囲(しないこと)", wanted.scope_dont.strip()),
            ("事業区分", wanted.program),
        )
        if not said
    ]
    if wanted.program and wanted.program not in visit.programs:
        raise Refused(
            f"事業区分「{wanted.program}」は方針にありません。{'・'.join(visit.programs)} から選んでください。"
        )
    return [
        *lacks,
        *(called for key, called in visit.coordination.items() if key not in wanted.coordination),
    ]


def _mine(desk: Desk, visit_id: str, *, late: bool = False) -> tuple[Row[Any], Case | None]:
    """An open visit, and its case while that is open; `late` takes one that ended with its case, too."""
    visit = desk.conn.execute(select(t.visit).where(t.visit.c.id == visit_id)).one_or_none()
    if visit is None:
        raise Refused("この訪問が見つかりません。画面を開き直してください。")
    if visit.written_at is not None:
        raise Refused(f"この訪問の結果は {words.moment(visit.written_at)} に書かれています。")
    case = cases.get(desk.conn, visit.case_id)
    if visit.cancelled_at is not None and not (late and case.closed_at is not None):
        raise Refused(f"この訪問は {words.moment(visit.cancelled_at)} に取り消されています。")
    return visit, case if case.closed_at is None else None
