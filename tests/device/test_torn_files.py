"""P1 on an SD card: the power fails and a file is torn. What may be lost is written here, and nothing else is.

A folder is copied as a power cut would leave it, with its write-ahead log, and one of its files is cut or overwritten:
 - the shared-memory index or a second copy: nothing is lost;
 - the write-ahead log: what was committed since it was last written back may be lost, but no call for help;
 - the database itself: what stood on torn pages may be lost, but no call for help;
 - nothing is ever invented, changed, or sent under another id.
"""

import random
import shutil
from pathlib import Path

import msgspec
import pytest

from contract.envelope import Event, decode_event, encode_event
from contract.events import Activity, Fault, Sos
from device.line.outbox import Outbox
from device.line.second_copy import SecondCopies
from device.memory import Memory
from device.store import Store
from tests.clock import office
from tests.device.conftest import Box
from tests.device.hub_stand_in import HubStandIn
from tests.device.test_outbox import event, free_the_disk

ROUNDS = 24


def opened(folder: Path, stamp: str) -> tuple[Store, Outbox]:
    store = Store.open(folder, stamp)
    return store, Outbox(store, copies=SecondCopies(folder / "sos"))


def lived_in(folder: Path, chance: random.Random) -> tuple[dict[str, Event], set[str]]:
    """A speaker's folder in mid-life, as it lies on the card at some instant: all it made, and what the hub lacks."""
    life = folder / "life"
    store, outbox = opened(life, "t0")
    all_made: dict[str, Event] = {}
    waiting: set[str] = set()
    for number in range(chance.randint(20, 60)):
        made = event(number, Sos(trigger="button") if chance.random() < 0.15 else Activity(source="voice"))
        outbox.put(made, urgent=isinstance(made.body, Sos))
        all_made[made.id] = made
        waiting.add(made.id)
        if chance.random() < 0.3:
            gone = chance.choice(sorted(waiting))
            outbox.ack([gone])
            waiting.remove(gone)
        if chance.random() < 0.02:
            store.read("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(life, folder / "card", ignore=shutil.ignore_patterns("lock"))
    store.close()
    return all_made, waiting


def tear(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    at = chance.randrange(size) if size else 0
    with path.open("r+b") as file:
        file.seek(at)
        if chance.random() < 0.5:
            file.truncate()
        else:
            file.write(chance.randbytes(chance.choice((1, 16, 512, 4096))))


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_torn_file_takes_no_call_for_help_and_invents_nothing(tmp_path: Path, number: int) -> None:
    chance = random.Random(number)
    made, waiting = lived_in(tmp_path, chance)
    card = tmp_path / "card"
    files = sorted(path for path in card.rglob("*") if path.is_file())
    torn = chance.choice([path for path in files if path.parent == card] + files[:1] * 2)
    if number % 6 == 5:
        torn = chance.choice([path for path in files if path.parent.name == "sos"] or files)
    tear(torn, chance)

    store, outbox = opened(card, "t1")
    found = {each.event_id: decode_event(each.payload) for each in outbox.waiting(1000)}
    calls = {event_id for event_id in waiting if isinstance(made[event_id].body, Sos)}
    assert calls <= set(found), f"lost with {torn.name}"
    # Acknowledged ones may come back out of an old log; they were real, and the hub counts each id once.
    for event_id, each in found.items():
        assert msgspec.structs.replace(each, late=False) == made[event_id]
    if torn.suffix == ".json" or torn.name.endswith("-shm"):
        assert set(found) >= waiting, f"lost with {torn.name}"
        assert store.damaged is None
    store.close()


def test_a_call_survives_the_loss_of_the_whole_database_and_counts_once(tmp_path: Path) -> None:
    store, outbox = opened(tmp_path, "t0")
    outbox.put(event(1), urgent=False)
    outbox.put(event(2, Sos(trigger="voice")), urgent=True)
    store.close()
    for path in tmp_path.glob("store.db*"):
        path.unlink()
    store, outbox = opened(tmp_path, "t1")
    (waiting,) = outbox.waiting(9)
    assert (waiting.event_id, waiting.urgent, decode_event(waiting.payload).late) == ("e2", True, True)
    assert outbox.holds_urgent
    outbox.ack(["e2"])
    store.close()
    store, outbox = opened(tmp_path, "t2")
    assert len(outbox) == 0
    store.close()


def test_a_flipped_bit_is_noticed_in_an_event_its_name_and_a_fact(tmp_path: Path) -> None:
    store, outbox = opened(tmp_path, "t0")
    for number in (1, 2, 3):
        outbox.put(event(number), urgent=False)
    Memory(store).keep_floor(office("2026-11-24 08:00"))
    store.write(lambda db: db.execute("UPDATE event SET id = 'm1' WHERE id = 'e1'"))
    store.write(
        lambda db: db.execute(
            "UPDATE event SET payload = CAST(replace(CAST(payload AS TEXT), 'voice', 'motion') AS BLOB) WHERE id = 'e2'"
        )
    )
    store.write(
        lambda db: db.execute(
            "UPDATE fact SET value = CAST(replace(CAST(value AS TEXT), '2026', '2036') AS BLOB)"
        )
    )
    store.close()
    store, outbox = opened(tmp_path, "t1")
    assert [each.event_id for each in outbox.waiting(9)] == ["e1", "e3"]
    assert Memory(store).floor is None
    store.close()


def test_what_an_older_version_wrote_without_a_checksum_is_read(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, "t0")
    plain = encode_event(event(1))
    store.write(
        lambda db: db.execute("INSERT INTO event(id, urgent, late, payload) VALUES('e1', 0, 0, ?)", (plain,))
    )
    store.write(lambda db: db.execute("INSERT INTO fact VALUES('broken', 'disk clock')"))
    store.close()
    store, outbox = opened(tmp_path, "t1")
    assert [each.payload for each in outbox.waiting(9)] == [plain]
    assert Memory(store).broken == {"disk", "clock"}
    store.close()


def test_an_ordinary_event_has_no_second_copy_and_a_confirmed_call_none_any_more(tmp_path: Path) -> None:
    store, outbox = opened(tmp_path, "t0")
    outbox.put(event(1), urgent=False)
    assert not list(tmp_path.rglob("*.json"))
    outbox.put(event(2, Sos(trigger="voice")), urgent=True)
    assert [path.name for path in tmp_path.rglob("*.json")] == ["e2.json"]
    outbox.ack(["e1", "e2"])
    assert not list(tmp_path.rglob("*.json"))
    store.close()


def test_a_call_whose_row_cannot_be_read_is_sent_from_its_copy(tmp_path: Path) -> None:
    store, outbox = opened(tmp_path, "t0")
    outbox.put(event(1, Sos(trigger="voice")), urgent=True)
    store.write(lambda db: db.execute("UPDATE event SET payload = x'00ff'"))
    (waiting,) = outbox.waiting(9)
    assert decode_event(waiting.payload).body == Sos(trigger="voice")
    store.close()


def test_a_copy_that_is_no_event_is_put_aside_and_the_rest_is_found(tmp_path: Path) -> None:
    store, outbox = opened(tmp_path, "t0")
    outbox.put(event(1, Sos(trigger="voice")), urgent=True)
    (tmp_path / "sos" / "e0.json").write_bytes(b"\x00" * 40)
    store.close()
    copies = SecondCopies(tmp_path / "sos")
    assert [each.id for each in copies.left()] == ["e1"]
    assert (tmp_path / "sos" / "e0.unreadable").exists()


def test_a_copy_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "sos").write_text("a file in the way")
    store, outbox = opened(tmp_path, "t0")
    outbox.put(event(1, Sos(trigger="voice")), urgent=True)
    assert len(outbox) == 1
    free_the_disk(store)
    store.close()


def test_a_call_made_before_the_card_was_torn_reaches_the_hub_after_the_start(
    hub: HubStandIn, box: Box
) -> None:
    copies = SecondCopies(box.config.data / "sos")
    box.config.data.mkdir()
    made = Event(
        id="0190-call",
        device="sato-1",
        session="s0",
        seq=4,
        at=office("2026-11-24 03:12"),
        clock=event(1).clock,
        late=False,
        type="sos",
        body=Sos(trigger="button"),
    )
    assert copies.keep(made)
    (box.config.data / "store.db").write_bytes(b"torn" * 4096)
    box.switch_on()
    stored = {each.id: each for each in hub.wait_for(2)}
    call = stored.pop("0190-call")
    assert (call.body, call.at, call.late) == (Sos(trigger="button"), made.at, True)
    (fault,) = stored.values()
    assert isinstance(fault.body, Fault)
    assert fault.body.part == "disk"
