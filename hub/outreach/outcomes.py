"""What the outcome of a visit does to its case: whether it is over, and if not, what comes next and when."""

from datetime import date, datetime, timedelta

from msgspec import Struct
from sqlalchemy import select, update

from contract.time import office_date, office_instant
from hub import ladder
from hub.outreach import cases, telling
from hub.outreach.cases import Case
from hub.outreach.operations import Desk
from hub.outreach.reasons import resolve
from hub.outreach.sorting import plan
from hub.policy import of_day
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, Lane, Severity, VisitOutcome
from hub.watch import away
from hub.work import Work


class Report(Struct, frozen=True, kw_only=True):
    """What came of a visit."""

    outcome: VisitOutcome
    text: str = ""
    visited_at: datetime | None = None
    """When they stood at the door; now if left out."""
    follow_up_on: date | None = None


def effect(desk: Desk, work: Work, case: Case, said: Report, why: str) -> None:
    """Let the case go on as the outcome says; `why` tells the visit in the history's words."""
    follow_up = said.follow_up_on
    match said.outcome:
        case VisitOutcome.met:
            case = _heard(desk, work, case, why, CaseOutcome.met)
            if case.closed_at is None and follow_up is None:
                cases.close(work, case, CaseOutcome.met, why, desk.account)
            elif case.closed_at is None and follow_up is not None:
                plan(work, case, "その後の様子を確かめる", _morning(desk, follow_up), desk.account)
        case VisitOutcome.not_home:
            plan(work, case, _not_home(desk, case), _again(desk, work, case, follow_up), desk.account)
        case VisitOutcome.not_opened:
            case = _heard(desk, work, case, why, CaseOutcome.other)
            when = _morning(desk, follow_up or office_date(desk.now) + timedelta(days=1))
            if case.closed_at is None:
                plan(work, case, "声は聞けたが会えていない。もう一度訪ねる", when, desk.account)
        case VisitOutcome.hospital:
            _in_hospital(desk, work, case, follow_up)
            case = _heard(desk, work, case, why, CaseOutcome.hospital)
            if case.closed_at is None:
                cases.close(work, case, CaseOutcome.hospital, why, desk.account)
        case VisitOutcome.ambulance:
            if case.severity is not Severity.emergency:
                cases.set_severity(work, case, Severity.emergency, why, desk.account)
            people = ladder.concerned(desk.conn, case)
            if people:
                telling.raised(work, case, people[0].id, "訪問して救急を呼びました", f"visit/{work.now}")
            when = desk.now + desk.policy.acknowledgement[Severity.emergency]
            plan(work, case, "家族に連絡し、搬送先を書く", when, desk.account)
        case VisitOutcome.other:
            when = _morning(desk, follow_up) if follow_up else _again(desk, work, case, None)
            plan(work, case, "訪問の結果を見て、次を決める", when, desk.account)


def _heard(desk: Desk, work: Work, case: Case, why: str, outcome: CaseOutcome) -> Case:
    """The person is there: what was missed until now does not count again, and every reason of the case is settled.

    The case as it stands then: one that nobody has in hand closes itself, with `outcome`.
    """
    residents = [one.id for one in ladder.concerned(desk.conn, case)]
    if case.lane is Lane.person:
        work.conn.execute(
            update(t.resident).where(t.resident.c.id.in_(residents)).values(settled_at=work.now)
        )
    left = cases.unresolved(desk.conn, case.id)
    if left:
        resolve(work, left, why[:300], desk.account, outcome)
    else:
        telling.over(work, case, why)
    return cases.get(desk.conn, case.id)


def _in_hospital(desk: Desk, work: Work, case: Case, until: date | None) -> None:
    lasts = desk.policy.absence_unless_said.get("hospital", timedelta(days=7))
    end = _morning(desk, until) if until is not None else desk.now + lasts
    for one in ladder.concerned(desk.conn, case):
        away.note(work, one.id, "hospital", desk.now, end, desk.account)


def _not_home(desk: Desk, case: Case) -> str:
    """What is to be done when nobody comes to the door, with the consent to enter."""
    residents = [one.id for one in ladder.concerned(desk.conn, case)]
    agreed = set(
        desk.conn.scalars(
            select(t.consent.c.resident_id).where(
                t.consent.c.resident_id.in_(residents),
                t.consent.c.tick == "forced_entry",
                t.consent.c.revoked_at.is_(None),
            )
        )
    )
    entry = "あり" if agreed >= set(residents) and residents else "なし"
    return f"不在。家族・近所に聞き、もう一度訪ねる。異変が疑われるときは 110・119 番(立入の同意: {entry})"


def _again(desk: Desk, work: Work, case: Case, day: date | None) -> datetime:
    """When to go again: on the day that was said, at once in an emergency, else as soon as a visit is due."""
    if case.severity is Severity.emergency:
        return work.now + desk.policy.acknowledgement[Severity.emergency]
    if day is not None:
        return _morning(desk, day)
    people = ladder.concerned(desk.conn, case)
    ranked = max(
        (one.risk_class for one in people),
        key=lambda name: desk.policy.risk_class(name).rank,
        default=next(iter(desk.policy.classes)),
    )
    return desk.policy.visit_due(work.now, ranked)


def _morning(desk: Desk, day: date) -> datetime:
    return office_instant(day, of_day(desk.policy.visit.next_morning_by))
