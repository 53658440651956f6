"""The night shift: in order, in batches, once, and past what is broken."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, insert, select

from hub import agenda, due, pulse
from hub.due import BATCH, Handler, Sweeper
from hub.handlers import HANDLERS
from hub.policy import load
from hub.store import tables as t
from hub.store.database import Store, StoreFull
from hub.vocabulary import DueKind, SlotState
from hub.work import Work
from tests.clock import MONDAY_NOON, TravellingClock
from tests.hub_heart.town import EVENING, MONDAY, Ids, MemoryStore, Town

T = TypeVar("T")


class Night:
    """A store with an agenda of ladder steps, and a handler that notes what it was told."""

    def __init__(self, broken: Sequence[str] = (), error: type[Exception] = ValueError) -> None:
        self.store = MemoryStore()
        self.told: list[list[str]] = []
        self.clock = TravellingClock()
        self.broken = set(broken)
        handlers: dict[DueKind, Handler] = dict.fromkeys(DueKind, self._handle)
        self.sweeper = Sweeper(self.store, self.clock, load(), Ids(), handlers)
        self._error = error

    def _handle(self, work: Work, subjects: Sequence[str]) -> None:
        for subject in subjects:
            work.record("case", subject, None, "told", "told")
            work.conn.execute(insert(t.pulse).values(name=f"told-{subject}", at=work.now))
            if subject in self.broken:
                raise self._error(f"{subject} cannot be done")
        self.told.append(list(subjects))

    def at(self, subject: str, seconds: float, kind: DueKind = DueKind.absence_end) -> None:
        with self.store.engine.begin() as conn:
            agenda.schedule(conn, kind, subject, MONDAY_NOON + timedelta(seconds=seconds))

    def sweep(self, seconds: float) -> bool:
        return self.sweeper.sweep(self.clock.travel(MONDAY_NOON + timedelta(seconds=seconds)))

    def done(self) -> list[str]:
        with self.store.read() as conn:
            return list(conn.scalars(select(t.transition.c.subject).order_by(t.transition.c.id)))

    def left(self) -> list[tuple[str, int, str | None]]:
        with self.store.read() as conn:
            rows = conn.execute(select(t.due.c.subject, t.due.c.failures, t.due.c.error).order_by(t.due.c.at))
            return [(row.subject, row.failures, row.error) for row in rows]


def test_every_kind_of_due_row_has_somebody_who_does_it() -> None:
    assert set(HANDLERS) == set(DueKind)


def test_what_is_due_is_done_in_order_and_the_rest_waits() -> None:
    night = Night()
    night.at("b", 2)
    night.at("a", 1)
    night.at("c", 3)
    assert night.sweep(2) is False
    assert night.done() == ["a", "b"]
    assert [subject for subject, *_ in night.left()] == ["c"]


def test_a_row_is_scheduled_once_and_moved_by_scheduling_it_again() -> None:
    night = Night()
    night.at("a", 1)
    night.at("a", 5)
    night.sweep(4)
    assert night.done() == []
    night.sweep(5)
    assert night.done() == ["a"]


def test_a_batch_is_bounded_and_says_that_there_may_be_more() -> None:
    night = Night()
    with night.store.engine.begin() as conn:
        rows = [(DueKind.absence_end, f"{number:04}", MONDAY_NOON) for number in range(BATCH + 3)]
        agenda.schedule_all(conn, rows)
    assert night.sweep(1) is True
    assert len(night.done()) == BATCH
    assert night.sweep(1) is False
    assert len(night.done()) == BATCH + 3


@pytest.mark.parametrize("error", [ValueError, LookupError, AttributeError, TypeError, ZeroDivisionError])
def test_one_broken_subject_blocks_nobody_and_is_not_lost(error: type[Exception]) -> None:
    night = Night(broken=["b"], error=error)
    for number, subject in enumerate(("a", "b", "c")):
        night.at(subject, number)
    night.sweep(5)
    assert sorted(night.done()) == ["a", "c"]
    assert night.left() == [("b", 1, f"{error.__name__}: b cannot be done")]
    with night.store.read() as conn:
        assert [(kind, subject) for kind, subject, *_ in agenda.failing(conn)] == [(DueKind.absence_end, "b")]
        assert pulse.last(conn, "told-b") is None, "half of its work was kept"


def test_a_broken_subject_is_tried_again_less_and_less_often_and_heals() -> None:
    night = Night(broken=["b"])
    night.at("b", 0)
    night.sweep(1)
    night.sweep(60)
    assert night.left()[0][1] == 1
    night.sweep(61)
    assert night.left()[0][1] == 2
    night.sweep(61 + 119)
    assert night.left()[0][1] == 2
    night.broken.clear()
    night.sweep(61 + 120)
    assert night.done() == ["b"]
    assert night.left() == []


def test_an_error_that_is_not_one_subjects_undoes_the_whole_batch() -> None:
    night = Night(broken=["b"], error=MemoryError)
    for subject in ("a", "b"):
        night.at(subject, 0)
    with pytest.raises(MemoryError):
        night.sweep(1)
    assert night.done() == []
    assert [subject for subject, *_ in night.left()] == ["a", "b"]


def test_a_resident_of_an_unknown_class_is_visible_and_blocks_nobody(town: Town) -> None:
    for name in ("suzuki", "tanaka"):
        town.home(name, slots={"evening": "18:00"})
        town.until(f"{MONDAY} 12:00")
    town.set_resident("suzuki", risk_class="forgotten")
    for attempts, minute in ((1, "00"), (2, "10"), (3, "30")):
        town.until(f"{MONDAY} 18:{minute}:20")
        for name in ("suzuki", "tanaka"):
            town.asked(name, EVENING, attempts=attempts)
    town.until(f"{MONDAY} 18:36")
    assert town.slot("tanaka", EVENING).state == SlotState.missed
    assert town.slot("suzuki", EVENING).state == SlotState.waiting
    with town.store.read() as conn:
        [(kind, subject, _, error)] = agenda.failing(conn)
    assert (kind, subject) == (DueKind.slot_deadline, f"suzuki/{EVENING}")
    assert "「forgotten」" in error
    town.set_resident("suzuki", risk_class="standard")
    town.forward(hours=1)
    assert town.slot("suzuki", EVENING).state == SlotState.missed


def test_a_deadline_told_twice_is_one_ending(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.until(f"{MONDAY} 18:36")
    with town.store.engine.begin() as conn:
        agenda.schedule(conn, DueKind.slot_deadline, f"suzuki/{EVENING}", town.clock.now())
    town.sweep()
    assert len(town.history("slot", f"suzuki/{EVENING}")) == 1


def test_an_idle_sweep_writes_nothing_but_a_pulse_now_and_then() -> None:
    night = Night()
    night.sweep(0)
    with night.store.read() as conn:
        before = pulse.last(conn, pulse.LAST_SWEEP)
    night.sweep(14)
    with night.store.read() as conn:
        assert pulse.last(conn, pulse.LAST_SWEEP) == before
    night.sweep(15)
    with night.store.read() as conn:
        assert pulse.last(conn, pulse.LAST_SWEEP) == night.clock.now()


def test_the_next_deadline_is_the_earliest_that_may_be_worked_off() -> None:
    night = Night()
    night.at("held", 1, DueKind.slot_deadline)
    night.at("free", 9, DueKind.absence_end)
    with night.store.engine.begin() as conn:
        assert due.next_at(conn) == MONDAY_NOON + timedelta(seconds=1)
        agenda.lose_sight(conn, MONDAY_NOON)
        assert due.next_at(conn) == MONDAY_NOON + timedelta(seconds=9)
        assert agenda.blind_since(conn) == MONDAY_NOON


class FullOnce:
    """A real store whose disk is full at the first write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.refused = threading.Event()

    def write(self, work: Callable[[Connection], T]) -> T:
        if not self.refused.is_set():
            self.refused.set()
            raise StoreFull("ディスクがいっぱいです")
        return self._store.write(work)

    def read(self) -> AbstractContextManager[Connection]:
        return self._store.read()


