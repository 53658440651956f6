"""All rows at once hold what row by row would have held, on both stores."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec
import pytest
from sqlalchemy import insert, select

from hub.store import tables as t
from hub.store.database import Store
from hub.store.gathered import gathered

BOTH_STORES = True
NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)


class Told(NamedTuple):
    """An event as it stands in the store."""

    id: str
    resident_id: str | None
    seq: int
    at: datetime
    late: bool
    body: dict[str, Any]


class Schedule(NamedTuple):
    """A schedule row of somebody."""

    kana: str
    name: str
    weekdays: frozenset[int]
    on_holidays: bool


class Slot(NamedTuple):
    """A slot's day."""

    day: date
    closed_at: datetime | None


class Wrong(NamedTuple):
    """What an id is not."""

    id: int


ALL = select(*(t.event.c[name] for name in Told._fields))


@pytest.fixture
def told(store: Store) -> Store:
    events = [
        ("e1", None, NOON, False, {"words": 'い"\\ \n', "none": None, "share": 0.5}),
        ("e2", "null", NOON + timedelta(microseconds=1), True, {}),
        ("e3", "sato", NOON.astimezone(timezone(timedelta(hours=9))), False, {"list": [1, "a"]}),
    ]
    rows = [
        {
            "id": id,
            "device_id": "sato-1",
            "resident_id": resident_id,
            "session": "s1",
            "seq": seq,
            "at": at,
            "received_at": NOON,
            "clock": "synced",
            "late": late,
            "type": "song",
            "body": body,
        }
        for seq, (id, resident_id, at, late, body) in enumerate(events)
    ]
    store.write(lambda conn: conn.execute(insert(t.event), rows))
    return store


def test_rows_come_as_row_by_row(told: Store) -> None:
    with told.read() as conn:
        one_by_one = [Told(*row) for row in conn.execute(ALL)]
        assert sorted(gathered(conn, Told, ALL)) == sorted(one_by_one)


def test_only_what_is_asked_for(told: Store) -> None:
    with told.read() as conn:
        assert [one.id for one in gathered(conn, Told, ALL.where(t.event.c.late))] == ["e2"]


def test_no_row_is_an_empty_list(told: Store) -> None:
    with told.read() as conn:
        assert gathered(conn, Told, ALL.where(t.event.c.id == "e4")) == []


def test_columns_of_two_tables_come_together(town: Store) -> None:
    query = select(t.resident.c.kana, *(t.schedule.c[name] for name in Schedule._fields[1:])).join(
        t.resident, t.resident.c.id == t.schedule.c.resident_id
    )
    with town.read() as conn:
        one_by_one = {(row.kana, row.name): frozenset(row.weekdays) for row in conn.execute(query)}
        assert {(one.kana, one.name): one.weekdays for one in gathered(conn, Schedule, query)} == one_by_one


def test_days_are_days(town: Store) -> None:
    query = select(t.slot.c.day, t.slot.c.closed_at)
    with town.read() as conn:
        assert sorted(gathered(conn, Slot, query), key=str) == sorted(
            (Slot(*row) for row in conn.execute(query)), key=str
        )


def test_a_shape_that_does_not_fit_is_said(told: Store) -> None:
    with told.read() as conn, pytest.raises(msgspec.ValidationError):
        gathered(conn, Wrong, select(t.event.c.id))
