"""Random days of a small town against what really happened in its homes.

The model knows the truth: who was asked, who answered, what is still stored in the home or in the broker. The hub
knows only what reached it. Whatever happens in between, what it says must be true.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from contract.events import Body, CheckIn, Intent, Outcome, Recall, Sos
from hub import absence, agenda
from hub.policy import AreaSize
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, Lane, ReasonCode, Severity, SlotState
from hub.watch.away import covers
from tests.clock import office
from tests.hub_heart.town import MONDAY, Town
from tests.still import still

NAMES = ("sato", "suzuki", "takahashi")
DAYS = 14
SLOTS = {"morning": "08:00", "evening": "18:00"}
FLUSH = timedelta(seconds=40)
"""From the return of a line to the first of what the speaker stored."""
FLUSH_PARTS = 4
FLUSH_PAUSE = timedelta(seconds=15)
"""Between the parts of a flush; all of it takes less than the policy's `device_settle`."""


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
    parts_left: int = 0
    """Of a flush that has begun."""
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
        policy = still()
        # Three homes are the whole district: all of them lost together is an outage.
        small = msgspec.structs.replace(policy.outage, sizes=[AreaSize(devices=3, lost=3)])
        self.town = Town(policy=msgspec.structs.replace(policy, outage=small))
        for name in NAMES:
            self.town.home(name, slots=SLOTS)
        self.town.sweep()
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
            home.flush_at, home.parts_left = None, 0
            self.tell(home, ("lost", home.session, False))
        else:
            home.session += 1
            home.flush_at = self.town.clock.now() + FLUSH
            self.tell(home, ("online", home.session, home.muted))

    @rule(seconds=st.integers(0, 90))
    def power_cut(self, seconds: int) -> None:
        """Every line of the district goes, one after the other."""
        for home in self.homes.values():
            if home.up:
                self.line(home.name)
                self.pass_until(self.town.clock.now() + timedelta(seconds=seconds))

    @rule(seconds=st.integers(0, 90))
    def power_back(self, seconds: int) -> None:
        for home in self.homes.values():
            if not home.up:
                self.line(home.name)
                self.pass_until(self.town.clock.now() + timedelta(seconds=seconds))

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
        self.pass_until(self.town.clock.now() + timedelta(minutes=minutes))

    @rule(
        happenings=st.lists(
            st.tuples(
                st.sampled_from([-2, 0.2, 1, 5, 9, 11, 15, 29, 31, 34, 34.7, 36, 38, 45]),
                st.sampled_from(["line", "hub", "mute", None, 1, 2, 3]),
                st.sampled_from(NAMES),
            ),
            min_size=1,
            max_size=6,
        )
    )
    def one_question(self, happenings: list[tuple[float, str | int | None, str]]) -> None:
        """Where it matters: things happen between the askings of one slot, at its deadline, right after it."""
        questions = [asking.at for asking in self.planned if asking.attempt == 1]
        for minutes, what, name in sorted(happenings, key=lambda one: one[0]):
            if questions:
                self.pass_until(questions[0] + timedelta(minutes=minutes))
            if what == "line":
                self.line(name)
            elif what == "mute":
                self.mute_switch(name)
            elif what == "hub" and self.hub_up:
                self.hub_stops()
            elif what == "hub":
                self.hub_starts(int(abs(minutes) * 5))
            elif not isinstance(what, str):
                self.mood(name, what)
            self.all_is_true()

    def pass_until(self, target: datetime) -> None:
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
                self.flush(home, at)
        while self.planned and self.planned[0].at <= at:
            self.ask(self.planned.pop(0))

    def flush(self, home: Home, at: datetime) -> None:
        """Tell a part of what is stored, in its order; the rest a little later."""
        home.parts_left = home.parts_left or FLUSH_PARTS
        several = -(-len(home.outbox) // home.parts_left)
        stored, home.outbox = home.outbox[:several], home.outbox[several:]
        home.parts_left -= 1
        home.flush_at = at + FLUSH_PAUSE if home.outbox else None
        if not home.outbox:
            home.parts_left = 0
        for event in stored:
            self.tell(home, event)

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
    def all_is_true(self) -> None:
        """One look at the store, every promise."""
        held = Held(self.town)
        self.nobody_who_answered_is_called_silent(held)
        self.a_silence_is_in_the_queue_and_nothing_else_is(held)
        self.boxes_are_blamed_for_what_boxes_did(held)
        self.a_call_for_help_stands_until_a_person_closes_it(held)
        cases_are_what_their_reasons_say(held)
        no_notice_without_a_reason_and_no_reason_without_a_notice(held)
        an_outage_is_one_notice_and_everybody_in_it(held)
        every_slot_has_one_row_and_one_story(held)
        assert held.failing == []

    def nobody_who_answered_is_called_silent(self, held: "Held") -> None:
        for slot in held.slots:
            truth = self.truth[slot.resident_id, f"{slot.day}/{slot.name}"]
            called = f"{slot.resident_id} {slot.day} {slot.name}"
            if slot.state == SlotState.missed:
                assert not truth.answered, f"{called}: answered, and called silent"
                assert truth.heard_by_hub > 0, f"{called}: no silence was heard"
                assert slot.id not in held.away, f"{called}: away, and called silent"
            elif slot.state == SlotState.answered:
                assert truth.answered, f"{called}: nobody answered"

    def a_silence_is_in_the_queue_and_nothing_else_is(self, held: "Held") -> None:
        told_nothing = {key(slot) for slot in held.slots if slot.state == SlotState.cannot_tell}
        for name, home in self.homes.items():
            chain = held.chain(name, home.settled_at)
            reasons = [one for one in held.standing(name, Lane.person) if one.code == ReasonCode.missed]
            if len(chain) >= 2:
                assert reasons, f"{name} missed {len(chain)} slots and is in no queue"
            for reason in reasons:
                long = chain and held.now - chain[0].opens_at >= timedelta(hours=24)
                assert len(chain) >= 2 or long, f"{name} is in the queue: {reason.words}"
                assert reason.source not in told_nothing
            assert len(reasons) <= 1
            for reason in held.standing(name, Lane.person):
                assert reason.code in (ReasonCode.missed, ReasonCode.call_for_help)

    def boxes_are_blamed_for_what_boxes_did(self, held: "Held") -> None:
        """Every speaker here plays its question and says what came of it, or is muted, or without a line."""
        for reason in held.reasons:
            if held.lanes[reason.case_id] == Lane.device:
                assert reason.code in (ReasonCode.device_unreachable, ReasonCode.muted), reason.words
                assert reason.severity == Severity.device_unreachable

    def a_call_for_help_stands_until_a_person_closes_it(self, held: "Held") -> None:
        for name, home in self.homes.items():
            if home.calls:
                assert [
                    one for one in held.standing(name, Lane.person) if one.severity == Severity.emergency
                ], f"{name} called for help"

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


class Held:
    """What the store holds, read once."""

    def __init__(self, town: Town) -> None:
        self.now = town.clock.now()
        with town.store.read() as conn:
            self.slots = conn.execute(select(t.slot).order_by(t.slot.c.opens_at)).all()
            self.cases = conn.execute(select(t.case)).all()
            self.reasons = conn.execute(select(t.reason)).all()
            self.failing = agenda.failing(conn)
            away = select(t.slot.c.id).join(t.absence, t.absence.c.resident_id == t.slot.c.resident_id)
            self.away = set(conn.scalars(away.where(covers(t.slot.c.opens_at))))
            self.notices = conn.execute(select(t.notice)).all()
            self.outages = conn.execute(select(t.area_outage)).all()
            self.members = conn.execute(select(t.outage_member)).all()
            self.steps = {
                (row.subject, row.new)
                for row in conn.execute(select(t.transition).where(t.transition.c.subject_kind == "case"))
            }
            of_slots = select(t.transition).where(t.transition.c.subject_kind == "slot")
            self.stories = conn.execute(of_slots.order_by(t.transition.c.id)).all()
        self.lanes = {case.id: case.lane for case in self.cases}
        self.open = {case.id for case in self.cases if case.closed_at is None}

    def standing(self, name: str, lane: Lane) -> list[Any]:
        """The unresolved reasons of the open cases of a resident."""
        return [
            one
            for one in self.reasons
            if one.resident_id == name
            and one.resolved_at is None
            and one.case_id in self.open
            and self.lanes[one.case_id] == lane
        ]

    def chain(self, name: str, settled_at: datetime | None) -> list[Any]:
        """The slots missed in a row, oldest first, counted the plain way."""
        row: list[Any] = []
        for slot in self.slots:
            if slot.resident_id != name:
                continue
            if slot.state == SlotState.answered:
                row = []
            elif slot.state == SlotState.missed and not (settled_at and slot.opens_at <= settled_at):
                row.append(slot)
        return row


def key(slot: Any) -> str:
    """A slot's subject."""
    return f"{slot.resident_id}/{slot.day}/{slot.name}"


def cases_are_what_their_reasons_say(held: Held) -> None:
    """A case weighs its gravest reason; one without any is closed, or in somebody's hands."""
    for case in held.cases:
        left = [one for one in held.reasons if one.case_id == case.id and one.resolved_at is None]
        if case.closed_at is not None:
            assert left == []
        elif left:
            assert case.severity == max((Severity(one.severity) for one in left), key=lambda one: one.rank)
        else:
            assert case.owner is not None


def no_notice_without_a_reason_and_no_reason_without_a_notice(held: Held) -> None:
    """Every case of a person was told when it came, once, and its end to those who were told; nothing else was."""
    people = {case.id: case for case in held.cases if case.lane == Lane.person}
    told: dict[str, list[Any]] = {case_id: [] for case_id in people}
    for notice in held.notices:
        if notice.subject_kind == "case":
            assert notice.subject in people, f"{notice.key} speaks of no case of a person"
            told[notice.subject].append(notice)
    with_reasons = {reason.case_id for reason in held.reasons}
    for case_id, case in people.items():
        assert case_id in with_reasons, "a case without any reason"
        keys = [notice.key for notice in told[case_id]]
        assert keys.count(f"case/{case_id}/opened") == 1, "a case that nobody was told of"
        if case.closed_at is not None:
            clear = [notice for notice in told[case_id] if notice.kind == "all_clear"]
            assert any(notice.at == case.closed_at for notice in clear), "closed, and nobody was told"
            open_still = [
                notice
                for notice in told[case_id]
                if notice.kind != "all_clear" and notice.withdrawn_at is None
            ]
            assert open_still == [], "closed, and still to be told"
        for notice in told[case_id]:
            if notice.key.startswith(f"case/{case_id}/step/"):
                step = notice.key.split("/")[3]
                assert (case_id, step) in held.steps, "told of a step that the case never came to"


def an_outage_is_one_notice_and_everybody_in_it(held: Held) -> None:
    """A confirmed outage was told once, its members are lost lines, and none of them is a single line besides."""
    facts = {f"outage/{one.id}/began" for one in held.outages if one.confirmed_at is not None}
    began = [notice.key for notice in held.notices if notice.kind == "outage_began"]
    assert sorted(began) == sorted(facts)
    going_on = {one.id for one in held.outages if one.ended_at is None}
    assert len(going_on) <= 1
    gone = {one.resident_id for one in held.members if one.outage_id in going_on and one.back_at is None}
    for name in gone:
        single = [
            one for one in held.standing(name, Lane.device) if one.code == ReasonCode.device_unreachable
        ]
        assert single == [], f"{name} is in an outage and a single line besides"


def every_slot_has_one_row_and_one_story(held: Held) -> None:
    """One row a slot, and its transitions lead from waiting to where it is."""
    states = {key(slot): [SlotState.waiting.value] for slot in held.slots}
    assert len(states) == len(held.slots)
    for row in held.stories:
        assert row.old == states[row.subject][-1]
        if row.new != row.old:
            states[row.subject].append(row.new)
    for slot in held.slots:
        assert states[key(slot)][-1] == slot.state
        assert (slot.state == SlotState.cannot_tell) == (slot.why is not None)


TestDays = Days.TestCase
TestDays.settings = settings(
    max_examples=30,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
