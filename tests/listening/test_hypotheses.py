"""What one sound may have said is weighed by its sounds, and words count more than syllables."""

import numpy as np
import pytest

from device.listen.hypotheses import SOUNDED, weigh
from device.listen.phonemes.head import PhonemeHead
from device.listen.whisper_model import Hypotheses, WhisperModel
from tests.listening.conftest import Say, model

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def head() -> PhonemeHead:
    return PhonemeHead.read()


@pytest.fixture(scope="module")
def whisper_model() -> WhisperModel:
    return WhisperModel(model("whisper-base"), threads=1, window_frames=1000)


@pytest.fixture(scope="module")
def found(whisper_model: WhisperModel, say: Say) -> Hypotheses:
    return whisper_model.hypotheses(say("足が痛くて立てません"))


def test_the_encoder_gives_the_same_with_and_without_the_search(
    whisper_model: WhisperModel, say: Say, found: Hypotheses
) -> None:
    np.testing.assert_allclose(whisper_model.encoded(say("足が痛くて立てません")), found.encoded, atol=1e-5)


def test_what_sounds_right_comes_before_what_was_proposed_first(head: PhonemeHead, found: Hypotheses) -> None:
    weighed = weigh(head, found.encoded, ["朝がいたって建ってます", "足が痛くて立てません"])
    first, *others = weighed
    assert first == "足が痛くて立てません"
    assert weighed[first] == 1.0
    assert weighed["朝がいたって建ってます"] < 0.2
    assert all(0.0 <= weighed[one] <= 1.0 for one in others)


def test_without_any_words_the_sounds_are_left(head: PhonemeHead, found: Hypotheses) -> None:
    weighed = weigh(head, found.encoded, [])
    assert 1 <= len(weighed) <= SOUNDED
    assert "いたくてたてません" in next(iter(weighed))


def test_where_nothing_sounds_nothing_is_proposed(head: PhonemeHead, found: Hypotheses) -> None:
    assert "" not in weigh(head, np.repeat(found.encoded[:1], 20, axis=0), [])
