"""助けて outside of a question: with consent only, on final words only, and at once."""

import threading
import time

import pytest

from contract.commands import Command, CommandKind
from contract.events import Intent, Recall, Sos
from device.fittings import Fittings
from device.listen.microphone import Samples
from device.listen.overhear import LevelGate, Overhearing
from device.listen.recognizer import Decoder, Recognizer, Words
from device.listen.settings import load_settings
from device.steps import Asked, ConfigTaken, EventMade, ListeningAlong, Said
from device.talk.cry import Judge, When, load_help_words
from device.talk.overheard import Budget
from device.talk.own_words import without_ours
from device.talk.turns import Meant
from tests.clock import office
from tests.device.conftest import Box
from tests.device.home import eventually
from tests.device.hub_stand_in import HubStandIn, changed
from tests.device.test_speaker import MORNING, bodies
from tests.listening.doubles import Marked, frames, marked

WATCHED = changed(MORNING, listen_for_help=True)
SETTINGS = load_settings()
MAYBE = "もごもご、倒れ"
"""Distress, and not certainly so."""


class Air:
    """A microphone in which somebody speaks when a test says so; silence passes quickly, and never spins."""

    def __init__(self) -> None:
        self.muted = False
        self.opened = 0
        self.is_open = False
        self._waiting: list[Samples] = []

    def speak(self, seconds: float = 0.6) -> None:
        """Lines, and the silence after them."""
        self._waiting += [marked(True)] * frames(seconds) + [marked(False)] * frames(1.2)

    def open(self) -> None:
        self.opened += 1
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def frame(self) -> Samples:
        if self._waiting:
            return self._waiting.pop(0)
        time.sleep(0.001)
        return marked(False)


class Lines(Recognizer):
    """Hears the next line of what a test put there."""

    def __init__(self) -> None:
        super().__init__("words")
        self.lines: list[str] = []
        self.asked = 0

    def _decoder(self) -> Decoder:
        return _Line(self)


class _Line:
    def __init__(self, words: Lines) -> None:
        self._words = words

    def accept(self, samples: Samples) -> None:
        pass

    def pause(self) -> None:
        pass

    def finish(self) -> Words:
        self._words.asked += 1
        return Words(self._words.lines.pop(0) if self._words.lines else "", 0.9)


@pytest.fixture
def air(box: Box) -> Air:
    made = Air()
    box.fittings = Fittings(overhearing=Overhearing(made, SETTINGS, Marked()), recognizer=Lines())
    return made


def recognizer_of(box: Box) -> Lines:
    assert box.fittings
    assert isinstance(box.fittings.recognizer, Lines)
    return box.fittings.recognizer


def say(box: Box, air: Air, line: str) -> None:
    recognizer_of(box).lines.append(line)
    air.speak()


def calls(box: Box) -> list[Sos]:
    return [step.event.body for step in box.watcher.all(EventMade) if isinstance(step.event.body, Sos)]


def test_a_cry_between_questions_goes_out_at_once_and_is_told(hub: HubStandIn, box: Box, air: Air) -> None:
    hub.configure("sato-1", WATCHED)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    assert box.watcher.wait_for(ListeningAlong).why == "waiting"
    say(box, air, "助けて、倒れた")
    assert box.watcher.wait_for(Said).text.startswith("伝わりました。")
    assert hub.stored()[0].body == Sos(trigger="voice")


def test_what_may_have_been_a_cry_is_asked_about_once_and_only_a_yes_calls(
    hub: HubStandIn, box: Box, air: Air
) -> None:
    hub.configure("sato-1", WATCHED)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.watcher.wait_for(ListeningAlong)
    box.resident.lines.append("いいえ")
    say(box, air, MAYBE)
    assert "助けが必要ですか" in box.watcher.wait_for(Said).text
    assert box.watcher.wait_for(Said, 2).text.startswith("わかりました")
    say(box, air, MAYBE)
    asked_twice = recognizer_of(box)
    assert eventually(lambda: asked_twice.asked >= 2)
    box.clock.forward(minutes=11)
    box.resident.lines.append("はい")
    say(box, air, MAYBE)
    assert "助けが必要ですか" in box.watcher.wait_for(Said, 3).text
    assert box.watcher.wait_for(Said, 4).text.startswith("伝わりました。")
    assert calls(box) == [Sos(trigger="voice")]


def test_without_consent_nobody_listens_between_questions(hub: HubStandIn, box: Box, air: Air) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(Said)
    opened = air.opened
    hub.order("sato-1", Command(id="c1", kind=CommandKind.say, text="明日はごみの日です。"))
    box.watcher.wait_for(Said, 2)
    assert {step.why for step in box.watcher.all(ListeningAlong)} <= {"speaking", None}
    assert (air.opened, air.is_open) == (opened, False)


def test_a_switch_that_is_off_is_respected(hub: HubStandIn, box: Box, air: Air) -> None:
    air.muted = True
    hub.configure("sato-1", WATCHED)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(Said)
    assert (air.opened, box.watcher.all(ListeningAlong)) == (0, [])


def test_a_cry_while_the_box_speaks_goes_out_without_waiting_for_the_answer(
    hub: HubStandIn, box: Box, air: Air
) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.loudspeaker.while_playing = lambda: cry(box, air)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(Asked)
    assert eventually(lambda: bool(calls(box)))
    assert calls(box) == [Sos(trigger="voice", slot="2026-11-24/morning")]
    assert box.watcher.wait_for(Said).text.startswith("伝わりました。")
    (check_in,) = [step.event.body for step in box.watcher.all(EventMade) if step.event.type == "check_in"]
    assert check_in.intent is Intent.emergency  # type: ignore[union-attr]


