"""Random days of a small town against what really happened in its homes.

The model knows the truth: who was asked, who answered, what is still stored in the home or in the broker. The hub
knows only what reached it. Whatever happens in between, what it says must be true.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract.events import Body, CheckIn, Intent, Outcome, Recall, Sos
from hub import absence, agenda
from hub.vocabulary import CaseOutcome, Lane, ReasonCode, Severity, SlotState
from tests.clock import office
from tests.hub_heart.town import MONDAY, Town

NAMES = ("sato", "suzuki", "takahashi")
DAYS = 14
SLOTS = {"morning": "08:00", "evening": "18:00"}
FLUSH = timedelta(seconds=40)
"""How long a speaker takes to tell what it stored; shorter than the policy's `device_settle`."""
REPLY = timedelta(seconds=20)


@dataclass
class Asking:
    """What happens in a home at one time: the question is played, and perhaps answered."""

    at: datetime
    name: str
    slot: str
    attempt: int


@dataclass
class Truth:
    """What really happened at one slot of one home."""

    asked: int = 0
    heard_by_hub: int = 0
    answered: bool = False


@dataclass
class Home:
    """A home: its line, its mute switch, its resident's mood, what it could not yet tell."""

    name: str
    up: bool = True
    session: int = 1
    muted: bool = False
    answers_at: int | None = 1
    """The asking that is answered; None: nobody answers."""
    away_until: datetime | None = None
    outbox: list[tuple[str, Body, datetime]] = field(default_factory=list)
    flush_at: datetime | None = None
    settled_at: datetime | None = None
    """When a person last dealt with a silence here."""
    calls: dict[str, datetime] = field(default_factory=dict)
    """Calls for help that reached the hub and were neither taken back nor closed."""


def askings(town: Town) -> list[Asking]:
    """Every asking of every home in the days to come, in order."""
    start = office(f"{MONDAY} 00:00")
    planned = []
    for name in NAMES:
        for number in range(DAYS):
            day = start + timedelta(days=number)
            for slot, hour in (("morning", 8), ("evening", 18)):
                opens_at = day + timedelta(hours=hour)
                if opens_at < town.clock.now():
                    continue
                called = f"{(start + timedelta(days=number, hours=12)).date()}/{slot}"
                for attempt, after in enumerate([timedelta(), *town.policy.watch.retry_after], start=1):
                    planned.append(Asking(opens_at + after, name, called, attempt))
    return sorted(planned, key=lambda one: (one.at, one.name))


