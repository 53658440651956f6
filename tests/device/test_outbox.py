"""The outbox keeps every event until the hub's own word, on a disk that may be torn, full, or gone."""

import json
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.envelope import Event, decode_event
from contract.events import Activity, Body, ClockQuality, Sos, type_of
from contract.refusal import Refused
from device.line.courier import AGAIN_SECONDS, STUCK_TRIES, WINDOW, Courier
from device.line.outbox import Outbox
from device.store import Store

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def event(number: int, body: Body | None = None) -> Event:
    body = body or Activity(source="voice")
    return Event(
        id=f"e{number}",
        device="sato-1",
        session="s1",
        seq=number,
        at=NOON,
        clock=ClockQuality.synced,
        late=False,
        type=type_of(body),
        body=body,
    )


SOS = Sos(trigger="voice")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, "t1")
    yield opened
    opened.close()


def ids(outbox: Outbox, limit: int = 100) -> list[str]:
    return [waiting.event_id for waiting in outbox.waiting(limit)]


def fill_the_disk(store: Store) -> None:
    """No page more than there is: SQLite itself then says "database or disk is full"."""
    store.write(lambda db: db.execute("PRAGMA max_page_count = 1"))
    store.write(lambda db: db.execute("PRAGMA max_page_count"))


def free_the_disk(store: Store) -> None:
    store.write(lambda db: db.execute("PRAGMA max_page_count = 100000"))


def test_an_event_is_on_disk_before_put_returns_and_until_the_hub_has_it(
    tmp_path: Path, store: Store
) -> None:
    outbox = Outbox(store)
    outbox.put(event(1), urgent=False)
    with sqlite3.connect(tmp_path / "store.db") as other:
        assert other.execute("SELECT id FROM event").fetchall() == [("e1",)]
    other.close()
    assert [gone.event_id for gone in outbox.ack(["e1", "somebody-elses"])] == ["e1"]
    assert ids(outbox) == []
    assert outbox.ack(["e1"]) == []


def test_the_store_commits_to_the_disk_itself(store: Store) -> None:
    assert store.read("PRAGMA synchronous") == [(2,)]  # FULL
    assert store.read("PRAGMA journal_mode") == [("wal",)]


def test_order_is_kept_and_a_call_for_help_goes_first(store: Store) -> None:
    outbox = Outbox(store)
    for number in (1, 2):
        outbox.put(event(number), urgent=False)
    outbox.put(event(3, SOS), urgent=True)
    assert ids(outbox) == ["e3", "e1", "e2"]
    assert ids(outbox, 2) == ["e3", "e1"]


def test_the_next_run_finds_what_the_last_one_could_not_send(tmp_path: Path) -> None:
    first = Store.open(tmp_path, "t1")
    Outbox(first).put(event(1), urgent=False)
    first.close()
    second = Store.open(tmp_path, "t2")
    outbox = Outbox(second)
    assert ids(outbox) == ["e1"]
    (gone,) = outbox.ack(["e1"])
    assert gone.milliseconds is None
    second.close()


def test_what_waited_for_a_line_is_late_on_the_wire_and_what_is_made_on_a_line_is_not(store: Store) -> None:
    outbox = Outbox(store)
    outbox.put(event(1), urgent=False)
    outbox.mark_late()
    outbox.put(event(2), urgent=False)
    late = {each.event_id: decode_event(each.payload).late for each in outbox.waiting(9)}
    assert late == {"e1": True, "e2": False}


def test_a_second_speaker_on_the_same_folder_is_refused_in_one_sentence(tmp_path: Path, store: Store) -> None:
    with pytest.raises(Refused, match="別の見守りスピーカーが使っています"):
        Store.open(tmp_path, "t2")


def test_a_full_disk_keeps_nothing_from_being_sent_and_is_trouble_until_it_is_free(store: Store) -> None:
    outbox = Outbox(store)
    outbox.put(event(1), urgent=False)
    fill_the_disk(store)
    big = Sos(trigger="voice", text="助けて" * 600)
    for number in range(2, 5):
        outbox.put(event(number, big), urgent=True)
    assert "full" in str(outbox.trouble)
    assert ids(outbox) == ["e2", "e3", "e4", "e1"]
    assert [gone.event_id for gone in outbox.ack(["e2"])] == ["e2"]
    assert ids(outbox) == ["e3", "e4", "e1"]
    free_the_disk(store)
    outbox.put(event(5, SOS), urgent=True)
    assert str(outbox.trouble) == "None"
    assert store.read("SELECT count(*) FROM event") == [(4,)]
    assert ids(outbox) == ["e3", "e4", "e5", "e1"]


