"""How loud: learned in each home, kept over restarts, softer at night, never off and never above the card's full."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.commands import Config
from contract.events import CheckIn, Intent, Outcome
from device.memory import Memory
from device.speak.loudness import Learned, gain_db, learn, load_loudness_settings
from device.speak.volume import HomeVolume
from device.steps import AskingEnded, ConfigTaken, EventMade, Said, Step, Understood
from device.store import Store
from device.talk.mouth import QUIETEST, Mouth
from device.understand.meaning import Meaning
from tests.clock import office
from tests.device.conftest import Box
from tests.device.home import MEANINGS, Beeper, Loudspeaker
from tests.device.hub_stand_in import HubStandIn

SETTINGS = load_loudness_settings()
NOON, NIGHT = office("2026-11-24 12:00"), office("2026-11-24 23:00")
SLOT = "2026-11-24/morning"
AGAIN = Understood(Meaning(intent=Intent.repeat, confidence=0.9, reading="", because=[], certain=True), 1.0)
ANSWERED = AskingEnded(CheckIn(slot=SLOT, outcome=Outcome.answered, intent=Intent.fine))
SILENT = AskingEnded(CheckIn(slot=SLOT, outcome=Outcome.no_sound))


def after(*steps: Step, begin: Learned | None = None) -> Learned:
    learned = begin or Learned()
    for step in steps:
        learned = learn(learned, step, SETTINGS)
    return learned


def test_who_did_not_hear_is_spoken_to_louder_up_to_a_limit() -> None:
    assert after(AGAIN).louder_db == SETTINGS.louder_by_db
    assert after(*[AGAIN] * 20).louder_db == SETTINGS.loudest_db


def test_after_many_answers_without_asking_again_it_is_a_little_softer() -> None:
    loud = after(AGAIN, AGAIN, ANSWERED)
    assert after(*[ANSWERED] * (SETTINGS.softer_after - 1), begin=loud).louder_db == loud.louder_db
    assert after(*[ANSWERED] * SETTINGS.softer_after, begin=loud).louder_db == loud.louder_db - 1.0


def test_silence_teaches_nothing() -> None:
    assert after(*[SILENT] * 100).louder_db == 0.0


@pytest.mark.parametrize(("room", "gain"), [(None, 0.0), (-70.0, 0.0), (-51.0, 2.0), (-20.0, 6.0)])
def test_a_loud_room_is_spoken_over(room: float | None, gain: float) -> None:
    assert gain_db(Learned(), room, NOON, SETTINGS) == gain


@pytest.mark.parametrize(
    ("hour", "night"), [("20:59", False), ("21:00", True), ("23:59", True), ("05:59", True), ("06:00", False)]
)
def test_the_night_is_softer(hour: str, night: bool) -> None:
    assert (gain_db(Learned(), None, office(f"2026-11-24 {hour}"), SETTINGS) < 0) is night


@given(st.floats(0.0, 1.0), st.floats(-40.0, 40.0))
def test_no_gain_turns_a_voice_off_or_over(volume: float, gain: float) -> None:
    loudspeaker = Loudspeaker()
    mouth = Mouth(Beeper(), loudspeaker)
    mouth.volume, mouth.gain_db = max(volume, QUIETEST), gain
    mouth.say(["おはよう"])
    peak = int(np.abs(loudspeaker.clips[0].samples).max())
    assert round(10_000 * QUIETEST) <= peak <= 10_000


def test_what_was_learned_survives_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "t")
    mouth = Mouth(Beeper(), Loudspeaker())
    HomeVolume(mouth, Memory(store), None).observe(AGAIN)
    store.close()
    store = Store.open(tmp_path, "t")
    volume = HomeVolume(mouth, Memory(store), None)
    volume.tick(NOON)
    assert mouth.gain_db == SETTINGS.louder_by_db
    store.close()


def test_a_call_for_help_at_night_is_answered_at_days_volume(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", Config(revision=1, volume=0.5))
    box.clock.travel(NIGHT)
    box.resident.lines.append(next(text for text, intent in MEANINGS.items() if intent is Intent.emergency))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    hub.order("sato-1", b'{"id": "c1", "kind": "ask_now"}')
    box.watcher.wait_for(EventMade)
    box.watcher.wait_for(Said)
    question, told = box.loudspeaker.clips[0], box.loudspeaker.clips[-1]
    assert np.abs(question.samples).max() == pytest.approx(2506, abs=5)
    assert np.abs(told.samples).max() == 5000
