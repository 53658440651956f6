"""The power may go at any point of a dialogue, and again in the next: every asking still ends in one check-in."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.commands import Config, SlotPlan
from contract.events import Body, CheckIn, Outcome
from device.memory import Memory
from device.schedule import due
from device.store import Store
from device.talk.conversation import Conversation
from device.talk.turns import (
    Action,
    AwaitDelivery,
    Delivered,
    Emit,
    Keep,
    Listen,
    Made,
    Meant,
    Nothing,
    Prompt,
    Say,
    SpeakFailed,
    Spoken,
    Start,
)
from device.waking import left_open
from tests.clock import office
from tests.device.talk import SILENCE
from tests.device.test_conversation import EXTRAS, REPLIES, WELL

CONFIG = Config(revision=1, slots=[SlotPlan(name="morning", at="08:00")])
SINCE = office("2026-11-20 00:00")
EIGHT = office("2026-11-24 08:00")


class PowerCut(Exception):
    """Ends a run where it stands."""


class Home:
    """A speaker's memory and dialogue without its threads; `cuts` is after how many actions each run ends."""

    def __init__(
        self, replies: Sequence[Meant | Nothing], plays: Sequence[bool], cuts: Sequence[int]
    ) -> None:
        self.store = Store._in_memory("a test")
        self.sent: list[Body] = []
        self.now: datetime = EIGHT
        self._replies = iter(replies)
        self._plays = iter(plays)
        self._cuts = iter(cuts)

    def live(self) -> None:
        """Until the ladder of the morning is over."""
        while self.now < EIGHT + timedelta(hours=5):
            try:
                self._run(next(self._cuts, 10_000))
            except PowerCut:
                self.now += timedelta(minutes=1)

    def _run(self, actions_left: int) -> None:
        memory = Memory(self.store)
        for check_in in left_open(memory, CONFIG, SINCE, self.now):
            self._send(memory, check_in)
        left = iter(range(actions_left))
        while self.now < EIGHT + timedelta(hours=5):
            asking = due(CONFIG, SINCE, memory.askings, self.now)
            if asking is None:
                self.now += timedelta(minutes=5)
                continue
            memory.begin(asking.slot, asking.attempt, self.now)
            start = Start(
                asking.slot, asking.attempt, Prompt.good_morning, "how_are_you", asking.last, False, EXTRAS
            )
            self._hold(memory, start, left)
            self.now += timedelta(minutes=1)

    def _hold(self, memory: Memory, start: Start, left: Iterator[int]) -> None:
        conversation = Conversation()
        actions: deque[Action] = deque(conversation.step(start))
        while actions:
            if next(left, None) is None:
                raise PowerCut
            match actions.popleft():
                case Say():
                    event = Spoken() if next(self._plays, True) else SpeakFailed()
                    actions.extend(conversation.step(event))
                case Listen():
                    actions.extend(conversation.step(next(self._replies, SILENCE)))
                case Keep(check_in):
                    memory.keep(check_in)
                case Emit(body):
                    self._send(memory, body)
                    actions.extend(conversation.step(Made("id", body)))
                case AwaitDelivery(event_id):
                    actions.extend(conversation.step(Delivered(event_id)))

    def _send(self, memory: Memory, body: Body) -> None:
        self.sent.append(body)
        if isinstance(body, CheckIn):
            answered = body.outcome is Outcome.answered
            self.store.write(memory.ended(body.slot, answered=answered))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(REPLIES, max_size=20),
    st.lists(st.booleans(), max_size=20),
    st.lists(st.integers(0, 25), max_size=5),
)
def test_wherever_the_power_goes_each_asking_ends_in_one_check_in(
    replies: list[Meant | Nothing], plays: list[bool], cuts: list[int]
) -> None:
    home = Home(replies, plays, cuts)
    home.live()
    check_ins = [body for body in home.sent if isinstance(body, CheckIn)]
    attempts = [check_in.attempts for check_in in check_ins]
    assert attempts == list(range(1, len(attempts) + 1)), "one each, in their order"
    answered = [check_in.outcome is Outcome.answered for check_in in check_ins]
    assert len(check_ins) == 3 or answered[-1]
    assert not any(answered[:-1]), "nobody is asked again who has answered"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 25), max_size=5))
def test_a_home_that_is_silent_all_morning_is_never_well_whatever_the_power_does(cuts: list[int]) -> None:
    home = Home([], [], cuts)
    home.live()
    assert not [body for body in home.sent if isinstance(body, CheckIn) and body.intent in WELL]
