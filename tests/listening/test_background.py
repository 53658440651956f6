"""A television keeps the voice detector open; whoever answers is nearer, and is heard from there to there."""

import itertools

import pytest

from device.listen.ear import Ear, ListeningKind
from device.listen.endpointer import Endpoint, Endpointer
from device.listen.microphone import FRAME, FRAME_SECONDS, Samples
from device.listen.settings import load_settings
from tests.listening.doubles import Marked, Notebook, Script, frames, marked

SETTINGS = load_settings()
SPEECH = SETTINGS.speech
SILENCE = frames(SPEECH.ends_after_silence.total_seconds())
LEAD = frames(SPEECH.lead.total_seconds())
TAIL = frames(SPEECH.tail.total_seconds())
LATE = TAIL // 2
"""The room is known by its middle level over a tail's length, so its frames are told from the voice this much later."""
LONGEST = frames(SPEECH.longest.total_seconds())
SKIPPED = frames(SETTINGS.microphone.open_after_prompt.total_seconds())

TELEVISION, NEAR, FADING = 300, 3000, 1000
"""Levels of frames that the detector calls speech; the resident is 14 dB above the television."""


def numbered(*parts: tuple[int, int]) -> list[Samples]:
    """So many frames of speech at such a level, one part after the other; level 8 is a room at night."""
    flat = [level for count, level in parts for _ in range(count)]
    return [marked(level > 8, number, level) for number, level in enumerate(flat)]


def listen(sound: list[Samples], then: int) -> tuple[Endpoint, int, list[Samples]]:
    """Feed it, then frames of speech at level `then` for ever; the end, where it came, and what was not taken back."""
    endpointer, drained = Endpointer(SETTINGS, Marked()), list[Samples]()
    rest = (marked(then > 8, number, then) for number in itertools.count(len(sound)))
    for fed, frame in enumerate(itertools.chain(sound, rest), start=1):
        endpoint = endpointer.feed(frame)
        if endpointer.takes_back():
            drained.clear()
        drained += endpointer.drain()
        if endpoint:
            return endpoint, fed, drained
    raise AssertionError("a listening must end")


def test_an_answer_ends_though_the_television_talks_on() -> None:
    endpoint, fed, _ = listen(numbered((20, TELEVISION), (60, NEAR)), then=TELEVISION)
    assert 80 + SILENCE <= fed <= 80 + LATE + SILENCE
    assert endpoint.last_word_s == pytest.approx(80 * FRAME_SECONDS, abs=LATE * FRAME_SECONDS)
    assert not endpoint.capped


def test_what_the_television_said_before_the_answer_is_no_part_of_it() -> None:
    endpoint, _, drained = listen(numbered((100, TELEVISION), (60, NEAR)), then=TELEVISION)
    assert endpoint.first_word_s == pytest.approx(100 * FRAME_SECONDS)
    heard = [int(frame[2]) for frame in drained]
    assert heard == list(range(100 - LEAD, heard[-1] + 1))
    assert 160 + TAIL <= len(heard) + 100 - LEAD <= 160 + LATE + TAIL
    assert endpoint.samples.size == len(heard) * FRAME


def test_a_pause_in_an_answer_over_a_television_does_not_end_it() -> None:
    thinking = frames(0.97)
    endpoint, fed, _ = listen(
        numbered((20, TELEVISION), (40, NEAR), (thinking, TELEVISION), (40, NEAR)), then=TELEVISION
    )
    assert 100 + thinking + SILENCE <= fed <= 100 + thinking + LATE + SILENCE
    assert endpoint.first_word_s == pytest.approx(20 * FRAME_SECONDS)


def test_a_voice_that_trails_off_in_a_quiet_room_is_heard_to_the_end() -> None:
    endpoint, _, _ = listen(numbered((30, 8), (60, NEAR), (60, FADING // 2)), then=8)
    assert endpoint.last_word_s == pytest.approx(150 * FRAME_SECONDS)


def test_a_voice_that_begins_softly_in_a_quiet_room_is_heard_from_the_beginning() -> None:
    endpoint, _, _ = listen(numbered((30, 8), (60, FADING // 2), (60, NEAR)), then=8)
    assert endpoint.first_word_s == pytest.approx(30 * FRAME_SECONDS)


def test_a_television_nobody_answers_over_is_cut_off_at_the_cap() -> None:
    endpoint, fed, _ = listen([], then=TELEVISION)
    assert endpoint.capped
    assert fed == LONGEST


def test_the_recognizer_starts_over_when_it_had_only_heard_the_television() -> None:
    book = Notebook()
    sound = numbered((SKIPPED + 100, TELEVISION), (60, NEAR), (LATE + SILENCE, TELEVISION))
    listening = Ear(Script(sound), book, SETTINGS, Marked()).listen()
    assert listening.outcome_kind is ListeningKind.speech
    assert listening.first_word_s == pytest.approx((SKIPPED + 100) * FRAME_SECONDS, abs=FRAME_SECONDS)
    assert len(book.taken) == 2
    assert (LEAD + 60 + TAIL) * FRAME <= book.samples().size <= (LEAD + 60 + LATE + TAIL) * FRAME
    assert book.pauses == [book.samples().size]