class Days(RuleBasedStateMachine):
    """Random days."""

    @initialize()
    def begin(self) -> None:
        self.town = Town()
        for name in NAMES:
            self.town.home(name, slots=SLOTS)
        self.homes = {name: Home(name) for name in NAMES}
        self.planned = askings(self.town)
        self.truth: dict[tuple[str, str], Truth] = {
            (asking.name, asking.slot): Truth() for asking in self.planned
        }
        self.hub_up = True
        self.broker: list[tuple[Home, Any]] = []
        self.deliver_at: datetime | None = None
        self.events = 0

    # ---- what happens in the homes ----------------------------------------------------------------------

    @rule(name=st.sampled_from(NAMES), answers_at=st.sampled_from([None, 1, 1, 2, 3]))
    def mood(self, name: str, answers_at: int | None) -> None:
        self.homes[name].answers_at = answers_at

    @rule(name=st.sampled_from(NAMES))
    def mute_switch(self, name: str) -> None:
        home = self.homes[name]
        home.muted = not home.muted
        if home.up:
            self.tell(home, ("online", home.session, home.muted))

    @rule(name=st.sampled_from(NAMES))
    def line(self, name: str) -> None:
        home = self.homes[name]
        home.up = not home.up
        if not home.up:
            home.flush_at = None
            self.tell(home, ("lost", home.session, False))
        else:
            home.session += 1
            home.flush_at = self.town.clock.now() + FLUSH
            self.tell(home, ("online", home.session, home.muted))

    @rule(name=st.sampled_from(NAMES), take_back=st.booleans())
    def calls_for_help(self, name: str, take_back: bool) -> None:
        event_id = self.event(self.homes[name], Sos(trigger="button"))
        if take_back:
            self.event(self.homes[name], Recall(event=event_id))

    # ---- what people do -----------------------------------------------------------------------------------

    @precondition(lambda self: self.hub_up)
    @rule(name=st.sampled_from(NAMES), hours=st.integers(1, 40), earlier=st.sampled_from([0, 0, 3, 12]))
    def goes_away(self, name: str, hours: int, earlier: int) -> None:
        now = self.town.clock.now()
        until = now + timedelta(hours=hours)
        with self.town.store.engine.begin() as conn:
            starts_at = now - timedelta(hours=earlier)
            absence.register(conn, name, "out", starts_at, until, "csw", now, self.town.policy, self.town.ids)
        self.homes[name].away_until = until

    @precondition(lambda self: self.hub_up)
    @rule(name=st.sampled_from(NAMES), lane=st.sampled_from(Lane))
    def takes(self, name: str, lane: Lane) -> None:
        case = self.town.case(name, lane)
        if case is not None:
            with self.town.desk("csw") as desk:
                desk.take(case.id)

    @precondition(lambda self: self.hub_up)
    @rule(name=st.sampled_from(NAMES), reached=st.booleans())
    def phones(self, name: str, reached: bool) -> None:
        case = self.town.case(name)
        if case is not None:
            concerned = bool(self.town.reasons(name))
            with self.town.desk("csw") as desk:
                desk.take(case.id)
                desk.phoned(case.id, reached=reached)
            if reached and concerned:
                self.homes[name].settled_at = self.town.clock.now()

    @precondition(lambda self: self.hub_up)
    @rule(name=st.sampled_from(NAMES))
    def closes(self, name: str) -> None:
        case = self.town.case(name)
        if case is not None:
            concerned = bool(self.town.reasons(name))
            with self.town.desk("csw") as desk:
                desk.close(case.id, CaseOutcome.met)
            self.homes[name].calls.clear()
            if concerned:
                self.homes[name].settled_at = self.town.clock.now()

    # ---- the hub and the time -------------------------------------------------------------------------------

    @precondition(lambda self: self.hub_up)
    @rule()
    def hub_stops(self) -> None:
        self.hub_up = False

    @precondition(lambda self: not self.hub_up)
    @rule(catching_up=st.integers(0, 240))
    def hub_starts(self, catching_up: int) -> None:
        self.hub_up = True
        self.town.restart_after(seconds=0)
        self.deliver_at = self.town.clock.now() + timedelta(seconds=catching_up)

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(90, 1500)))
    def time_passes(self, minutes: int) -> None:
        target = self.town.clock.now() + timedelta(minutes=minutes)
        while (at := self.next_happening(target)) < target:
            self.go(at)
            self.happen(at)
        self.go(target)
        self.happen(target)

    def next_happening(self, target: datetime) -> datetime:
        times = [target, *(home.flush_at for home in self.homes.values() if home.flush_at)]
        if self.planned:
            times.append(self.planned[0].at)
        if self.deliver_at is not None and self.hub_up:
            times.append(self.deliver_at)
        return min(times)

    def go(self, at: datetime) -> None:
        if self.hub_up:
            self.town.until(at)
        else:
            self.town.clock.travel(max(at, self.town.clock.now()))

    def happen(self, at: datetime) -> None:
        if self.hub_up and self.deliver_at is not None and self.deliver_at <= at:
            self.deliver_at = None
            waiting, self.broker = self.broker, []
            for home, told in waiting:
                self.reach_hub(home, told)
        for home in self.homes.values():
            if home.flush_at is not None and home.flush_at <= at:
                home.flush_at = None
                stored, home.outbox = home.outbox, []
                for event in stored:
                    self.tell(home, event)
        while self.planned and self.planned[0].at <= at:
            self.ask(self.planned.pop(0))

    def ask(self, asking: Asking) -> None:
        home, truth = self.homes[asking.name], self.truth[asking.name, asking.slot]
        if truth.answered:
            return
        if home.muted:
            body = CheckIn(slot=asking.slot, outcome=Outcome.muted, attempts=asking.attempt)
        elif self.at_home(home) and home.answers_at is not None and asking.attempt >= home.answers_at:
            truth.asked += 1
            truth.answered = True
            body = CheckIn(
                slot=asking.slot, outcome=Outcome.answered, intent=Intent.fine, attempts=asking.attempt
            )
        else:
            truth.asked += 1
            body = CheckIn(slot=asking.slot, outcome=Outcome.no_sound, attempts=asking.attempt)
        self.event(home, body)

    def at_home(self, home: Home) -> bool:
        return home.away_until is None or home.away_until <= self.town.clock.now()

    def event(self, home: Home, body: Body) -> str:
        self.events += 1
        event_id = f"event-{self.events}"
        told = (event_id, body, self.town.clock.now())
        if home.up and home.flush_at is None:
            self.tell(home, told)
        else:
            home.outbox.append(told)
        return event_id

    def tell(self, home: Home, told: Any) -> None:
        """To the broker, and on to the hub if it listens."""
        if self.hub_up and self.deliver_at is None:
            self.reach_hub(home, told)
        else:
            self.broker.append((home, told))

    def reach_hub(self, home: Home, told: Any) -> None:
        if told[0] == "lost":
            self.town.lost(home.name, f"s{told[1]}")
        elif told[0] == "online":
            self.town.online(home.name, f"s{told[1]}", muted=told[2])
        else:
            event_id, body, at = told
            now = self.town.clock.now()
            late = now - at > timedelta(seconds=5)
            session = f"s{home.session}"
            self.town.send(home.name, body, at=at, late=late, session=session, event_id=event_id)
            if isinstance(body, CheckIn) and body.outcome.was_asked:
                self.truth[home.name, body.slot].heard_by_hub += 1
            elif isinstance(body, Sos):
                home.calls[event_id] = now
            elif isinstance(body, Recall):
                home.calls.pop(body.event, None)

    # ---- what must be true at every moment --------------------------------------------------------------------

    @invariant()
    def nobody_who_answered_is_called_silent(self) -> None:
        for slot in self.ended(SlotState.missed):
            truth = self.of(slot)
            assert not truth.answered, f"{slot.resident_id} {slot.day} {slot.name} had answered"
            assert truth.heard_by_hub > 0, f"{slot.resident_id} {slot.day} {slot.name}: no silence was heard"

    @invariant()
    def every_answer_that_arrived_counts(self) -> None:
        for slot in self.ended(SlotState.answered):
            assert self.of(slot).answered

    @invariant()
    def a_silence_is_in_the_queue_and_nothing_else_is(self) -> None:
        for name, home in self.homes.items():
            chain = self.chain(name, home)
            reasons = [reason for reason in self.town.reasons(name) if reason.code == ReasonCode.missed]
            if len(chain) >= 2:
                assert reasons, f"{name} missed {len(chain)} slots and is in no queue"
            if reasons:
                [reason] = reasons
                long = chain and self.town.clock.now() - chain[0].opens_at >= timedelta(hours=24)
                assert len(chain) >= 2 or long, f"{name} is in the queue: {reason.words}"
                assert reason.source.endswith(f"{chain[0].day}/{chain[0].name}") or len(chain) >= 1

    @invariant()
    def what_cannot_be_told_is_never_the_persons(self) -> None:
        told_nothing = {
            f"{slot.resident_id}/{slot.day}/{slot.name}" for slot in self.ended(SlotState.cannot_tell)
        }
        for name in self.homes:
            for reason in self.town.reasons(name):
                assert reason.code in (ReasonCode.missed, ReasonCode.call_for_help)
                assert reason.source not in told_nothing
            for reason in self.town.reasons(name, Lane.device):
                assert reason.severity == Severity.device_unreachable

    @invariant()
    def a_call_for_help_stands_until_a_person_closes_it(self) -> None:
        for name, home in self.homes.items():
            if home.calls:
                assert self.town.case(name).severity == Severity.emergency

    @invariant()
    def cases_are_what_their_reasons_say(self) -> None:
        for case in self.town.cases():
            left = [
                reason
                for reason in self.town.reasons(case.household_id[2:], Lane(case.lane))
                if reason.case_id == case.id
            ]
            if case.closed_at is not None:
                assert left == []
            elif left:
                assert case.severity == max((Severity(one.severity) for one in left), key=lambda s: s.rank)
            else:
                assert case.owner is not None

    @invariant()
    def nothing_is_left_undone(self) -> None:
        with self.town.store.read() as conn:
            assert agenda.failing(conn) == []

    @invariant()
    def every_slot_has_one_row_and_one_story(self) -> None:
        seen = set()
        for slot in self.town.slots():
            key = (slot.resident_id, slot.day, slot.name)
            assert key not in seen
            seen.add(key)
            states = [SlotState.waiting.value]
            for row in self.town.history("slot", f"{slot.resident_id}/{slot.day}/{slot.name}"):
                assert row.old == states[-1]
                if row.new != row.old:
                    states.append(row.new)
            assert states[-1] == slot.state
            assert (slot.state == SlotState.cannot_tell) == (slot.why is not None)

    def teardown(self) -> None:
        """In the end every line is up, the hub has caught up, and every slot has ended as it really went."""
        if not hasattr(self, "town"):
            return
        if not self.hub_up:
            self.hub_starts(0)
        for home in self.homes.values():
            if not home.up:
                self.line(home.name)
        self.time_passes(60)
        now = self.town.clock.now()
        planned = {(slot.resident_id, f"{slot.day}/{slot.name}"): slot for slot in self.town.slots()}
        for (name, called), truth in self.truth.items():
            slot = planned.get((name, called))
            day, _, slot_name = called.partition("/")
            opens_at = office(f"{day} {SLOTS[slot_name]}")
            if opens_at + timedelta(minutes=55) > now:
                continue
            assert slot is not None, f"{name} {called} was never planned"
            if truth.answered:
                assert slot.state == SlotState.answered, f"{name} {called} is {slot.state}"
            elif truth.asked == 0:
                assert slot.state == SlotState.cannot_tell, f"{name} {called} is {slot.state}"
            else:
                away = slot.state == SlotState.cannot_tell and slot.why == ReasonCode.away
                assert away or slot.state == SlotState.missed, f"{name} {called} is {slot.state} {slot.why}"

    # ---- helpers -----------------------------------------------------------------------------------------------

    def ended(self, state: SlotState) -> Iterable[Any]:
        return [slot for slot in self.town.slots() if slot.state == state]

    def of(self, slot: Any) -> Truth:
        return self.truth[slot.resident_id, f"{slot.day}/{slot.name}"]

    def chain(self, name: str, home: Home) -> list[Any]:
        """The slots missed in a row, oldest first, counted the plain way."""
        row: list[Any] = []
        for slot in self.town.slots(name):
            if slot.state == SlotState.answered:
                row = []
            elif slot.state == SlotState.missed and not (
                home.settled_at and slot.opens_at <= home.settled_at
            ):
                row.append(slot)
        return row


TestDays = Days.TestCase
TestDays.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
