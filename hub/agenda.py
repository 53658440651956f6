"""The rows of the one clock: what must happen by when. `hub.due` works them off."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, or_, select, update

from hub import pulse
from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among_groups
from hub.vocabulary import DueKind, Severity

Key = tuple[DueKind, str]
_OF_SILENCE = [kind for kind in DueKind if kind.speaks_of_silence]


# What may be worked off now: everything, or, while the hub is blind, what says nothing about a person. Both queries
# walk the index of `at` and stop at the first row they may have, so that an idle sweep costs the same at any size.
_WORKABLE = or_(t.due.c.kind.not_in(_OF_SILENCE), ~exists().where(t.pulse.c.name == pulse.BLIND_SINCE))
_NEXT = select(t.due.c.at).where(_WORKABLE).order_by(t.due.c.at).limit(1)
_OVERDUE = (
    select(t.due.c.id, t.due.c.kind, t.due.c.subject, t.due.c.at, t.due.c.failures)
    .where(t.due.c.at <= bindparam("now"), _WORKABLE)
    .order_by(t.due.c.at, t.due.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)  # several sweepers on PostgreSQL; SQLite has one writer anyway
)


class Row(NamedTuple):
    """One thing that fell due."""

    kind: DueKind
    subject: str
    at: datetime
    failures: int


def schedule(conn: Connection, kind: DueKind, subject: str, at: datetime) -> None:
    """Let `kind` fall due for `subject` at `at`; if it is already on the agenda, move it."""
    schedule_all(conn, [(kind, subject, at)])


def schedule_all(conn: Connection, rows: Sequence[tuple[DueKind, str, datetime]]) -> None:
    """`schedule` for many, in one statement."""
    if not rows:
        return
    kinds, subjects, instants = map(list, zip(*rows, strict=True))
    none: list[Any] = [None] * len(rows)
    bulk.insert_columns(
        conn,
        t.due,
        {"kind": kinds, "subject": subjects, "at": instants, "failures": [0] * len(rows), "error": none},
        "ON CONFLICT (kind, subject) DO UPDATE SET at = excluded.at, failures = 0, error = NULL",
    )


def cancel(conn: Connection, kind: DueKind, subject: str) -> None:
    """Take `kind` for `subject` off the agenda; harmless if it is not on it."""
    cancel_all(conn, [(kind, subject)])


def cancel_all(conn: Connection, keys: Sequence[Key]) -> None:
    """`cancel` for many, in one statement."""
    of_kind: dict[tuple[DueKind], list[str]] = defaultdict(list)
    for kind, subject in keys:
        of_kind[(kind,)].append(subject)
    if of_kind:
        conn.execute(delete(t.due).where(among_groups(conn, (t.due.c.kind, t.due.c.subject), 1, of_kind)))


def fail(conn: Connection, row: Row, at: datetime, error: str) -> None:
    """Put back a row whose work could not be done, with what stood in the way, to be tried again at `at`."""
    conn.execute(
        t.due.insert().values(
            kind=row.kind, subject=row.subject, at=at, failures=row.failures + 1, error=error[:300]
        )
    )


def failing(conn: Connection) -> list[tuple[DueKind, str, int, str]]:
    """Kind, subject, failures in a row and last error of everything the hub could not do; /healthz counts it."""
    rows = conn.execute(
        select(t.due.c.kind, t.due.c.subject, t.due.c.failures, t.due.c.error).where(t.due.c.failures > 0)
    )
    return [(DueKind(kind), subject, failures, error or "") for kind, subject, failures, error in rows]


def next_at(conn: Connection) -> datetime | None:
    """When the next row falls due; rows held back by blindness do not count."""
    at: datetime | None = conn.scalar(_NEXT)
    return at


def claim(conn: Connection, now: datetime, limit: int) -> list[Row]:
    """Take up to `limit` overdue rows off the agenda, the oldest first."""
    rows = conn.execute(_OVERDUE, {"now": now, "most": limit}).all()
    if rows:
        conn.execute(delete(t.due).where(t.due.c.id.in_([row.id for row in rows])))
    return [Row(DueKind(row.kind), row.subject, row.at, row.failures) for row in rows]


# ---- when the hub itself was blind (P6) ---------------------------------------------------------------------


def lose_sight(conn: Connection, now: datetime) -> None:
    """The hub hears nobody (its broker is gone): nobody is called silent until `regain_sight`."""
    if blind_since(conn) is None:
        pulse.beat(conn, pulse.BLIND_SINCE, now)


def regain_sight(conn: Connection, until: datetime) -> None:
    """The hub hears again: silence waits until `until`, for late answers."""
    pulse.forget(conn, pulse.BLIND_SINCE)
    settle(conn, until)


def settle(conn: Connection, until: datetime) -> None:
    """Whatever would say that somebody is silent waits until `until`.

    An emergency's ladder is not held: nobody waits for help because the hub was restarted.
    """
    pulse.beat(conn, pulse.SETTLED_AT, until)
    urgent = select(t.case.c.id).where(t.case.c.closed_at.is_(None), t.case.c.severity == Severity.emergency)
    conn.execute(
        update(t.due)
        .where(t.due.c.kind.in_(_OF_SILENCE), t.due.c.at < until, t.due.c.subject.not_in(urgent))
        .values(at=until)
    )


def blind_since(conn: Connection) -> datetime | None:
    """Since when the hub has heard nobody, or None while it hears."""
    return pulse.last(conn, pulse.BLIND_SINCE)
