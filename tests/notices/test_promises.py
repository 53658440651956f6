"""Random interleavings of puts, refusals, silences, deaths and recoveries against a small reference model.

Each recipient gets each key at least once; exactly once unless a message died in the window between the other side's
"taken" and our commit, or its answer was lost; and nobody gets what was never put in.
"""

import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub import policy as policies
from hub.notices.notice import DUTY, Urgency, account
from hub.notices.transport import Message, NotTaken, Unclear
from hub.store.database import Store
from tests.clock import TravellingClock
from tests.notices.conftest import KATO, MORI, SETTINGS, Office, add_account
from tests.notices.phones import Phones

POLICY = policies.load()


class Dies(BaseException):
    """The notifier is gone at this line."""


class World(Phones):
    """Phones that remember who got which key how often, and can let the notifier die before or after they take."""

    def __init__(self) -> None:
        super().__init__()
        self.got: dict[str, Counter[str]] = defaultdict(Counter)
        self.next_fate = ""

    def hand_over(self, address: str, message: Message) -> None:
        fate, self.next_fate = self.next_fate, ""
        if fate == "dies before":
            raise Dies
        if fate == "refused":
            raise NotTaken("話し中です。")
        for key in message.keys:
            self.got[address][key] += 1
        if fate == "dies after":
            raise Dies
        if fate == "no answer":
            raise Unclear("答えがありません。")


class Outbox(RuleBasedStateMachine):
    """The real store, the real notifier, a travelling clock."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store.open(Path(self.folder.name) / "hub.db")
        for login, name in (("mori", "森 さつき"), ("kato", "加藤 進")):
            add_account(self.store, login, name)
        self.world = World()
        self.office = Office(self.store, TravellingClock(), POLICY, self.world)
        # One at a time, so that the same example goes the same way every time.
        one = msgspec.structs.replace(SETTINGS.pace, at_once=1)
        self.office.settings = msgspec.structs.replace(SETTINGS, pace=one)
        self.office.start()
        self.wanted: dict[str, dict[str, Urgency]] = {MORI: {}, KATO: {}}
        self.settled: set[str] = set()
        self.twice: dict[str, set[str]] = defaultdict(set)
        """Keys that may have arrived more than once, by address."""

    def teardown(self) -> None:
        self.office.notifier.close()
        self.store.close()
        self.folder.cleanup()

    @rule(
        number=st.integers(0, 5), urgency=st.sampled_from(list(Urgency)), to=st.sampled_from(["duty", "kato"])
    )
    def put(self, number: int, urgency: Urgency, to: str) -> None:
        key = f"{to}-{number}"
        address = MORI if to == "duty" else KATO
        self.wanted[address].setdefault(key, urgency)
        self.office.put(key, audience=DUTY if to == "duty" else account("kato"), urgency=urgency)

    @rule(fate=st.sampled_from(["", "", "refused", "no answer", "dies before", "dies after"]))
    def look(self, fate: str) -> None:
        self.world.next_fate = fate
        before = {address: Counter(got) for address, got in self.world.got.items()}
        try:
            self.office.deliver()
        except Dies:
            self.office.start()
        self.world.next_fate = ""
        if fate in ("no answer", "dies after"):
            for address, got in self.world.got.items():
                self.twice[address] |= set(got - before.get(address, Counter()))

    @rule(minutes=st.sampled_from([1, 5, 30]))
    def time_passes(self, minutes: int) -> None:
        self.office.clock.forward(minutes=minutes)

    @rule()
    def starts_anew(self) -> None:
        self.office.notifier.close()
        self.office.start()

    @precondition(lambda self: any(self.wanted.values()))
    @rule(data=st.data())
    def settles(self, data: st.DataObject) -> None:
        keys = sorted({key for of_one in self.wanted.values() for key in of_one} - self.settled)
        if keys:
            key = data.draw(st.sampled_from(keys))
            self.settled.add(key)
            self.office.settled(key)

    @rule()
    def a_quiet_day(self) -> None:
        """Nothing fails any more: everything must come out."""
        self.office.after(hours=24)
        for address, wanted in self.wanted.items():
            for key in wanted:
                got = self.world.got[address][key]
                assert got >= 1 or key in self.settled, f"{key} never came"
        assert {row.state for row in self.office.rows()} <= {"sent", "withdrawn"}

    @invariant()
    def nothing_without_a_reason_and_nothing_twice(self) -> None:
        for address, got in self.world.got.items():
            for key, times in got.items():
                ends = key.startswith("all_clear/")
                told = ends and self.world.got[address][key.split("/")[2]] > 0
                assert key in self.wanted[address] or told, f"{key} was never put in for {address}"
                assert times == 1 or key in self.twice[address], f"{key} came {times} times"


TestOutbox = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")(
    Outbox.TestCase
)
Outbox.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
