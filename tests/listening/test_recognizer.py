"""What every engine may rely on, and what whoever asks one may rely on."""

import itertools

import numpy as np
import pytest

from device.listen.microphone import FRAME, RATE, Samples
from device.listen.recognizer import LONGEST_SECONDS, Decoder, Recognizer
from tests.listening.doubles import Notebook, marked


def test_the_milliseconds_are_what_the_caller_waited_for_the_engine() -> None:
    ticks = itertools.count()
    book = Notebook()
    book._counter = lambda: next(ticks) * 0.010
    utterance = book.utterance()
    utterance.accept(marked(True))
    utterance.pause()
    assert utterance.finish().milliseconds == pytest.approx(30)


def test_the_engine_is_named_with_what_it_heard() -> None:
    assert Notebook().utterance().finish().engine == "notebook"


def test_television_fills_no_memory() -> None:
    book = Notebook()
    utterance = book.utterance()
    for _ in range(round(2 * LONGEST_SECONDS * RATE / FRAME)):
        utterance.accept(marked(True))
    assert book.samples().size == LONGEST_SECONDS * RATE


def test_an_utterance_is_used_once() -> None:
    utterance = Notebook().utterance()
    utterance.finish()
    with pytest.raises(RuntimeError):
        utterance.finish()
    with pytest.raises(RuntimeError):
        utterance.accept(marked(True))


@pytest.mark.parametrize("frame", [np.zeros(FRAME), np.zeros((FRAME, 2), dtype=np.int16)])
def test_sound_of_another_shape_is_refused(frame: Samples) -> None:
    with pytest.raises(TypeError, match="int16"):
        Notebook().utterance().accept(frame)


@pytest.mark.parametrize(("raw", "told"), [(1.7, 1.0), (-0.1, 0.0), (0.4, 0.4)])
def test_confidence_is_between_nought_and_one(raw: float, told: float) -> None:
    assert Notebook("はい", raw).utterance().finish().confidence == told


def test_text_has_no_space_around_it() -> None:
    assert Notebook("  はい \n").utterance().finish().text == "はい"


def test_a_new_engine_is_one_hook() -> None:
    class Parrot(Recognizer):
        def _decoder(self) -> Decoder:
            return Notebook("おはよう")._decoder()

    assert Parrot("parrot").utterance().finish().text == "おはよう"
