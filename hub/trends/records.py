"""One person's check-ins as records to compare, from the store."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from hub.store import tables as t
from hub.trends.judging import Record
from hub.trends.settings import Settings
from hub.vocabulary import SlotState

_TOLD = (SlotState.answered, SlotState.missed)
"""What the hub could not know says nothing about the person."""


def records(conn: Connection, resident_id: str, first: date, last: date, settings: Settings) -> list[Record]:
    """Every slot of these days that ended in an answer or in none, the oldest first."""
    rows = conn.execute(
        select(t.slot.c.day, t.slot.c.name, t.slot.c.state, t.slot.c.intent, t.event.c.body)
        .outerjoin(t.event, t.event.c.id == t.slot.c.event_id)
        .where(
            t.slot.c.resident_id == resident_id, t.slot.c.day.between(first, last), t.slot.c.state.in_(_TOLD)
        )
        .order_by(t.slot.c.day, t.slot.c.opens_at)
    )
    return [
        Record(
            day=row.day,
            slot=row.name,
            answered=row.state == SlotState.answered,
            delay_ms=_whole(row.body, "answer_delay_ms"),
            again=(_whole(row.body, "attempts") or 1) > 1,
            worse=row.intent in settings.worse_intents,
        )
        for row in rows
    ]


def _whole(body: Any, name: str) -> int | None:
    """A number of an event's body; None where retention or an older speaker left none."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, int) else None