def test_what_is_written_with_an_event_is_written_with_it_or_not_at_all(store: Store) -> None:
    outbox = Outbox(store)

    def also(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO fact VALUES('k', 'v')")

    fill_the_disk(store)
    outbox.put(event(1, Sos(trigger="voice", text="あ" * 1999)), urgent=True, also=also)
    assert store.read("SELECT * FROM fact") == []
    free_the_disk(store)
    outbox.put(event(2), urgent=False, also=also)
    assert store.read("SELECT key FROM fact") == [("k",)]


def test_a_folder_that_cannot_be_written_is_trouble_and_no_reason_not_to_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store.open(tmp_path / "file", "t1")
    assert store.trouble
    outbox = Outbox(store)
    outbox.put(event(1, SOS), urgent=True)
    assert ids(outbox) == ["e1"]
    assert store.trouble
    outbox.ack(["e1"])
    assert ids(outbox) == []
    store.close()


def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(os.urandom(8192))
    store = Store.open(tmp_path, "t1")
    assert store.damaged == tmp_path / "store.db.damaged-t1"
    assert store.damaged.exists()
    assert store.trouble is None
    Outbox(store).put(event(1), urgent=False)
    store.close()


def test_a_torn_page_loses_no_more_than_it_held(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "t1")
    outbox = Outbox(store)
    for number in range(200):
        outbox.put(event(number, Sos(trigger="voice", text="あ" * 300)), urgent=True)
    store.write(lambda db: db.execute("INSERT INTO fact VALUES('config', '{}')"))
    store.read("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    path = tmp_path / "store.db"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(os.urandom(4096))
    again = Store.open(tmp_path, "t2")
    assert again.damaged is not None
    saved = len(Outbox(again))
    assert 20 < saved < 200
    assert again.read("SELECT key FROM fact") == [("config",)]
    again.close()


@settings(max_examples=25, deadline=None)
@example(position=0.171875, junk=b"\x80", cut=False)  # in a table's description: quick_check says ok
@example(position=0.08028883883836737, junk=b"\x80", cut=False)  # in a name that SQLite then prints
@given(position=st.floats(0, 1), junk=st.binary(min_size=1, max_size=600), cut=st.booleans())
def test_whatever_is_written_over_the_file_the_speaker_starts_and_takes_events(
    tmp_path_factory: pytest.TempPathFactory, position: float, junk: bytes, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    store = Store.open(folder, "t1")
    outbox = Outbox(store)
    for number in range(20):
        outbox.put(event(number), urgent=False)
    store.read("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    path = folder / "store.db"
    at = round(position * path.stat().st_size)
    with path.open("r+b") as file:
        file.seek(at)
        if cut:
            file.truncate()
        else:
            file.write(junk)
    again = Store.open(folder, "t2")
    after = Outbox(again)
    after.put(event(99), urgent=False)
    assert "e99" in ids(after)
    again.close()


def test_an_event_that_cannot_be_read_any_more_is_dropped_and_the_rest_goes_on(store: Store) -> None:
    outbox = Outbox(store)
    outbox.put(event(1), urgent=False)
    outbox.put(event(2), urgent=False)
    store.write(lambda db: db.execute("UPDATE event SET payload = x'00ff' WHERE id = 'e1'"))
    assert ids(outbox) == ["e2"]
    assert len(outbox) == 1


def test_waiting_for_the_hubs_word_ends_with_it_or_with_the_time(store: Store) -> None:
    outbox = Outbox(store)
    outbox.put(event(1), urgent=False)
    assert not outbox.await_stored("e1", 0.0)
    outbox.ack(["e1"])
    assert outbox.await_stored("e1", 0.0)


# ---- the courier ------------------------------------------------------------------------------------------


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store)


def send(courier: Courier, now: float) -> list[str]:
    sent = [waiting.event_id for waiting in courier.batch(now)]
    for event_id in sent:
        courier.sent(event_id, now)
    return sent


def test_what_was_sent_is_not_sent_again_until_its_time(outbox: Outbox) -> None:
    courier = Courier(outbox, chance=lambda: 0.5)
    outbox.put(event(1), urgent=False)
    assert send(courier, 0.0) == ["e1"]
    assert send(courier, AGAIN_SECONDS - 0.1) == []
    assert send(courier, AGAIN_SECONDS) == ["e1"]
    assert send(courier, AGAIN_SECONDS * 2.9) == []
    assert send(courier, AGAIN_SECONDS * 3) == ["e1"]


def test_after_a_reconnect_everything_goes_out_again_and_is_late(outbox: Outbox) -> None:
    courier = Courier(outbox, chance=lambda: 0.5)
    outbox.put(event(1), urgent=False)
    send(courier, 0.0)
    courier.reconnected()
    (waiting,) = courier.batch(0.1)
    assert json.loads(waiting.payload)["late"] is True


def test_no_more_than_a_window_is_under_way_and_the_next_follow_as_the_hub_answers(outbox: Outbox) -> None:
    courier = Courier(outbox, chance=lambda: 0.5)
    for number in range(WINDOW + 5):
        outbox.put(event(number), urgent=False)
    assert send(courier, 0.0) == [f"e{number}" for number in range(WINDOW)]
    outbox.ack(["e0", "e1"])
    assert send(courier, 0.1) == [f"e{WINDOW}", f"e{WINDOW + 1}"]


def test_events_the_hub_never_takes_do_not_block_the_rest(outbox: Outbox) -> None:
    courier = Courier(outbox, chance=lambda: 0.5)
    for number in range(WINDOW + 1):
        outbox.put(event(number), urgent=False)
    seen: set[str] = set()
    now = 0.0
    for _ in range(STUCK_TRIES + 1):
        seen.update(send(courier, now))
        now += 1000.0
    assert f"e{WINDOW}" in seen


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["put", "sos", "send", "lose", "ack", "reconnect", "wait"]), max_size=60))
def test_whatever_is_lost_on_the_way_everything_arrives_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, moves: list[str]
) -> None:
    store = Store.open(tmp_path_factory.mktemp("courier"), "t1")
    outbox = Outbox(store)
    courier = Courier(outbox, chance=lambda: 0.5)
    now, made, arrived = 0.0, 0, set()
    for move in [*moves, *(["wait", "send", "ack"] * 3)]:
        match move:
            case "put" | "sos":
                outbox.put(event(made, SOS if move == "sos" else None), urgent=move == "sos")
                made += 1
            case "send":
                arrived.update(send(courier, now))
            case "lose":
                send(courier, now)
            case "ack":
                outbox.ack(arrived)
            case "reconnect":
                courier.reconnected()
            case "wait":
                now += 400.0
    while len(outbox):
        now += 400.0
        arrived.update(send(courier, now))
        outbox.ack(arrived)
    assert arrived == {f"e{number}" for number in range(made)}
    store.close()
