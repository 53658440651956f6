"""A disk that is really full: one sentence, nothing half-done, nothing lost, and it goes on by itself when there is room.

Twice: a file system of two megabytes, where this machine lets one be mounted, and everywhere a process whose files may
not grow, as a quota does it.
"""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from contract.envelope import Event
from contract.events import Activity, ClockQuality
from device.line.outbox import Outbox
from device.store import Store as SpeakerStore
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from hub.store import tables as t
from hub.store.database import Store
from hub.store.faults import StoreFault
from provisioning.broker import Broker
from tests import cast
from tests.clock import MONDAY_NOON, TravellingClock
from tests.hub_store.homes import Homes
from tests.hub_store.speaker import Speaker
from tests.hub_store.test_ingest import is_at_fault, some
from tests.still import still_file

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class SmallDisk:
    """A file system of its own, and what fills it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ballast = root / "ballast"

    def fill(self) -> None:
        """To the last byte."""
        handle = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (65_536, 4_096, 512, 1):
                while True:
                    try:
                        os.write(handle, b"x" * size)
                    except OSError as error:
                        if error.errno != errno.ENOSPC:
                            raise
                        break
        finally:
            os.close(handle)

    def free(self) -> None:
        """Somebody made room."""
        self._ballast.unlink()


@pytest.fixture
def make_disk(tmp_path: Path) -> Iterator[Callable[[str], SmallDisk]]:
    """Mounts file systems of a size, and lets go of them."""
    mounted: list[Path] = []

    def make(size: str) -> SmallDisk:
        root = tmp_path / "disk"
        root.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(root)]
        try:
            tried = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
        except FileNotFoundError:
            pytest.skip("there is no mount on this machine")
        if tried.returncode:
            pytest.skip(f"no file system may be mounted here: {tried.stderr.strip()}")
        mounted.append(root)
        return SmallDisk(root)

    yield make
    for root in mounted:
        subprocess.run(["umount", "-l", str(root)], check=True, timeout=30)


def row(number: int) -> dict[str, Any]:
    return {"topic": f"{number}", "received_at": MONDAY_NOON, "payload": b"x" * 3000, "why": "full"}


def put(store: Store, number: int) -> None:
    """One work of twenty rows: all of them or none."""
    store.write(lambda conn: conn.execute(insert(t.quarantine), [row(number)] * 20))


def kept(store: Store) -> dict[str, int]:
    with store.read() as conn:
        return dict(
            conn.execute(select(t.quarantine.c.topic, func.count()).group_by(t.quarantine.c.topic)).all()
        )


def trouble(store: Store | SpeakerStore) -> str | None:
    """Why it could not write the last time."""
    return store.fault if isinstance(store, Store) else store.trouble


def until_full(write: Callable[[int], None], most: int = 10_000) -> tuple[int, StoreFault]:
    """How many works were kept, and the refusal of the next."""
    for number in range(most):
        try:
            write(number)
        except StoreFault as fault:
            return number, fault
    raise AssertionError("the disk never filled")


def test_the_hubs_store_on_a_full_file_system(make_disk: Callable[[str], SmallDisk]) -> None:
    disk = make_disk("4m")
    with Store.open(disk.root / "hub.db") as store:
        put(store, 0)
        disk.fill()
        done, fault = until_full(lambda number: put(store, number + 1))
        assert "ディスクがいっぱいで" in str(fault)
        assert "空き容量を作ってください" in str(fault)
        assert kept(store) == dict.fromkeys(map(str, range(done + 1)), 20)
        assert store.fault == str(fault)
        for _ in range(3):
            with pytest.raises(StoreFault, match="ディスクがいっぱい"):
                put(store, done + 1)
        disk.free()
        put(store, done + 1)
        assert trouble(store) is None
    with Store.open(disk.root / "hub.db") as again:
        assert kept(again) == dict.fromkeys(map(str, range(done + 2)), 20)


def test_a_whole_hub_on_a_full_file_system_acknowledges_nothing_and_goes_on_by_itself(
    make_disk: Callable[[str], SmallDisk], broker: Broker, clock: TravellingClock, tmp_path: Path
) -> None:
    disk = make_disk("24m")
    config = HubConfig(
        data=str(disk.root / "data"),
        policy=still_file(tmp_path),
        broker=BrokerConfig(port=broker.port, password="mimamori-hub"),
    )
    sato = Speaker(cast.SATO_SPEAKER, broker.port).ready()
    try:
        with Hub(config, clock) as hub:
            cast.enrol(hub.store, clock, hub.policy)
            homes = Homes(clock)
            first = some(homes, cast.SATO_SPEAKER, 10)
            sato.say(first)
            assert sato.rid()
            disk.fill()
            many = some(homes, cast.SATO_SPEAKER, 3000)
            for known in first:
                del many[known]
            sato.say(many)
            assert is_at_fault(hub)
            assert "ディスクがいっぱい" in (hub.health().blindness or "")
            disk.free()
            assert sato.rid()
            with hub.store.read() as conn:
                assert conn.scalar(select(func.count()).select_from(t.event)) == 3000
            assert hub.ingest.fault is None
    finally:
        sato.leave()


def said(number: int) -> Event:
    return Event(
        id=f"e{number}",
        device="sato-1",
        session="s1",
        seq=number,
        at=NOON,
        clock=ClockQuality.synced,
        late=False,
        type="activity",
        body=Activity(source="voice"),
    )


def test_a_speakers_outbox_on_a_full_file_system(make_disk: Callable[[str], SmallDisk]) -> None:
    disk = make_disk("2m")
    store = SpeakerStore.open(disk.root / "box", "t1")
    outbox = Outbox(store)
    outbox.put(said(0), urgent=False)
    disk.fill()
    number = 1
    while store.trouble is None:
        outbox.put(said(number), urgent=False)
        number += 1
        assert number < 10_000
    assert "full" in store.trouble
    everything = [f"e{one}" for one in range(number)]
    assert [one.event_id for one in outbox.waiting(number + 1)] == everything, "in memory until there is room"
    disk.free()
    outbox.put(said(number), urgent=False)
    assert trouble(store) is None
    store.close()
    again = SpeakerStore.open(disk.root / "box", "t2")
    assert again.damaged is None
    assert [one.event_id for one in Outbox(again).waiting(number + 2)] == [*everything, f"e{number}"]
    again.close()


# ---- a process whose files may not grow --------------------------------------------------------------------------------

LIMITED = """
import json, resource, sys
from pathlib import Path

