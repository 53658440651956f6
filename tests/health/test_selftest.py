"""Speaker to microphone, once a day before the first question; whatever is broken has its own name."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.commands import Command, CommandKind, Config, SlotPlan
from contract.events import CheckIn, Fault, Outcome, SelfTest
from device.fittings import Fittings
from device.health.selftest import SelfTester, due
from device.health.settings import load_health_settings
from device.health.tone import chime, heard_db
from device.health.vitals import Vitals
from device.listen.home_microphone import HomeMicrophone
from device.listen.microphone import RATE, Samples
from device.listen.settings import load_settings
from device.panel.presses import Pressed, Presses
from device.steps import AskingEnded, ConfigTaken, Connected, EventAcked, EventMade
from tests.clock import office
from tests.device.conftest import Box
from tests.device.hub_stand_in import HubStandIn
from tests.health.room import Room
from tests.listening.sounds import junk, quiet_room

SETTINGS = load_health_settings().selftest
CONFIG = Config(
    revision=1, slots=[SlotPlan(name="morning", at="08:00"), SlotPlan(name="evening", at="18:00")]
)


def try_out(room: Room) -> SelfTester:
    return SelfTester(room, room, SETTINGS, load_settings().microphone)


def faint(share: float) -> Samples:
    samples: Samples = np.rint(chime(SETTINGS).samples * share).astype(np.int16)
    return samples


def with_room(sound: Samples, seed: int = 7) -> Samples:
    padded = np.concatenate([np.zeros(RATE // 5), sound, np.zeros(RATE // 2)])
    heard: Samples = np.rint(padded + quiet_room(padded.size / RATE, seed)).astype(np.int16)
    return heard


# ---- the tones ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=20)
@given(st.floats(0.01, 1.0))
def test_tones_are_heard_at_the_level_they_have(share: float) -> None:
    heard, level = heard_db(quiet_room(0.8), with_room(faint(share)), SETTINGS)
    assert heard
    assert level == pytest.approx(20 * np.log10(share * SETTINGS.volume), abs=1.5)


def test_tones_too_faint_to_matter_are_not_heard() -> None:
    assert not heard_db(quiet_room(0.8), with_room(faint(0.001)), SETTINGS)[0]


@pytest.mark.parametrize("name", junk())
def test_no_noise_of_a_living_room_passes_for_the_tones(name: str) -> None:
    noise = junk()[name]
    assert not heard_db(noise[: RATE // 2], noise[RATE // 2 :], SETTINGS)[0]
    assert not heard_db(quiet_room(0.8), with_room(noise[:RATE]), SETTINGS)[0]


def test_the_tones_in_the_wrong_order_are_somebody_elses_chime() -> None:
    backwards = np.concatenate(np.split(chime(SETTINGS).samples, 2)[::-1])
    assert not heard_db(quiet_room(0.8), with_room(backwards), SETTINGS)[0]


def test_tones_are_heard_over_a_television() -> None:
    noise = np.random.default_rng(1).normal(0, 1000, 3 * RATE)  # -30 dBFS
    during = noise[RATE:].copy()
    during[RATE // 4 : RATE // 4 + chime(SETTINGS).samples.size] += faint(0.1)
    assert heard_db(noise[:RATE].astype(np.int16), during.astype(np.int16), SETTINGS)[0]


# ---- one test -------------------------------------------------------------------------------------------------


def test_a_box_that_hears_itself_passes() -> None:
    tested = try_out(Room()).run()
    assert tested is not None
    assert tested.passed
    assert tested.heard_db is not None
    assert -45 < tested.heard_db < -20


def test_a_loudspeaker_without_sound_is_not_a_dead_microphone() -> None:
    room = Room()
    room.carries = 0.0
    tested = try_out(room).run()
    assert tested is not None
    assert (tested.passed, tested.part) == (False, "speaker")
    assert tested.heard_db is not None


def test_each_broken_part_has_its_name() -> None:
    no_card, no_microphone, dead = Room(), Room(), Room()
    no_card.plays = False
    no_microphone.hears = False
    dead.noise = dead.carries = 0.0
    found = [try_out(room).run() for room in (no_card, no_microphone, dead)]
    assert [each and each.part for each in found] == ["speaker", "microphone", "microphone"]


def test_a_muted_microphone_is_not_tested_and_nobody_hears_a_chime() -> None:
    room = Room()
    room.muted = True
    assert try_out(room).run() is None
    assert room.played == 0


def test_somebody_at_the_button_ends_the_test() -> None:
    room = Room()

    def pressed() -> None:
        raise Pressed

    room.on_frame = pressed
    assert try_out(room).run() is None


# ---- when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "last", "is_due"),
    [
        ("2026-11-24 07:49", None, False),
        ("2026-11-24 07:50", None, True),
        ("2026-11-24 07:55", date(2026, 11, 23), True),
        ("2026-11-24 07:55", date(2026, 11, 24), False),
        ("2026-11-24 12:00", None, True),
        ("2026-11-24 21:00", None, False),
        ("2026-11-25 00:10", None, False),
    ],
)
def test_once_a_day_shortly_before_the_first_question(at: str, last: date | None, is_due: bool) -> None:
    assert due(CONFIG, SETTINGS, last, office(at)) is is_due


def test_no_chime_in_an_empty_home_or_one_without_questions() -> None:
    away = Config(revision=1, slots=CONFIG.slots, paused_until=office("2026-11-30 00:00"))
    now = office("2026-11-24 07:55")
    assert not due(away, SETTINGS, None, now)
    assert not due(Config(revision=1), SETTINGS, None, now)
    assert not due(None, SETTINGS, None, now)


# ---- in a running home ----------------------------------------------------------------------------------------


class Home:
    """The box of the other tests with a room of its own."""

    def __init__(self, box: Box, hub: HubStandIn) -> None:
        self.box, self.hub, self.room = box, hub, Room()
        presses, vitals = Presses(), Vitals()
        microphone = HomeMicrophone(self.room, box.stopping, presses, vitals)
        box.fittings = Fittings(presses=presses, vitals=vitals, microphone=microphone)
        box.shared = self.room
        hub.configure("sato-1", CONFIG)
        box.switch_on()
        box.watcher.wait_for(ConfigTaken)

    def bodies(self, count: int) -> list[object]:
        return [event.body for event in self.hub.wait_for(count)]


@pytest.fixture
def home(box: Box, hub: HubStandIn) -> Home:
    return Home(box, hub)


def test_the_day_begins_with_a_passed_self_test(home: Home) -> None:
    home.box.clock.travel(office("2026-11-24 07:51"))
    (body,) = home.bodies(1)
    assert isinstance(body, SelfTest)
    assert body.passed
    home.box.clock.travel(office("2026-11-24 07:58"))
    home.hub.order("sato-1", Command(id="c1", kind=CommandKind.selftest))
    home.box.watcher.wait_for(EventMade, 2)
    assert [type(each) for each in home.bodies(2)] == [SelfTest, SelfTest]


def test_silence_after_a_failed_self_test_says_nothing_about_the_person(home: Home) -> None:
    home.room.carries = 0.0
    home.box.clock.travel(office("2026-11-24 07:51"))
    home.box.watcher.wait_for(EventMade, 2)
    fault, test = home.bodies(2)
    assert fault == Fault(part="speaker", state="broken", detail="the microphone did not hear the tones")
    assert isinstance(test, SelfTest)
    assert not test.passed
    home.box.clock.travel(office("2026-11-24 08:00"))
    ended = home.box.watcher.wait_for(AskingEnded).check_in
    assert ended.outcome is Outcome.not_played
    home.room.carries = 0.1
    home.hub.order("sato-1", Command(id="c1", kind=CommandKind.selftest))
    bodies = home.bodies(5)
    assert isinstance(bodies[2], CheckIn)
    assert bodies[3] == Fault(part="speaker", state="mended")
    assert isinstance(bodies[4], SelfTest)
    assert bodies[4].passed


def test_a_muted_box_tests_itself_later(home: Home) -> None:
    home.room.muted = True
    home.box.clock.travel(office("2026-11-24 07:51"))
    home.box.watcher.wait_for(Connected)
    home.hub.order("sato-1", Command(id="c1", kind=CommandKind.selftest))
    home.hub.wait_for_state(1)
    home.room.muted = False
    home.box.clock.forward(minutes=11)
    home.box.clock.travel(office("2026-11-24 08:02") + timedelta(seconds=1))
    home.box.watcher.wait_for(EventAcked)
    assert any(isinstance(event.body, SelfTest) for event in home.hub.stored())
