"""Rows of cases. A case belongs to a household and a lane; its severity is that of its gravest unresolved reason."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from hub.store import tables as t
from hub.vocabulary import CaseOutcome, CaseState, DueKind, Lane, ReasonCode, Severity
from hub.work import HUB, Work

CLOSE_STEP = "confirm_and_close"
"""The step of a case in somebody's hands whose every reason has settled."""
CLOSE_WORDS = "確認して閉じる"
PLANNED_STEP = "planned"
"""The step of a case whose owner has said what comes next, and when."""


@dataclass(kw_only=True)
class Case:
    """A row of the case table, kept in step with it by `change`."""

    id: str
    household_id: str
    lane: Lane
    state: CaseState
    severity: Severity
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: str | None = None
    owner: str | None = None
    ladder: str | None = None
    step: str | None = None
    step_words: str | None = None
    due_at: datetime | None = None
    acknowledged_until: datetime | None = None
    owned_at: datetime | None = None
    merged_into: str | None = None

    @classmethod
    def of(cls, row: RowMapping) -> "Case":
        """The case of a row."""
        values = dict(row)
        values |= {
            "lane": Lane(row["lane"]),
            "state": CaseState(row["state"]),
            "severity": Severity(row["severity"]),
        }
        return cls(**values)


class Person(NamedTuple):
    """The resident a reason is about."""

    id: str
    household_id: str
    risk_class: str
    has_phone: bool


def people(conn: Connection, residents: Collection[str]) -> dict[str, Person]:
    """These residents, by id; LookupError where there is none."""
    rows = conn.execute(
        select(
            t.resident.c.id,
            t.resident.c.household_id,
            t.resident.c.risk_class,
            func.coalesce(t.resident.c.phone, t.household.c.phone, "").label("phone"),
        )
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .where(t.resident.c.id.in_(residents))
    )
    found = {row.id: Person(row.id, row.household_id, row.risk_class, bool(row.phone)) for row in rows}
    for resident_id in residents:
        if resident_id not in found:
            raise LookupError(f"no resident {resident_id}")
    return found


def person(conn: Connection, resident_id: str) -> Person:
    """The resident `resident_id`; LookupError if there is none."""
    return people(conn, [resident_id])[resident_id]


def open_cases(conn: Connection, households: Collection[str]) -> dict[tuple[str, Lane], Case]:
    """The open cases of these households: at most one a household and lane."""
    rows = conn.execute(
        select(t.case).where(t.case.c.household_id.in_(households), t.case.c.closed_at.is_(None))
    ).mappings()
    return {(row["household_id"], Lane(row["lane"])): Case.of(row) for row in rows}


def get(conn: Connection, case_id: str) -> Case:
    """The case `case_id`; LookupError if there is none."""
    row = conn.execute(select(t.case).where(t.case.c.id == case_id)).mappings().one_or_none()
    if row is None:
        raise LookupError(f"no case {case_id}")
    return Case.of(row)


def unresolved(conn: Connection, case_id: str) -> Sequence[RowMapping]:
    """What still speaks for the case, the gravest first, then the oldest."""
    rows = conn.execute(
        select(t.reason).where(t.reason.c.case_id == case_id, t.reason.c.resolved_at.is_(None))
    ).mappings()
    return sorted(rows, key=lambda row: (-Severity(row["severity"]).rank, row["at"], row["id"]))


def draft(work: Work, household_id: str, lane: Lane, severity: Severity) -> Case:
    """A new case, on no ladder and not yet stored; what opened it is told by its reason."""
    case = Case(
        id=work.ids(work.now),
        household_id=household_id,
        lane=lane,
        state=CaseState.new,
        severity=severity,
        opened_at=work.now,
    )
    work.record("case", case.id, None, CaseState.new, "件を開きました")
    return case


def store(conn: Connection, drafts: Iterable[Case]) -> None:
    """Store new cases, in one statement."""
    rows = [asdict(case) for case in drafts]
    if rows:
        conn.execute(insert(t.case), rows)


def change(work: Work, case: Case, **values: Any) -> None:
    """Write `values` into the row and into `case`."""
    work.conn.execute(update(t.case).where(t.case.c.id == case.id), values)
    for name, value in values.items():
        setattr(case, name, value)


def move(work: Work, case: Case, state: CaseState, why: str, actor: str = HUB, **values: Any) -> None:
    """Let the case go to `state`, with its transition."""
    work.record("case", case.id, case.state, state, why, actor)
    change(work, case, state=state, **values)


def set_severity(work: Work, case: Case, severity: Severity, why: str, actor: str = HUB) -> None:
    """Let the case weigh `severity`; its clocks stay as they are."""
    work.record("case", case.id, case.severity, severity, why, actor)
    change(work, case, severity=severity)


def close(work: Work, case: Case, outcome: CaseOutcome, why: str, actor: str = HUB) -> None:
    """End the case and everything that would still fall due for it."""
    move(
        work,
        case,
        CaseState.done,
        why,
        actor,
        closed_at=work.now,
        outcome=outcome,
        acknowledged_until=None,
    )
    work.cancel(DueKind.ladder_step, case.id)
    work.cancel(DueKind.acknowledgement, case.id)
    work.conn.execute(
        update(t.handover)
        .where(t.handover.c.case_id == case.id, t.handover.c.answered_at.is_(None))
        .values(answered_at=work.now, answer="件が終わりました")
    )
    work.conn.execute(
        update(t.visit)
        .where(t.visit.c.case_id == case.id, t.visit.c.written_at.is_(None), t.visit.c.cancelled_at.is_(None))
        .values(cancelled_at=work.now)
    )


def ladder_of(work: Work, reason: RowMapping, risk_class: str) -> str:
    """The ladder that this reason climbs."""
    return work.policy.ladder_for(ReasonCode(reason["code"]), Severity(reason["severity"]), risk_class)
