"""How late a miss is in the queue, and what the one clock costs while nothing is due.

Both measurements let the hub's own sweep run in its own thread on the machine's clock, and look at the store from
outside: a case counts from the moment at which a reader can see it, as a page would. `watch` spreads the misses over a
time in which other homes answer; `burst` lets them fall due in one instant. Runs use homes of their own on one store.
"""

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.morning import morning
from bench.report import Report, machine, medians, percentile, rounds
from bench.stores import opened
from bench.town import Town, at_second
from contract.datafile import Duration
from contract.ids import uuid7
from contract.refusal import Refused
from contract.time import SystemClock
from hub.access.accounts import create_account
from hub.due import Sweeper
from hub.inbox import take_in
from hub.messages import Message
from hub.notices.notifier import Notifier
from hub.notices.settings import Pace, Person, Settings
from hub.notices.transport import Message as NoticeMessage
from hub.store import tables as t
from hub.store.database import Store

LEAD_SECONDS = 2.0
"""From the writing of the questions to the first deadline."""
ANSWERING = timedelta(hours=2)
"""The time over which the homes of a town are asked, and answer."""
IDLE_SWEEPS = 500
PATIENCE_SECONDS = 300.0


def watch(homes: int, misses: int, seconds: float, store: str = "sqlite", runs: int = 1) -> Report:
    """Misses spread over so many seconds, while the town answers as in an ordinary hour."""
    a_second = homes / ANSWERING.total_seconds()
    answering = int(a_second * (seconds + LEAD_SECONDS))
    with _town(homes, runs * (misses + answering), store) as (town, opened_store):
        idle, bare = _idle(opened_store, town)
        made = []
        for number in rounds(runs, f"watch {homes}"):
            first = (number - 1) * (misses + answering)
            silent = range(first, first + misses)
            begin = SystemClock().now() + timedelta(seconds=LEAD_SECONDS + misses / 5000)
            deadlines = {n: begin + timedelta(seconds=seconds * at / misses) for at, n in enumerate(silent)}
            town.ask_in_vain(opened_store, silent, deadlines.__getitem__)
            town.ask(opened_store, range(first + misses, first + misses + answering))
            with _answers(opened_store, town, first + misses, answering, a_second):
                late = _seen(opened_store, town, deadlines)
            made.append(_spread(late))
    return Report(
        name="watch",
        parameters={
            "homes": homes,
            "misses": misses,
            "seconds": seconds,
            "answers_per_s": round(a_second, 1),
            "store": store,
            "runs": runs,
        },
        figures={**medians(made), **idle},
        ceiling=bare,
        machine=machine(),
    )


def burst(homes: int, misses: int, store: str = "sqlite", runs: int = 1) -> Report:
    """So many misses whose deadline is one instant."""
    with _town(homes, runs * misses, store) as (town, opened_store):
        idle, bare = _idle(opened_store, town)
        made = []
        for number in rounds(runs, f"burst {misses}"):
            silent = range((number - 1) * misses, number * misses)
            at = SystemClock().now() + timedelta(seconds=LEAD_SECONDS + misses / 2000)
            town.ask_in_vain(opened_store, silent, lambda _n, at=at: at)  # type: ignore[misc]
            with _notified(opened_store) as handed_over:
                late = _seen(opened_store, town, dict.fromkeys(silent, at))
                made.append(
                    {
                        "all_queued_s": round(max(late), 3),
                        "first_queued_s": round(min(late), 3),
                        "first_notice_s": round(handed_over.first_after(at), 3),
                    }
                )
    return Report(
        name="burst",
        parameters={"homes": homes, "misses": misses, "store": store, "runs": runs},
        figures={**medians(made), **idle},
        ceiling=bare,
        machine=machine(),
    )


@contextmanager
def _town(homes: int, asked: int, kind: str) -> Iterator[tuple[Town, Store]]:
    if asked > homes:
        raise Refused(
            f"{homes} 世帯では足りません。--homes を {asked} 以上にするか、--misses や --runs を減らしてください。"
        )
    town = Town(homes=homes, opens_at=at_second(SystemClock().now() - timedelta(minutes=5)))
    with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as store:
        town.fill(store, range(asked))
        yield town, store


def _idle(store: Store, town: Town) -> tuple[dict[str, Any], dict[str, Any]]:
    """An idle sweep, and the bare query it cannot do without."""
    clock = SystemClock()
    sweeper = Sweeper(store, clock, town.rules)
    while sweeper.sweep(clock.now()):
        pass
    ours, bare = [], []
    first = select(func.min(t.due.c.at))
    for _ in range(IDLE_SWEEPS):
        began = time.perf_counter()
        sweeper.sweep(clock.now())
        between = time.perf_counter()
        with store.read() as conn:
            conn.execute(first).scalar()
        ours.append((between - began) * 1000)
        bare.append((time.perf_counter() - between) * 1000)
    with store.read() as conn:
        rows = conn.scalar(select(func.count()).select_from(t.due)) or 0
    return (
        {
            "idle_sweep_ms": round(percentile(ours, 0.5), 3),
            "idle_sweep_p99_ms": round(percentile(ours, 0.99), 3),
            "due_rows": rows,
        },
        {
            "idle_sweep_ms": round(percentile(bare, 0.5), 3),
            "idle_sweep_p99_ms": round(percentile(bare, 0.99), 3),
        },
    )


