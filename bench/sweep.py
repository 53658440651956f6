"""How long the one clock takes: misses at one instant until all are in the queue, and an idle sweep.

`python -m bench.sweep [--homes N] [--due N]` on a store of its own in a temporary folder.
"""

import argparse
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, func, insert, select

from contract.time import Clock, office_instant
from hub import agenda, policy
from hub.due import Sweeper
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import DeviceState, DueKind, SlotState

DAY = date(2026, 11, 24)
MORNING = office_instant(DAY, timedelta(hours=8))
EVENING_BEFORE = office_instant(DAY - timedelta(days=1), timedelta(hours=18))
IDLE_SWEEPS = 200


class Stopped:
    """A clock that stands at one instant."""

    def __init__(self) -> None:
        self.at = MORNING

    def now(self) -> Any:
        """The instant, UTC."""
        return self.at


def town(conn: Connection, homes: int) -> None:
    """So many homes that missed the evening and were asked in vain this morning; their deadlines are one instant."""
    rules = policy.load()
    names = [f"r{number:06d}" for number in range(homes)]
    conn.execute(insert(t.district).values(code="oi", name="大井", kana="オオイ", position=1))
    conn.execute(
        insert(t.household),
        [
            {"id": name, "district": "oi", "address": "-", "phone": "0573", "lives_alone": True}
            for name in names
        ],
    )
    conn.execute(
        insert(t.resident),
        [
            {
                "id": name,
                "household_id": name,
                "name": "-",
                "kana": "-",
                "kana_key": "-",
                "call_name": "-",
                "risk_class": "standard",
                "enrolled_at": EVENING_BEFORE,
            }
            for name in names
        ],
    )
    conn.execute(
        insert(t.device),
        [
            {
                "id": f"d-{name}",
                "resident_id": name,
                "registered_at": EVENING_BEFORE,
                "presence": DeviceState.online,
                "presence_at": EVENING_BEFORE,
            }
            for name in names
        ],
    )
    conn.execute(
        insert(t.schedule),
        [
            {"resident_id": name, "name": "morning", "at": "08:00", "weekdays": list(range(1, 8))}
            for name in names
        ],
    )
    for day, slot, opens_at, state in (
        (DAY - timedelta(days=1), "evening", EVENING_BEFORE, SlotState.missed),
        (DAY, "morning", MORNING, SlotState.waiting),
    ):
        conn.execute(
            insert(t.slot),
            [
                {
                    "resident_id": name,
                    "day": day,
                    "name": slot,
                    "opens_at": opens_at,
                    "deadline_at": rules.deadline(opens_at),
                    "state": state,
                    "asked": True,
                    "attempts": 3,
                }
                for name in names
            ],
        )
    deadline = rules.deadline(MORNING)
    agenda.schedule_all(conn, [(DueKind.slot_deadline, f"{name}/{DAY}/morning", deadline) for name in names])


def later_rows(conn: Connection, count: int) -> None:
    """So many rows that are due some other day."""
    start = MORNING + timedelta(days=2)
    agenda.schedule_all(
        conn,
        [
            (DueKind.absence_end, f"later-{number}", start + timedelta(seconds=number))
            for number in range(count)
        ],
    )


def measure(homes: int, due_rows: int) -> dict[str, float]:
    """Seconds from the deadline until all are queued and until the first is, milliseconds of an idle sweep."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "hub.sqlite")
        clock = Stopped()
        own: Clock = clock
        sweeper = Sweeper(store, own, policy.load())
        store.write(lambda conn: town(conn, homes))
        store.write(lambda conn: later_rows(conn, due_rows))
        sweeper.sweep(MORNING)
        idle = []
        for number in range(IDLE_SWEEPS):
            start = time.perf_counter()
            sweeper.sweep(MORNING + timedelta(milliseconds=number))
            idle.append((time.perf_counter() - start) * 1000)
        clock.at = policy.load().deadline(MORNING)
        start = time.perf_counter()
        first = None
        while sweeper.sweep(clock.at):
            first = first or time.perf_counter() - start
        everything = time.perf_counter() - start
        with store.read() as conn:
            queued = conn.scalar(select(func.count()).select_from(t.case)) or 0
        store.close()
    return {
        "homes": homes,
        "queued": queued,
        "all_queued_s": round(everything, 3),
        "first_batch_s": round(first or everything, 3),
        "due_rows": due_rows,
        "idle_sweep_ms": round(median(idle), 3),
    }


def main() -> None:
    """Print the figures of one run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--homes", type=int, default=1000)
    options.add_argument("--due", type=int, default=100_000)
    chosen = options.parse_args()
    print(measure(chosen.homes, chosen.due))


if __name__ == "__main__":
    main()