class Bell:
    """Lets a test wait for the night shift instead of sleeping."""

    def __init__(self) -> None:
        self.rung = threading.Event()

    def __call__(self, work: Work, subjects: Sequence[str]) -> None:
        self.rung.set()


def test_the_loop_does_what_falls_due_on_a_real_store_and_stops_when_told(tmp_path: Path) -> None:
    bell = Bell()
    clock = TravellingClock()
    store = Store.open(tmp_path / "hub.sqlite")
    sweeper = Sweeper(store, clock, load(), Ids(), dict.fromkeys(DueKind, bell))
    thread = threading.Thread(target=sweeper.run, name="sweeper")
    thread.start()
    try:
        soon = clock.now() + timedelta(seconds=30)
        store.write(lambda conn: agenda.schedule(conn, DueKind.absence_end, "a", soon))
        assert not bell.rung.wait(0.05)
        clock.travel(soon)
        sweeper.wake()
        assert bell.rung.wait(10)
    finally:
        sweeper.stop()
        thread.join(10)
        store.close()
    assert not thread.is_alive()
    assert sweeper.fault is None


def test_the_loop_outlives_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    bell = Bell()
    clock = TravellingClock()
    store = Store.open(tmp_path / "hub.sqlite")
    full = FullOnce(store)
    store.write(lambda conn: agenda.schedule(conn, DueKind.absence_end, "a", clock.now()))
    sweeper = Sweeper(full, clock, load(), Ids(), dict.fromkeys(DueKind, bell))
    thread = threading.Thread(target=sweeper.run, name="sweeper")
    thread.start()
    try:
        assert full.refused.wait(10)
        assert bell.rung.wait(10)
    finally:
        sweeper.stop()
        thread.join(10)
        store.close()
    assert sweeper.fault is None
