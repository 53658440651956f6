"""A town of any size in a store, written by the set: homes with a speaker and a schedule, and questions that are open."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from contract.time import OFFICE_ZONE, office_date, office_instant
from hub import agenda, districts, policy
from hub.policy import Policy
from hub.store import bulk
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


def at_second(at: datetime) -> datetime:
    """The whole second of `at`, as schedules are written."""
    local = at.astimezone(OFFICE_ZONE)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return office_instant(local.date(), since_midnight)


@dataclass(frozen=True, kw_only=True)
class Town:
    """Homes of whom every one is asked in the morning at the time of day of `opens_at`, and ten hours later again."""

    homes: int
    opens_at: datetime
    """A whole second."""
    rules: Policy = field(default_factory=policy.load)

    @property
    def day(self) -> date:
        """The office day of the morning's question."""
        return office_date(self.opens_at)

    @property
    def slot(self) -> str:
        """The morning's question, as events name it."""
        return f"{self.day}/{SLOT}"

    def fill(
        self, store: Store, asked: range, on_homes: Callable[[int], object] = lambda _count: None
    ) -> None:
        """Write the homes down, each with its next deadlines: the evening's, and the next morning's.

        The homes of `asked` have no morning yet: `ask` makes it.
        """
        known = districts.load()
        store.write(lambda conn: districts.write(conn, known))
        codes = [one.code for one in known.all]
        numbers = iter(range(self.homes))
        while some := list(islice(numbers, _AT_ONCE)):
            store.write(lambda conn, some=some: self._homes(conn, some, codes))  # type: ignore[misc]
            rest = [n for n in some if n not in asked]
            store.write(lambda conn, some=some, rest=rest: self._coming(conn, some, rest))  # type: ignore[misc]
            on_homes(len(some))

    def _coming(self, conn: Connection, evening: list[int], morning: list[int]) -> None:
        self._open(conn, evening, EVENING, lambda _n: self.opens_at + timedelta(hours=10))
        self._open(conn, morning, SLOT, lambda _n: self.opens_at + timedelta(days=1))

    def ask(
        self, store: Store, numbers: Sequence[int], opens_at: Callable[[int], datetime] | None = None
    ) -> None:
        """These homes have been asked this morning, and an answer is awaited until the deadline."""
        when = opens_at or (lambda _n: self.opens_at)
        store.write(lambda conn: self._open(conn, numbers, SLOT, when))

    def ask_in_vain(self, store: Store, numbers: Sequence[int], deadline: Callable[[int], datetime]) -> None:
        """These homes were silent last evening and are so now: at their deadline they belong in the queue."""
        before = self.opens_at - timedelta(hours=14)
        wait = self.rules.deadline(self.opens_at) - self.opens_at

        def write(conn: Connection) -> None:
            bulk.insert(
                conn,
                t.slot,
                [self._slot(n, EVENING, before, SlotState.missed, self.rules.askings) for n in numbers],
            )
            self._open(conn, numbers, SLOT, lambda n: deadline(n) - wait, self.rules.askings)

        store.write(write)

    def _homes(self, conn: Connection, numbers: list[int], codes: list[str]) -> None:
        before = self.opens_at - timedelta(days=30)
        times = [
            (name, f"{at.astimezone(OFFICE_ZONE):%H:%M:%S}")
            for name, at in ((SLOT, self.opens_at), (EVENING, self.opens_at + timedelta(hours=10)))
        ]
        same = {"address": "大井町 1", "phone": "0573-00-0000", "lives_alone": True}
        bulk.insert(
            conn,
            t.household,
            [{"id": resident(n), "district": codes[n % len(codes)], **same} for n in numbers],
        )
        person = {
            "name": "佐藤 花子",
            "kana": "サトウ ハナコ",
            "kana_key": "サトウ ハナコ",
            "call_name": "佐藤さん",
            "risk_class": "standard",
            "enrolled_at": before,
        }
        bulk.insert(
            conn,
            t.resident,
            [{"id": resident(n), "household_id": resident(n), **person} for n in numbers],
        )
        box = {
            "registered_at": before,
            "presence": DeviceState.online,
            "presence_at": before,
            "session": "s1",
            "muted": False,
            "config_revision": 0,
            "malformed": 0,
        }
        bulk.insert(conn, t.device, [{"id": device(n), "resident_id": resident(n), **box} for n in numbers])
        always = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True}
        bulk.insert(
            conn,
            t.schedule,
            [
                {"resident_id": resident(n), "name": name, "at": at, **always}
                for n in numbers
                for name, at in times
            ],
        )

    def _open(
        self,
        conn: Connection,
        numbers: Sequence[int],
        name: str,
        opens_at: Callable[[int], datetime],
        attempts: int = 0,
    ) -> None:
        rows = [self._slot(n, name, opens_at(n), SlotState.waiting, attempts) for n in numbers]
        bulk.insert(conn, t.slot, rows)
        agenda.schedule_all(conn, list(_deadlines(rows)))

    def _slot(
        self, number: int, name: str, opens_at: datetime, state: SlotState, attempts: int
    ) -> dict[str, Any]:
        return {
            "resident_id": resident(number),
            "day": office_date(opens_at),
            "name": name,
            "opens_at": opens_at,
            "deadline_at": self.rules.deadline(opens_at),
            "state": state,
            "asked": attempts > 0,
            "attempts": attempts,
        }


def _deadlines(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[DueKind, str, datetime]]:
    for row in rows:
        yield DueKind.slot_deadline, f"{row['resident_id']}/{row['day']}/{row['name']}", row["deadline_at"]
