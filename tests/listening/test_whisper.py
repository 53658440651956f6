"""Whisper as it was measured: a bounded window, no invented answers, no loops."""

import importlib.metadata
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.listen.ear import Ear
from device.listen.microphone import FRAME, RATE, Samples
from device.listen.recognizer import SURE, Heard
from device.listen.recording import FileMicrophone
from device.listen.settings import load_settings
from device.listen.whisper import LOGPROB_LIMIT, WhisperRecognizer, confidence_of, without_loops
from device.listen.whisper_model import WINDOW_FRAMES, padded
from tests.listening.conftest import Say
from tests.listening.readings import kana_error
from tests.listening.sounds import junk, quiet_room

ROOT = Path(__file__).parent.parent.parent

SENTENCES = [
    "はい、元気です",
    "いつもどおりです",
    "足が痛くて立てません",
    "誰かに来てほしい",
    "助けて、転んで動けない",
]


def hear(whisper: WhisperRecognizer, sound: Samples) -> Heard:
    """What is heard with as much of the room around it as the endpointer leaves; without it Whisper drops endings."""
    room = quiet_room(0.32, seed=3)
    sound = np.concatenate([room, sound, room])
    utterance = whisper.utterance()
    for start in range(0, sound.size, FRAME):
        utterance.accept(sound[start : start + FRAME])
    return utterance.finish()


@pytest.mark.models
@pytest.mark.parametrize("voice", ["jf_alpha", "jm_kumo"])
def test_natural_voices_are_understood_to_the_kana(whisper: WhisperRecognizer, say: Say, voice: str) -> None:
    errors = [kana_error(text, hear(whisper, say(text, voice)).text) for text in SENTENCES]
    assert sum(errors) / len(errors) < 0.12


@pytest.mark.models
def test_an_answer_longer_than_the_window_is_heard_to_its_end(whisper: WhisperRecognizer, say: Say) -> None:
    texts = [
        "今朝は早く起きて、ご飯を食べました",
        "それから畑へ行って、草をむしりました",
        "帰りに転んで、足が痛くて動けません",
    ]
    pause = quiet_room(0.7)
    sound = np.concatenate([part for text in texts for part in (say(text), pause)])
    assert sound.size / RATE > 11
    heard = hear(whisper, sound).text
    assert kana_error("".join(texts), heard) < 0.2


@pytest.mark.models
def test_short_speech_costs_a_third_of_the_stock_window(
    whisper: WhisperRecognizer, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    engine = whisper._model._engine.model
    encode = engine.encode

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(engine, name)

        def encode(self, features: object, to_cpu: bool = False) -> object:
            encoded.append(features.shape[-1])  # type: ignore[attr-defined]
            return encode(features, to_cpu=to_cpu)

    monkeypatch.setattr(whisper._model._engine, "model", Watched())
    hear(whisper, say("はい、元気です"))
    assert encoded == [WINDOW_FRAMES]


def test_the_version_whose_inside_we_rely_on_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["whisper"] == ["faster-whisper==1.2.1"]
    assert importlib.metadata.version("faster-whisper") == "1.2.1"


@given(content=st.integers(0, 3000))
def test_short_speech_is_padded_to_the_window_and_long_speech_is_left_whole(content: int) -> None:
    features = np.full((80, content), 0.5, dtype=np.float32)
    whole = padded(features)
    assert whole.shape == (80, max(WINDOW_FRAMES, content))
    assert whole.flags.c_contiguous
    assert whole.sum() == features.sum()


@pytest.mark.models
def test_what_is_decoded_in_the_pause_is_what_is_taken(whisper: WhisperRecognizer, say: Say) -> None:
    sound = say("いつもどおりです")
    utterance, at_the_end = whisper.utterance(), whisper.utterance()
    utterance.accept(sound)
    utterance.pause()
    utterance.pause()
    early = utterance.finish()
    at_the_end.accept(sound)
    late = at_the_end.finish()
    assert (early.text, early.confidence) == (late.text, late.confidence)


@pytest.mark.models
def test_who_goes_on_after_a_pause_is_heard_whole(whisper: WhisperRecognizer, say: Say) -> None:
    first, second = say("はい"), say("でも足が痛いです")
    utterance = whisper.utterance()
    utterance.accept(np.concatenate([first, quiet_room(0.4)]))
    utterance.pause()
    utterance.accept(second)
    assert "痛" in utterance.finish().text


@pytest.mark.models
def test_nothing_said_is_nothing_heard(whisper: WhisperRecognizer) -> None:
    heard = whisper.utterance().finish()
    assert (heard.text, heard.confidence) == ("", 0.0)


@pytest.mark.models
@pytest.mark.parametrize("name", [*junk(), "quiet room"])
def test_an_empty_living_room_never_answers(whisper: WhisperRecognizer, name: str) -> None:
    sound = (junk() | {"quiet room": quiet_room(4)})[name]
    listening = Ear(FileMicrophone(sound), whisper, load_settings()).listen()
    assert listening.heard is None or listening.heard.text == ""


def test_confidence_says_sure_exactly_where_the_limit_was_measured() -> None:
    assert confidence_of(LOGPROB_LIMIT) == pytest.approx(SURE)
    assert confidence_of(0.0) == 1.0


@given(a=st.floats(-20, 0), b=st.floats(-20, 0))
def test_confidence_follows_the_engine(a: float, b: float) -> None:
    assert 0.0 <= confidence_of(a) <= 1.0
    if a < b:
        assert confidence_of(a) < confidence_of(b) or math.isclose(a, b, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("はいはいはいはいはいはいはい", "はいはい"),
        ("ご視聴ありがとうございました。" * 6, "ご視聴ありがとうございました。" * 6),
        ("あああああああ", "ああ"),
        ("痛い、痛い、痛い、痛い、痛い、痛い、助けて", "痛い、痛い、助けて"),
    ],
)
def test_loops_are_cut(text: str, left: str) -> None:
    assert without_loops([text, "はい"]) == [left, "はい"]


@pytest.mark.parametrize("text", ["痛い、痛い、痛い", "はいはい、元気です", "助けて、助けて、助けて、助けて"])
def test_people_who_repeat_themselves_are_left_as_they_are(text: str) -> None:
    assert without_loops([text]) == [text]