def cry(box: Box, air: Air) -> None:
    """Shout over the prompt, once, and leave it time to be heard."""
    box.loudspeaker.while_playing = lambda: None
    say(box, air, "おはようございます助けて")
    heard = threading.Event()
    box.watcher.on_step = lambda step: heard.set() if isinstance(step, EventMade) else None
    heard.wait(10.0)


def test_our_own_prompt_is_no_cry(hub: HubStandIn, box: Box, air: Air) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)

    def echo() -> None:
        say(box, air, "伝わりました、助けの知らせが、社協に")
        recognizer = recognizer_of(box)
        before = recognizer.asked
        eventually(lambda: recognizer.asked > before)

    box.resident.lines.append("助けて、倒れた")
    heard_before_help = 2  # the greeting and the question
    box.loudspeaker.while_playing = lambda: (
        echo() if len(box.loudspeaker.clips) == heard_before_help else None
    )
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(Said)
    assert recognizer_of(box).asked >= 1
    assert len(calls(box)) == 1


def test_a_mistake_is_taken_back_minutes_later(hub: HubStandIn, box: Box, air: Air) -> None:
    hub.configure("sato-1", MORNING)
    box.resident.lines.extend(["助けて、倒れた", "no_sound", "はい"])
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(Said)
    assert eventually(lambda: [s.why for s in box.watcher.all(ListeningAlong)][-1:] == ["recall"])
    box.clock.forward(minutes=5)
    say(box, air, "まちがいやった")
    assert box.watcher.wait_for(Said, 3).text.startswith("わかりました。まちがいだったと")
    hub.wait_for(3)
    (recall,) = bodies(hub, Recall)
    assert isinstance(recall, Recall)
    box.clock.forward(minutes=6)
    assert eventually(lambda: not air.is_open)


def test_after_ten_minutes_nobody_listens_for_a_mistake_any_more(hub: HubStandIn, box: Box, air: Air) -> None:
    hub.configure("sato-1", MORNING)
    box.resident.lines.append("助けて、倒れた")
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    assert eventually(lambda: [s.why for s in box.watcher.all(ListeningAlong)][-1:] == ["recall"])
    box.clock.forward(minutes=10)
    assert eventually(lambda: not air.is_open)


def meant(text: str, *, certain: bool = True, clear: bool = True, confidence: float = 0.95) -> Meant:
    return Meant(Intent.emergency, confidence, certain, text, clear)


TALK = Meant(Intent.unrelated, 0.9, True, "今日の天気です")


def test_only_a_clear_and_certain_cry_counts_outside_of_a_question() -> None:
    assert Judge(load_help_words()).is_cry(meant("動けん"), When.waiting, 0.0)
    for doubtful in (
        meant("動けん", certain=False),
        meant("動けん", clear=False),
        meant("動けん", confidence=0.6),
    ):
        assert not Judge(load_help_words()).is_cry(doubtful, When.waiting, 0.0)


def test_amid_talk_a_cry_has_to_come_twice() -> None:
    judge = Judge(load_help_words())
    for second in range(3):
        assert not judge.is_cry(TALK, When.waiting, float(second))
    assert not judge.is_cry(meant("助けて"), When.waiting, 10.0)
    assert judge.is_cry(meant("助けて"), When.waiting, 20.0)
    quiet_again = Judge(load_help_words())
    for second in range(3):
        quiet_again.is_cry(TALK, When.waiting, float(second))
    assert quiet_again.is_cry(meant("助けて"), When.waiting, 70.0)


def test_what_is_less_than_a_cry_is_asked_about_unless_somebody_keeps_talking() -> None:
    judge = Judge(load_help_words())
    doubtful = meant("倒れ", certain=False)
    assert not judge.is_cry(doubtful, When.waiting, 0.0)
    assert judge.may_be_cry(doubtful, When.waiting)
    assert not judge.may_be_cry(TALK, When.waiting)
    for second in range(3):
        judge.is_cry(TALK, When.waiting, float(second))
    assert not judge.may_be_cry(doubtful, When.waiting)


def test_over_our_own_voice_only_plain_words_of_help_count() -> None:
    assert Judge(load_help_words()).is_cry(meant("タスケテ"), When.speaking, 0.0)
    assert not Judge(load_help_words()).is_cry(meant("動けん"), When.speaking, 0.0)
    assert not load_help_words().call("この前は助けてもらった")


def test_what_sounds_like_our_prompt_is_taken_out() -> None:
    prompt = "佐藤さん、おはようございます。お変わりありませんか。"
    assert without_ours("お変わりありませんか", prompt) == ""
    assert without_ours("お変わりありませんか、助けて", prompt) == "タスケテ"
    assert without_ours("助けて", prompt) == "助けて"


def test_a_television_does_not_keep_the_recognizer_at_work() -> None:
    budget = Budget(0.05, 6.0)
    worked = 0.0
    for second in range(3600):
        if budget.allows(float(second)):
            budget.spend(1.0)
            worked += 1.0
    assert worked <= 0.05 * 3600 + 7.0


def test_in_a_quiet_room_the_voice_detector_sleeps() -> None:
    class Counting(Marked):
        asked = 0

        def __call__(self, frame: Samples) -> float:
            self.asked += 1
            return super().__call__(frame)

    detector = Counting()
    gate = LevelGate(detector, SETTINGS.overhearing)
    for _ in range(frames(60)):
        gate(marked(False))
    asleep = detector.asked
    assert asleep == 0
    assert gate(marked(True)) > 0.5
    for _ in range(frames(5)):
        gate(marked(False))
    assert 0 < detector.asked <= frames(1.5) + 1
