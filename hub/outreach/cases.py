"""Rows of cases. A case belongs to a household and a lane; its severity is that of its gravest unresolved reason."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from hub.store import tables as t
from hub.vocabulary import CaseState, DueKind, Lane, ReasonCode, Severity
from hub.work import HUB, Work

CLOSE_STEP = "confirm_and_close"
"""The step of a case in somebody's hands whose every reason has settled."""
CLOSE_WORDS = "確認して閉じる"
Case = dict[str, Any]
"""A row of the case table, kept in step by `change`."""


class Person(NamedTuple):
    """The resident a reason is about."""

    id: str
    household_id: str
    risk_class: str
    has_phone: bool


def people(conn: Connection, residents: Collection[str]) -> dict[str, Person]:
    """These residents, by id."""
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
    return {row.id: Person(row.id, row.household_id, row.risk_class, bool(row.phone)) for row in rows}


def person(conn: Connection, resident_id: str) -> Person:
    """The resident `resident_id`; LookupError if there is none."""
    return people(conn, [resident_id])[resident_id]


def open_case(conn: Connection, household_id: str, lane: Lane) -> Case | None:
    """The one open case of a household in a lane."""
    of_lane = (t.case.c.household_id == household_id, t.case.c.lane == lane, t.case.c.closed_at.is_(None))
    row = conn.execute(select(t.case).where(*of_lane)).mappings().one_or_none()
    return dict(row) if row else None


def get(conn: Connection, case_id: str) -> Case:
    """The case `case_id`; LookupError if there is none."""
    row = conn.execute(select(t.case).where(t.case.c.id == case_id)).mappings().one_or_none()
    if row is None:
        raise LookupError(f"no case {case_id}")
    return dict(row)


def unresolved(conn: Connection, case_id: str) -> Sequence[RowMapping]:
    """What still speaks for the case, the gravest first, then the oldest."""
    rows = conn.execute(
        select(t.reason).where(t.reason.c.case_id == case_id, t.reason.c.resolved_at.is_(None))
    ).mappings()
    return sorted(rows, key=lambda row: (-Severity(row["severity"]).rank, row["at"], row["id"]))


def create(work: Work, household_id: str, lane: Lane, severity: Severity, why: str) -> Case:
    """A new case, not yet on a ladder."""
    case: Case = {
        "id": work.ids(work.now),
        "household_id": household_id,
        "lane": lane,
        "state": CaseState.new,
        "severity": severity,
        "opened_at": work.now,
        "closed_at": None,
        "outcome": None,
        "owner": None,
        "ladder": None,
        "step": None,
        "step_words": None,
        "due_at": None,
        "acknowledged_until": None,
    }
    work.conn.execute(insert(t.case).values(case))
    work.record("case", case["id"], None, CaseState.new, why)
    return case


def change(work: Work, case: Case, **values: Any) -> None:
    """Write `values` into the row and into `case`."""
    work.conn.execute(update(t.case).where(t.case.c.id == case["id"]).values(values))
    case.update(values)


def move(work: Work, case: Case, state: CaseState, why: str, actor: str = HUB, **values: Any) -> None:
    """Let the case go to `state`, with its transition."""
    work.record("case", case["id"], case["state"], state, why, actor)
    change(work, case, state=state, **values)


def set_severity(work: Work, case: Case, severity: Severity, why: str, actor: str = HUB) -> None:
    """Let the case weigh `severity`; its clocks stay as they are."""
    work.record("case", case["id"], case["severity"], severity, why, actor)
    change(work, case, severity=severity)


def close(work: Work, case: Case, outcome: str, why: str, actor: str = HUB) -> None:
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
    work.cancel(DueKind.ladder_step, case["id"])
    work.cancel(DueKind.acknowledgement, case["id"])


def ladder_of(work: Work, reason: RowMapping | dict[str, Any], risk_class: str) -> str:
    """The ladder that this reason climbs."""
    return work.policy.ladder_for(ReasonCode(reason["code"]), Severity(reason["severity"]), risk_class)
