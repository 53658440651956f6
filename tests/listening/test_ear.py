"""One question's answer, or the honest reason why there is none. A dead microphone is never a silent person (P2)."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.listen.ear import DeadMicrophone, Ear, Listening, ListeningKind
from device.listen.microphone import FRAME, FRAME_SECONDS, MicrophoneFault, Samples
from device.listen.settings import load_settings
from tests.listening.doubles import Marked, Notebook, Script, frames, marked

SETTINGS = load_settings()
SKIPPED = frames(SETTINGS.microphone.open_after_prompt.total_seconds())
DEAD = frames(SETTINGS.microphone.dead_after.total_seconds())


def answer(before: int = 20, speaking: int = 30) -> list[Samples]:
    """A microphone's frames: the ringing after the prompt, a pause, somebody speaking."""
    ringing = [marked(True, number) for number in range(SKIPPED)]
    waiting = [marked(False, number) for number in range(before)]
    return ringing + waiting + [marked(True, number) for number in range(speaking)]


def listen(microphone: Script, recognizer: Notebook | None = None) -> Listening:
    return Ear(microphone, recognizer or Notebook(), SETTINGS, Marked()).listen()


def test_an_answer_is_heard_with_the_time_it_took_to_begin() -> None:
    microphone = Script(answer())
    listening = listen(microphone, Notebook("はい、元気です", 0.7))
    assert listening.outcome_kind is ListeningKind.speech
    assert listening.heard is not None
    assert (listening.heard.text, listening.heard.confidence) == ("はい、元気です", 0.7)
    assert listening.first_word_s == pytest.approx(0.5 + 20 * FRAME_SECONDS, abs=FRAME_SECONDS)
    assert (microphone.opened, microphone.closed) == (1, 1)


def test_the_prompt_ringing_in_the_room_is_not_taken_for_an_answer() -> None:
    listening = listen(Script([marked(True, number) for number in range(SKIPPED)]))
    assert listening.outcome_kind is ListeningKind.no_sound


def test_the_recognizer_gets_the_answer_and_nothing_of_the_waiting() -> None:
    book = Notebook()
    listen(Script(answer(before=100, speaking=30)), book)
    lead = frames(SETTINGS.speech.lead.total_seconds())
    tail = frames(SETTINGS.speech.tail.total_seconds())
    assert book.samples().size == (lead + 30 + tail) * FRAME


def test_every_question_gets_a_fresh_utterance() -> None:
    book = Notebook()
    ear = Ear(Script(answer() + [marked(False, 0)] * 200), book, SETTINGS, Marked())
    ear.listen()
    ear.listen()
    assert len(book.taken) == 2
    assert book.samples(1).size == 0


def test_recognizing_starts_in_the_first_pause() -> None:
    book = Notebook()
    listen(Script(answer()), book)
    assert book.pauses == [book.samples().size]


def test_a_quiet_room_is_no_sound_and_not_a_word_is_made_up() -> None:
    listening = listen(Script([]), Notebook("はい、元気です"))
    assert listening.outcome_kind is ListeningKind.no_sound
    assert listening.heard is None


def test_clatter_without_words_is_no_words() -> None:
    listening = listen(Script([marked(False, number, level=3000) for number in range(400)]))
    assert listening.outcome_kind is ListeningKind.no_words
    assert listening.heard is None


def test_speech_without_words_is_still_speech() -> None:
    listening = listen(Script(answer()), Notebook("", 0.0))
    assert listening.outcome_kind is ListeningKind.speech
    assert listening.heard is not None
    assert listening.heard.text == ""


@pytest.mark.parametrize("level", [0, 1, -7, 32767, -32768])
def test_a_silent_microphone_is_a_fault_not_a_silent_person(level: int) -> None:
    dead = [np.full(FRAME, level, dtype=np.int16)] * 1000
    assert listen(Script(dead)).outcome_kind is ListeningKind.mic_fault


def test_a_microphone_that_dies_while_somebody_thinks_is_a_fault() -> None:
    alive = [marked(False, number) for number in range(100)]
    listening = listen(Script(alive + [np.zeros(FRAME, dtype=np.int16)] * 1000))
    assert listening.outcome_kind is ListeningKind.mic_fault


def test_a_microphone_that_dies_right_after_the_answer_does_not_take_it_along() -> None:
    listening = listen(Script(answer() + [np.zeros(FRAME, dtype=np.int16)] * 1000))
    assert listening.outcome_kind is ListeningKind.speech


def test_a_microphone_that_is_not_there_is_a_fault() -> None:
    microphone = Script([])
    microphone.fault_at_open = True
    assert listen(microphone).outcome_kind is ListeningKind.mic_fault
    assert microphone.closed == 1


@pytest.mark.parametrize("pulled_after", [0, 5, SKIPPED + 10, SKIPPED + 40])
def test_a_microphone_that_is_pulled_out_is_a_fault_whenever_it_happens(pulled_after: int) -> None:
    microphone = Script(answer()[:pulled_after], fault_at_end=True)
    assert listen(microphone).outcome_kind is ListeningKind.mic_fault
    assert microphone.closed == 1


def test_a_muted_microphone_is_not_even_opened() -> None:
    microphone = Script(answer())
    microphone.muted = True
    assert listen(microphone).outcome_kind is ListeningKind.muted
    assert microphone.opened == 0


def test_a_switch_turned_off_while_listening_is_muted_and_nothing_is_recognized() -> None:
    microphone = Script(answer())
    microphone.mute_at = SKIPPED + 30
    book = Notebook()
    listening = listen(microphone, book)
    assert listening.outcome_kind is ListeningKind.muted
    assert listening.heard is None
    assert microphone.closed == 1


def test_the_milliseconds_of_each_stage_are_told() -> None:
    ticks = itertools.count()
    ear = Ear(Script(answer()), Notebook(), SETTINGS, Marked(), counter=lambda: next(ticks) * 0.001)
    stages = ear.listen().stage_ms
    fed = 20 + 30 + frames(SETTINGS.speech.ends_after_silence.total_seconds())
    assert stages["endpoint"] == pytest.approx(fed)
    assert stages["silence"] == pytest.approx(1200, abs=32)
    assert stages["listen"] == pytest.approx((SKIPPED + fed) * FRAME_SECONDS * 1000, abs=32)
    assert stages["recognize"] >= 0


@given(st.lists(st.tuples(st.booleans(), st.integers(1, DEAD + 3)), max_size=8))
def test_only_the_same_number_over_and_over_makes_a_microphone_dead(runs: list[tuple[bool, int]]) -> None:
    alive = [is_alive for is_alive, count in runs for _ in range(count)]
    dead = DeadMicrophone(SETTINGS.microphone)
    longest = max((len(list(run)) for is_alive, run in itertools.groupby(alive) if not is_alive), default=0)
    found = False
    try:
        for number, is_alive in enumerate(alive):
            dead.feed(marked(False, number) if is_alive else np.zeros(FRAME, dtype=np.int16))
    except MicrophoneFault:
        found = True
    assert found == (longest >= DEAD)
