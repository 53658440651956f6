"""What the speaker remembers, across restarts and on a dead disk."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.commands import Config
from contract.envelope import Event
from contract.events import Activity, ClockQuality
from device.line.outbox import Outbox
from device.memory import COMMANDS, Memory
from device.store import Store
from tests.clock import office

MORNING = "2026-11-24/morning"
EIGHT = office("2026-11-24 08:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, "t1")
    yield opened
    opened.close()


def test_an_asking_that_was_begun_is_open_for_the_next_run(store: Store) -> None:
    memory = Memory(store)
    memory.begin(MORNING, 1, EIGHT)
    asking = Memory(store).askings[MORNING]
    assert (asking.attempts, asking.open, asking.starts, asking.asked_at) == (1, True, 1, EIGHT)
    memory.begin(MORNING, 1, EIGHT)
    assert Memory(store).askings[MORNING].starts == 2
    store.write(memory.ended(MORNING, answered=False))
    memory.begin(MORNING, 2, EIGHT)
    store.write(memory.ended(MORNING, answered=True))
    again = Memory(store).askings[MORNING]
    assert (again.attempts, again.open, again.answered, again.starts) == (2, False, True, 1)


def test_an_answer_is_not_forgotten_because_staff_ask_again(store: Store) -> None:
    memory = Memory(store)
    memory.begin(MORNING, 1, EIGHT)
    store.write(memory.ended(MORNING, answered=True))
    memory.begin(MORNING, 2, EIGHT)
    store.write(memory.ended(MORNING, answered=False))
    assert memory.askings[MORNING].answered


def test_old_askings_are_forgotten(store: Store) -> None:
    memory = Memory(store)
    memory.begin("2026-11-01/morning", 1, office("2026-11-01 08:00"))
    memory.begin(MORNING, 1, EIGHT)
    memory.forget(EIGHT)
    assert list(Memory(store).askings) == [MORNING]


def test_configuration_floor_and_faults_come_back(store: Store) -> None:
    memory = Memory(store)
    config = Config(revision=3, call_name="佐藤さん")
    memory.keep_config(config, EIGHT)
    memory.keep_floor(EIGHT)
    store.write(memory.broken_are(frozenset({"speaker", "disk"})))
    again = Memory(store)
    assert (again.config, again.config_since, again.floor) == (config, EIGHT, EIGHT)
    assert again.broken == {"speaker", "disk"}


def test_an_order_is_carried_out_once_also_after_a_restart(store: Store) -> None:
    memory = Memory(store)
    assert memory.first_time("c1")
    assert not memory.first_time("c1")
    assert not Memory(store).first_time("c1")
    for number in range(COMMANDS):
        memory.first_time(f"n{number}")
    assert len(store.read("SELECT id FROM command")) == COMMANDS


def test_rubbish_out_of_a_damaged_file_is_passed_over(store: Store) -> None:
    store.write(lambda db: db.execute("INSERT INTO asking VALUES('s', 1, 'never', 0, 0, 1)"))
    store.write(lambda db: db.execute("INSERT INTO fact VALUES('config', x'ff')"))
    store.write(lambda db: db.execute("INSERT INTO fact VALUES('floor', 'whenever')"))
    memory = Memory(store)
    assert (dict(memory.askings), memory.config, memory.floor) == ({}, None, None)


def test_a_disk_that_takes_nothing_does_not_make_the_speaker_ask_for_ever(
    tmp_path: Path, store: Store
) -> None:
    memory, outbox = Memory(store), Outbox(store)
    store.read("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    memory.begin(MORNING, 1, EIGHT)
    event = Event(
        id="e1",
        device="sato-1",
        session="s1",
        seq=1,
        at=EIGHT,
        clock=ClockQuality.synced,
        late=False,
        type="activity",
        body=Activity(source="voice"),
    )
    outbox.put(event, urgent=False, also=memory.ended(MORNING, answered=True))
    assert store.trouble
    assert memory.askings[MORNING].answered
    assert not memory.askings[MORNING].open
    other.execute("ROLLBACK")
    other.close()