def _seen(store: Store, town: Town, deadlines: dict[int, datetime]) -> list[float]:
    """Seconds from each deadline until a reader sees the case; the sweep runs meanwhile."""
    sweeper = Sweeper(store, SystemClock(), town.rules)
    changed = threading.Event()
    stop_telling = store.on_change(lambda _revision: changed.set())
    thread = threading.Thread(target=sweeper.run, name="bench-sweeper", daemon=True)
    new_cases = (
        select(t.transition.c.id, t.case.c.household_id)
        .join(t.case, t.case.c.id == t.transition.c.subject)
        .where(
            t.transition.c.subject_kind == "case", t.transition.c.old.is_(None), t.transition.c.new == "new"
        )
        .order_by(t.transition.c.id)
    )
    with store.read() as conn:
        last = conn.scalar(select(func.max(t.transition.c.id))) or 0
    waiting = {f"r{number:07d}": at for number, at in deadlines.items()}
    late: list[float] = []
    thread.start()
    give_up = time.monotonic() + PATIENCE_SECONDS
    try:
        while waiting and time.monotonic() < give_up:
            changed.wait(1.0)
            changed.clear()
            with store.read() as conn:
                found = conn.execute(new_cases.where(t.transition.c.id > last)).all()
            now = datetime.now(UTC)
            for number, household in found:
                last = number
                if (at := waiting.pop(household, None)) is not None:
                    late.append((now - at).total_seconds())
    finally:
        sweeper.stop()
        thread.join()
        stop_telling()
    if waiting:
        raise Refused(f"{len(waiting)} 件が {PATIENCE_SECONDS:.0f} 秒たっても対応一覧に現れません。")
    return late


class HandedOver:
    """A transport that takes everything at once and remembers when."""

    def __init__(self) -> None:
        """Nothing was handed over yet."""
        self._at: list[datetime] = []
        self._changed = threading.Condition()

    def hand_over(self, address: str, message: NoticeMessage) -> None:  # noqa: ARG002 - as the notifier calls it
        """Taken."""
        with self._changed:
            self._at.append(datetime.now(UTC))
            self._changed.notify_all()

    def first_after(self, at: datetime) -> float:
        """Seconds from `at` until the first message after it."""

        def found() -> datetime | None:
            return next((one for one in self._at if one >= at), None)

        with self._changed:
            first = self._changed.wait_for(found, PATIENCE_SECONDS)
        if first is None:
            raise Refused(f"{PATIENCE_SECONDS:.0f} 秒たっても、だれにも知らせていません。")
        return (first - at).total_seconds()


@contextmanager
def _notified(store: Store) -> Iterator[HandedOver]:
    """The hub's own notifier, in front of a service that is always there. Somebody is on duty and reads by mail."""
    with store.read() as conn:
        there = conn.scalar(select(func.count()).select_from(t.account))
    if not there:
        create_account(store, SystemClock(), login="duty", name="当番", role="csw")
    settings = Settings(
        people=[Person(account="duty", addresses=["duty@example.jp"])],
        duty=["duty"],
        mail="mailto://mimamori@example.jp",
        # Each run is a burst of its own: not bundled with what the one before has told.
        pace=Pace(bundle_window=Duration(milliseconds=1)),
    )
    taken = HandedOver()
    notifier = Notifier(store, SystemClock(), settings, taken)
    forget = store.on_change(lambda _revision: notifier.wake())
    thread = threading.Thread(target=notifier.run, name="bench-notifier", daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        forget()
        notifier.stop()
        thread.join()
        notifier.close()


def _spread(late: Sequence[float]) -> dict[str, float]:
    return {
        "late_p50_s": round(percentile(late, 0.5), 4),
        "late_p95_s": round(percentile(late, 0.95), 4),
        "late_p99_s": round(percentile(late, 0.99), 4),
        "late_max_s": round(max(late), 4),
    }


@contextmanager
def _answers(store: Store, town: Town, first: int, homes: int, a_second: float) -> Iterator[None]:
    """The town answers meanwhile, so many homes a second, as ingest would bring it."""
    now = SystemClock().now()
    said = [
        Message(topic, payload, now)
        for topic, payload in morning(town.slot, now, homes, first_home=first, seed=first)
    ]
    stopping = threading.Event()

    def speak() -> None:
        began, done = time.monotonic(), 0
        while done < len(said) and not stopping.wait(0.2):
            until = min(len(said), int((time.monotonic() - began) * a_second))
            some = [one._replace(at=SystemClock().now()) for one in said[done:until]]
            if some:
                store.write(lambda conn, some=some: take_in(conn, some, uuid7, town.rules))  # type: ignore[misc]
            done = until

    thread = threading.Thread(target=speak, name="bench-answers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
