"""外出・入院・デイサービス: nobody is at home until then, and nobody is called silent for it.

An absence explains only the silence inside it. Slots missed before it began stay missed and their case climbs on:
that somebody is away now does not say why nobody answered yesterday. A resident who says so in person, through the
speaker, has been heard, and that settles what was missed before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select, update

from contract.events import AbsenceSaid
from hub import words
from hub.store import tables as t
from hub.vocabulary import DueKind, ReasonCode, SlotState
from hub.watch import silence
from hub.work import HUB, Work

_UNLESS_SAID = timedelta(hours=12)
"""For a kind of absence that the policy does not name."""


def note(work: Work, resident_id: str, kind: str, starts_at: datetime, until: datetime, said_by: str) -> str:
    """Write an absence down, in place of those it overlaps, and explain the silence inside it; return its id."""
    called = f"{words.ABSENCES[kind]}({words.moment(until)} まで)"
    earlier = work.conn.execute(
        select(t.absence).where(
            t.absence.c.resident_id == resident_id,
            t.absence.c.ended_at.is_(None),
            t.absence.c.starts_at < until,
            t.absence.c.until > starts_at,
        )
    ).all()
    for row in earlier:
        work.cancel(DueKind.absence_end, row.id)
        end(work, row, work.now, f"{called}に置き換え", said_by)
    absence_id = work.ids(work.now)
    over = until <= work.now
    work.conn.execute(
        insert(t.absence).values(
            id=absence_id,
            resident_id=resident_id,
            kind=kind,
            starts_at=starts_at,
            until=until,
            ended_at=until if over else None,
            said_by=said_by,
        )
    )
    work.record("absence", absence_id, None, kind, called, said_by)
    if not over:
        work.schedule(DueKind.absence_end, absence_id, until)
    _explain(work, resident_id, absence_id, f"{called}と分かりました", said_by)
    return absence_id


def end(work: Work, row: Row[Any], at: datetime, why: str, by: str) -> None:
    """Let an absence (its row) have ended at `at`."""
    work.conn.execute(update(t.absence).where(t.absence.c.id == row.id).values(ended_at=at))
    work.record("absence", row.id, row.kind, "ended", why, by)


def said(work: Work, resident_id: str, absence: AbsenceSaid, at: datetime, device_id: str) -> None:
    """The resident said so through the speaker at `at`: heard, so what was missed before is settled."""
    unless_said = work.policy.absence_unless_said.get(absence.kind, _UNLESS_SAID)
    until = absence.until if absence.until is not None and absence.until > at else at + unless_said
    note(work, resident_id, absence.kind, at, until, device_id)
    work.conn.execute(update(t.resident).where(t.resident.c.id == resident_id).values(settled_at=at))
    silence.judge(work, [resident_id], f"本人から{words.ABSENCES[absence.kind]}の知らせ")


def at_end(work: Work, subjects: Sequence[str]) -> None:
    """The person is expected home: the next slot counts again."""
    rows = work.conn.execute(
        select(t.absence).where(t.absence.c.id.in_(subjects), t.absence.c.ended_at.is_(None))
    ).all()
    for row in rows:
        end(work, row, row.until, "予定どおり終わりました", HUB)


def covers(at: Any) -> ColumnElement[bool]:
    """Whether an absence row covers the instant `at`, a value or a column."""
    return and_(
        t.absence.c.starts_at <= at,
        t.absence.c.until > at,
        or_(t.absence.c.ended_at.is_(None), t.absence.c.ended_at > at),
    )


def _explain(work: Work, resident_id: str, absence_id: str, why: str, said_by: str) -> None:
    """Slots that were called missed inside the absence were not: nobody was at home."""
    missed = work.conn.execute(
        select(t.slot.c.id, t.slot.c.day, t.slot.c.name)
        .join(t.absence, t.absence.c.resident_id == t.slot.c.resident_id)
        .where(
            t.absence.c.id == absence_id,
            t.slot.c.state == SlotState.missed,
            covers(t.slot.c.opens_at),
        )
    ).all()
    if not missed:
        return
    work.conn.execute(
        update(t.slot)
        .where(t.slot.c.id.in_([row.id for row in missed]))
        .values(state=SlotState.cannot_tell, why=ReasonCode.away)
    )
    for row in missed:
        subject = f"{resident_id}/{row.day}/{row.name}"
        work.record("slot", subject, SlotState.missed, SlotState.cannot_tell, why, said_by)
    silence.judge(work, [resident_id], why)
