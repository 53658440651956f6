"""A configuration that would break the speaker is refused whole, reported once, and the last good one stays."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.commands import Config, SlotPlan, encode
from contract.ids import uuid7
from device.agreement import MOST_BYTES, Agreement
from device.config import ClockSource
from device.faults import Faults
from device.line.outbox import Outbox
from device.line.post import Post
from device.memory import Memory
from device.steps import ignore
from device.store import Store
from device.talk.prompts import load_prompts
from device.timekeeper import Timekeeper
from tests.clock import TravellingClock

GOOD = Config(revision=7, call_name="佐藤さん", slots=[SlotPlan(name="morning", at="08:00")])
SLOT = {"name": "morning", "at": "08:00"}

BOMBS: dict[str, bytes] = {
    "not JSON": b"{",
    "nothing but brackets": b"[" * 60_000,
    "deep": b'{"revision":8,"slots":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "megabytes": b'{"revision":8,"call_name":"' + b"a" * 5_000_000 + b'"}',
    "not UTF-8": b'{"revision":8,"call_name":"\xff\xfe"}',
    "a number of 50,000 digits": b'{"revision":' + b"9" * 50_000 + b"}",
    "no revision": b"{}",
    "revision 0": b'{"revision":0}',
    "the volume of a siren": b'{"revision":8,"volume":100}',
    "no number": b'{"revision":8,"volume":NaN}',
    "a thousand slots": json.dumps({"revision": 8, "slots": [SLOT] * 1000}).encode(),
    "two of one name": json.dumps({"revision": 8, "slots": [SLOT, SLOT]}).encode(),
    "a time there is not": json.dumps({"revision": 8, "slots": [{**SLOT, "at": "24:00"}]}).encode(),
    "a question nobody wrote": json.dumps({"revision": 8, "slots": [{**SLOT, "question": "x"}]}).encode(),
    "asking every second": json.dumps({"revision": 8, "retry_after_seconds": [1.0] * 11}).encode(),
    "retries backwards": json.dumps({"revision": 8, "retry_after_seconds": [600, 300]}).encode(),
    "retries in years": json.dumps({"revision": 8, "retry_after_seconds": [1e18]}).encode(),
    "a list": b"[]",
    "null": b"null",
}


class Nobody:
    def nudge(self) -> None:
        """No line."""

    def send_at_once(self, event_id: str) -> None:
        """No line."""


class Home:
    """As much of a speaker as a configuration meets."""

    def __init__(self, folder: Path) -> None:
        store = Store.open(folder, "t")
        self.memory = Memory(store)
        self.outbox = Outbox(store)
        clock = Timekeeper(TravellingClock(), ClockSource.synced, None)
        post = Post("sato-1", "s1", clock, self.memory, self.outbox, Nobody(), ignore, uuid7)
        self.taken: list[Config] = []
        self.agreement = Agreement(
            self.memory, Faults(self.memory, post), clock, load_prompts(), ignore, self.taken.append
        )
        self.agreement.offered(encode(GOOD))
        self.close = store.close


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_reported_and_the_last_good_one_kept(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path)
    for _ in range(3):
        home.agreement.offered(BOMBS[name])
    assert home.agreement.config == GOOD
    assert home.memory.config == GOOD
    assert home.taken == [GOOD]
    assert home.memory.broken == frozenset({"config"})
    assert len(home.outbox) == 1, "reported more than once"
    home.agreement.offered(encode(Config(revision=8)))
    assert home.memory.broken == frozenset()
    home.close()


def test_our_own_biggest_configuration_is_far_below_the_limit() -> None:
    slots = [SlotPlan(name=f"slot_{number}", at="08:00") for number in range(24)]
    assert len(encode(Config(revision=1, call_name="佐" * 40, slots=slots))) < MOST_BYTES / 4


@settings(deadline=None, max_examples=15)
@given(st.binary(max_size=300))
def test_whatever_bytes_come_the_speaker_lives(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    home = Home(tmp_path_factory.mktemp("junk"))
    home.agreement.offered(junk)
    assert home.agreement.config == GOOD
    home.close()


def test_a_fault_names_the_place_and_not_the_person(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.agreement.offered('{"revision": 8, "call_name": "佐藤ハル", "volume": "loud"}'.encode())
    (waiting,) = home.outbox.waiting(5)
    assert b"$.volume" in waiting.payload
    assert "佐藤".encode() not in waiting.payload
    home.close()
