"""A town of any size in a store, written by the set: homes with a speaker, a schedule and a question that is open."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, insert

from contract.time import OFFICE_ZONE, office_date, office_instant
from hub import agenda, districts, policy
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import DeviceState, DueKind, SlotState

SLOT = "morning"
EVENING = "evening"
_AT_ONCE = 20_000
"""Homes a transaction."""


def resident(number: int) -> str:
    """The id of one home, its household and its resident."""
    return f"r{number:07d}"


def device(number: int) -> str:
    """The id of its speaker."""
    return f"d-{number:07d}"


@dataclass(frozen=True, kw_only=True)
class Town:
    """What stands in the store: every home was asked at `opens_at`, and the answer is awaited until its deadline."""

    homes: int
    opens_at: datetime
    """When the open question was asked, a whole second."""
    silent_before: int = 0
    """The first so many homes missed the slot of the evening before: a second miss brings them into the queue."""
    rules: Policy = field(default_factory=policy.load)

    @property
    def day(self) -> date:
        """The office day of the open question."""
        return office_date(self.opens_at)

    @property
    def slot(self) -> str:
        """The open question, as events name it."""
        return f"{self.day}/{SLOT}"

    @property
    def deadline(self) -> datetime:
        """When it must have been answered."""
        return self.rules.deadline(self.opens_at)

    def fill(self, store: Store) -> None:
        """Write it down."""
        codes = [one.code for one in districts.load().all]
        store.write(lambda conn: districts.write(conn, districts.load()))
        numbers = iter(range(self.homes))
        while some := list(islice(numbers, _AT_ONCE)):
            store.write(lambda conn, some=some: self._write(conn, some, codes))  # type: ignore[misc]

    def _write(self, conn: Connection, numbers: list[int], codes: list[str]) -> None:
        before = self.opens_at - timedelta(days=30)
        yesterday = self.opens_at - timedelta(hours=14)
        local = self.opens_at.astimezone(OFFICE_ZONE)
        _put(
            conn,
            t.household,
            (
                {
                    "id": resident(n),
                    "district": codes[n % len(codes)],
                    "address": "大井町 1",
                    "phone": "0573-00-0000",
                    "lives_alone": True,
                }
                for n in numbers
            ),
        )
        _put(
            conn,
            t.resident,
            (
                {
                    "id": resident(n),
                    "household_id": resident(n),
                    "name": "佐藤 花子",
                    "kana": "サトウ ハナコ",
                    "kana_key": "サトウ ハナコ",
                    "call_name": "佐藤さん",
                    "risk_class": "standard",
                    "enrolled_at": before,
                }
                for n in numbers
            ),
        )
        _put(
            conn,
            t.device,
            (
                {
                    "id": device(n),
                    "resident_id": resident(n),
                    "registered_at": before,
                    "presence": DeviceState.online,
                    "presence_at": before,
                    "session": "s1",
                }
                for n in numbers
            ),
        )
        _put(
            conn,
            t.schedule,
            (
                {"resident_id": resident(n), "name": name, "at": at, "weekdays": [1, 2, 3, 4, 5, 6, 7]}
                for n in numbers
                for name, at in (
                    (SLOT, f"{local:%H:%M:%S}"),
                    (EVENING, f"{yesterday.astimezone(OFFICE_ZONE):%H:%M:%S}"),
                )
            ),
        )
        _put(conn, t.slot, self._slots(numbers, yesterday))
        agenda.schedule_all(
            conn,
            [(DueKind.slot_deadline, f"{resident(n)}/{self.day}/{SLOT}", self.deadline) for n in numbers],
        )

    def _slots(self, numbers: list[int], yesterday: datetime) -> Iterator[dict[str, Any]]:
        """The open slot of everybody, and the missed one before it of the silent."""
        for n in numbers:
            yield self._row(n, self.day, SLOT, self.opens_at, SlotState.waiting)
        for n in numbers:
            if n < self.silent_before:
                yield self._row(n, office_date(yesterday), EVENING, yesterday, SlotState.missed)

    def _row(self, number: int, day: date, name: str, opens_at: datetime, state: SlotState) -> dict[str, Any]:
        return {
            "resident_id": resident(number),
            "day": day,
            "name": name,
            "opens_at": opens_at,
            "deadline_at": self.rules.deadline(opens_at),
            "state": state,
            "asked": state is SlotState.missed,
            "attempts": 3 if state is SlotState.missed else 0,
        }


def at_second(at: datetime) -> datetime:
    """The whole second of `at`, as schedules are written."""
    local = at.astimezone(OFFICE_ZONE)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return office_instant(local.date(), since_midnight)


def _put(conn: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    written = list(rows)
    if written:
        conn.execute(insert(table), written)
