"""What the board costs: made once, and brought to everybody who watches.

`python -m bench.board [--homes N] [--queue N] [--watchers N]` on a store of its own in a temporary folder.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, insert

from contract.time import office_instant
from dashboard.board import renderer
from dashboard.front import Front
from dashboard.live import Live, Scope
from hub import districts, policy, views
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from hub.store import tables as t
from hub.vocabulary import CaseState, DeviceState, Lane, ReasonCode, Severity, SlotState

DAY = date(2026, 11, 24)
MORNING = office_instant(DAY, timedelta(hours=8))
NOW = MORNING + timedelta(minutes=52)
ROUNDS = 9


class Stopped:
    """A clock that stands at ten to nine."""

    def now(self) -> Any:
        """The instant, UTC."""
        return NOW


def town(conn: Connection, homes: int, queue: int) -> None:
    """So many homes over the districts, all asked this morning, the first `queue` of them without an answer."""
    codes = [one.code for one in districts.load().all]
    names = [f"r{number:06d}" for number in range(homes)]

    def each(**values: Any) -> list[dict[str, Any]]:
        return [{**values, "id": name} for name in names]

    homes_rows = each(address="恵那市大井町 1", phone="0573-00-0000", lives_alone=True)
    for number, row in enumerate(homes_rows):
        row["district"] = codes[number % len(codes)]
    conn.execute(insert(t.household), homes_rows)
    person = each(
        name="佐藤 花子",
        kana="サトウ ハナコ",
        kana_key="サトウ ハナコ",
        call_name="-",
        birth_date=date(1940, 4, 1),
    )
    extra = {"risk_class": "standard", "enrolled_at": MORNING - timedelta(days=30)}
    conn.execute(insert(t.resident), [{**row, **extra, "household_id": row["id"]} for row in person])
    boxes = each(registered_at=MORNING, presence=DeviceState.online, last_seen_at=MORNING)
    conn.execute(insert(t.device), [{**row, "resident_id": row["id"]} for row in boxes])
    slot = {
        "day": DAY,
        "name": "morning",
        "opens_at": MORNING,
        "deadline_at": NOW,
        "asked": True,
        "attempts": 1,
    }
    conn.execute(
        insert(t.slot),
        [
            {**slot, "resident_id": name, "state": SlotState.missed if number < queue else SlotState.answered}
            for number, name in enumerate(names)
        ],
    )
    case = {
        "lane": Lane.person,
        "state": CaseState.new,
        "severity": Severity.needs_check,
        "opened_at": MORNING,
    }
    step = {"step": "phone", "step_words": "本人に電話する", "due_at": NOW}
    conn.execute(
        insert(t.case), [{**case, **step, "id": name, "household_id": name} for name in names[:queue]]
    )
    reason = {"code": ReasonCode.missed, "words": "2回続けて応答なし", "severity": Severity.needs_check}
    conn.execute(
        insert(t.reason),
        [
            {
                **reason,
                "id": name,
                "case_id": name,
                "resident_id": name,
                "at": MORNING,
                "since": MORNING,
                "source": name,
            }
            for name in names[:queue]
        ],
    )


def timed(work: Any) -> float:
    """Median milliseconds of some rounds, the first one left out."""
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return median(took[1:])


async def push(live: Live, scope: Scope, hub: Hub, watchers: int) -> float:
    """Milliseconds from a commit until the last of so many watchers holds the new board."""
    await live.start()
    streams = [live.watch(scope) for _ in range(watchers)]
    for stream in streams:
        await anext(stream)

    async def changed(stream: Any) -> None:
        while await anext(stream) is None:
            pass

    waiting = [asyncio.create_task(changed(stream)) for stream in streams]
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    name = f"佐藤 {began}"
    await asyncio.to_thread(
        hub.store.write,
        lambda conn: conn.execute(t.resident.update().where(t.resident.c.id == "r000000").values(name=name)),
    )
    await asyncio.gather(*waiting)
    took = (time.perf_counter() - began) * 1000
    for stream in streams:
        await stream.aclose()
    await live.stop()
    return took


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--queue", type=int, default=10)
    parser.add_argument("--watchers", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(HubConfig(data=str(Path(folder) / "hub"), broker=BrokerConfig(port=1)), Stopped())
        try:
            hub.store.write(lambda conn: town(conn, asked.homes, asked.queue))
            scope = Scope("all", None, True)
            render = renderer(Front(hub))
            ranks = policy.load().ranks

            def look() -> None:
                with hub.store.read() as conn:
                    views.board(conn, NOW, ranks=ranks)

            html, _ = render(scope)
            print(f"homes {asked.homes}, in the queue {asked.queue}, watchers {asked.watchers}")
            print(f"read the board's rows   {timed(look):8.1f} ms (median of {ROUNDS})")
            print(
                f"read and write the page {timed(lambda: render(scope)):8.1f} ms, {len(html.encode()) / 1024:.0f} KiB"
            )
            live = Live(hub.store, hub.clock, render, dict)
            print(
                f"commit to the last page {asyncio.run(push(live, scope, hub, asked.watchers)):8.1f} ms, 200 of them on purpose"
            )
        finally:
            hub.stop()


if __name__ == "__main__":
    main()
