"""The voice that is wanted, the one that is left, and both behind pyttsx3; a fault is never kept secret."""

import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.events import Fault, Outcome
from device.fittings import Fittings
from device.speak.cache import PromptCache
from device.speak.espeak import EspeakVoice, in_kana
from device.speak.last_resort import LastResort
from device.speak.loudspeaker import SpeakerFault
from device.speak.openjtalk import OpenJTalkVoice
from device.speak.pyttsx3_drivers import register
from device.speak.voice import Clip
from device.steps import AskingEnded, Connected
from tests.device.conftest import Box
from tests.device.home import Beeper, Loudspeaker, eventually
from tests.device.hub_stand_in import HubStandIn

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="apt-get install espeak-ng")


class Mute:
    """A voice whose library does not load."""

    name = "mute"

    def __init__(self) -> None:
        self.works = False

    def render(self, text: str, rate: float = 0.85) -> Clip:
        if not self.works:
            raise ImportError("libopenjtalk.so: cannot open shared object file")
        return Beeper().render(text, rate)


# ---- espeak ---------------------------------------------------------------------------------------------------


@needs_espeak
def test_espeak_speaks_kanji_as_words_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    voice = EspeakVoice()
    sentence = voice.render("佐藤さん、おはようございます。お変わりありませんか。")
    letters = voice.render("chinese letter, chinese letter")
    assert 2.0 < sentence.seconds < 9.0
    assert np.abs(sentence.samples).max() > 3000
    assert letters.seconds != sentence.seconds
    assert list(tmp_path.iterdir()) == []


@needs_espeak
def test_slower_is_longer() -> None:
    voice = EspeakVoice()
    assert (
        voice.render("おはようございます。", 0.6).seconds
        > 1.3 * voice.render("おはようございます。", 1.2).seconds
    )


def test_words_become_kana_without_open_jtalk() -> None:
    assert in_kana("佐藤さん、お変わりありませんか。") == "サトウサン、オカワリアリマセンカ。"
    with pytest.raises(ValueError, match="nothing to say"):
        EspeakVoice().render("。。。！")


# ---- the last resort ------------------------------------------------------------------------------------------


def test_the_other_voice_speaks_and_the_fault_is_seen_until_the_first_is_back() -> None:
    wanted = Mute()
    voice = LastResort(wanted, Beeper())
    assert voice.render("三文字").samples.size == 3
    assert "mute does not speak" in str(voice.broken)
    wanted.works = True
    voice.render("三文字")
    assert voice.broken is None


def test_what_was_rendered_ahead_is_still_heard_in_the_wanted_voice(tmp_path: Path) -> None:
    wanted = Mute()
    wanted.works = True
    PromptCache(wanted, tmp_path).render("おはよう")
    wanted.works = False
    voice = LastResort(PromptCache(wanted, tmp_path), EspeakVoice())
    assert voice.render("おはよう").samples.size == 4
    assert voice.broken is None


def test_no_voice_at_all_is_a_loudspeaker_that_says_nothing() -> None:
    with pytest.raises(SpeakerFault, match="no voice is left"):
        LastResort(Mute(), Mute()).render("おはよう")


def test_nothing_to_say_is_no_fault() -> None:
    voice = LastResort(OpenJTalkVoice(), Mute())
    with pytest.raises(ValueError, match="nothing"):
        voice.render(" ")
    assert voice.broken is None


def test_a_home_whose_voice_is_gone_reports_it_and_still_asks(box: Box, hub: HubStandIn) -> None:
    wanted = Mute()
    voice = LastResort(wanted, Beeper())
    box.voice = voice
    box.fittings = Fittings(voice=voice)
    box.switch_on()
    box.watcher.wait_for(Connected)
    hub.order("sato-1", b'{"id": "c1", "kind": "ask_now"}')
    assert box.watcher.wait_for(AskingEnded).check_in.outcome is Outcome.no_sound

    def parts() -> list[tuple[str, str]]:
        bodies = [event.body for event in hub.stored()]
        return [(body.part, body.state) for body in bodies if isinstance(body, Fault)]

    assert eventually(lambda: parts() == [("model", "broken")])
    wanted.works = True
    hub.order("sato-1", b'{"id": "c2", "kind": "locate"}')
    assert eventually(lambda: parts() == [("model", "broken"), ("model", "mended")])


def test_a_home_without_any_voice_reports_that_nothing_was_played(box: Box, hub: HubStandIn) -> None:
    voice = LastResort(Mute(), Mute())
    box.voice = voice
    box.fittings = Fittings(voice=voice)
    box.switch_on()
    box.watcher.wait_for(Connected)
    hub.order("sato-1", b'{"id": "c1", "kind": "ask_now"}')
    assert box.watcher.wait_for(AskingEnded).check_in.outcome is Outcome.not_played


# ---- pyttsx3 --------------------------------------------------------------------------------------------------


@pytest.fixture
def engine() -> Any:
    import pyttsx3

    loudspeaker = Loudspeaker()
    register({"openjtalk": OpenJTalkVoice, "beeper": Beeper}, loudspeaker)
    # pyttsx3 keeps its engines by name; each test wants one of its own.
    made = pyttsx3.engine.Engine("openjtalk")
    made.loudspeaker = loudspeaker
    return made


def test_pyttsx3_speaks_japanese_with_open_jtalk_again_and_again(engine: Any) -> None:
    engine.say("おはようございます。")
    engine.say("お変わりありませんか。")
    engine.runAndWait()
    assert len(engine.loudspeaker.clips) == 2
    for count in (3, 4):
        engine.say("もう一度。")
        engine.runAndWait()
        assert len(engine.loudspeaker.clips) == count


def test_pyttsx3_sets_pace_and_volume(engine: Any) -> None:
    for rate, volume in ((200, 1.0), (100, 0.5)):
        engine.setProperty("rate", rate)
        engine.setProperty("volume", volume)
        engine.say("おはようございます。")
        engine.runAndWait()
    quick, slow = engine.loudspeaker.clips
    assert slow.seconds > 1.5 * quick.seconds
    assert np.abs(slow.samples).max() < 0.7 * np.abs(quick.samples).max()
    assert engine.getProperty("voice").startswith("openjtalk")


def test_pyttsx3_writes_a_file(engine: Any, tmp_path: Path) -> None:
    engine.save_to_file("おはようございます。", str(tmp_path / "a.wav"))
    engine.runAndWait()
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() / file.getframerate() > 0.5
    assert engine.loudspeaker.clips == []


def test_pyttsx3_tells_of_a_broken_loudspeaker_and_goes_on(engine: Any) -> None:
    errors: list[Exception] = []
    finished: list[bool] = []
    engine.connect("error", lambda name, exception: errors.append(exception))
    engine.connect("finished-utterance", lambda name, completed: finished.append(completed))
    engine.loudspeaker.broken = True
    engine.say("おはよう")
    engine.runAndWait()
    engine.loudspeaker.broken = False
    engine.say("おはよう")
    engine.runAndWait()
    assert [type(error) for error in errors] == [SpeakerFault]
    assert finished == [False, True]


def test_pyttsx3_says_nothing_of_what_was_stopped(engine: Any) -> None:
    engine.say("おはよう")
    engine.runAndWait()
    engine.say("これは言わない")
    engine.stop()
    engine.proxy._driver.startLoop()
    assert len(engine.loudspeaker.clips) == 1