def limit(more):
    size = max(path.stat().st_size for path in Path(sys.argv[1]).iterdir())
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if more is None else size + more, hard))
"""
HUB = """
from hub.store.database import Store
from tests.keeping.test_full_disk import kept, put, until_full

with Store.open(Path(sys.argv[1]) / "hub.db") as store:
    put(store, 0)
    limit(100_000)
    done, fault = until_full(lambda number: put(store, number + 1))
    before = kept(store)
    at_fault = store.fault
    limit(None)
    put(store, done + 1)
    print(json.dumps([done, str(fault), before, kept(store), at_fault, store.fault]))
"""
SPEAKER = """
from device.line.outbox import Outbox
from device.store import Store
from tests.keeping.test_full_disk import said

store = Store.open(Path(sys.argv[1]), "t1")
outbox = Outbox(store)
outbox.put(said(0), urgent=False)
limit(20_000)
number = 1
while store.trouble is None:
    outbox.put(said(number), urgent=False)
    number += 1
    assert number < 10_000
trouble = store.trouble
waiting = len(outbox.waiting(number + 1))
limit(None)
outbox.put(said(number), urgent=False)
print(json.dumps([number, trouble, waiting, store.trouble]))
store.close()
"""


def limited(folder: Path, script: str) -> list[Any]:
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED + script, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_the_hubs_store_whose_file_may_not_grow(tmp_path: Path) -> None:
    done, fault, before, after, at_fault, in_the_end = limited(tmp_path / "hub", HUB)
    assert fault.endswith("ディスクと権限を確かめてください。")
    assert at_fault == fault
    assert before == dict.fromkeys(map(str, range(done + 1)), 20)
    assert after == dict.fromkeys(map(str, range(done + 2)), 20)
    assert in_the_end is None
    with Store.open(tmp_path / "hub" / "hub.db") as again:
        assert kept(again) == after


def test_a_speakers_outbox_whose_file_may_not_grow(tmp_path: Path) -> None:
    number, trouble, waiting, in_the_end = limited(tmp_path / "box", SPEAKER)
    assert trouble
    assert (waiting, in_the_end) == (number, None)
    store = SpeakerStore.open(tmp_path / "box", "t2")
    assert store.damaged is None
    assert [one.event_id for one in Outbox(store).waiting(number + 2)] == [
        f"e{one}" for one in range(number + 1)
    ]
    store.close()
