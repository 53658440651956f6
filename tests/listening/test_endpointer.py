"""Where an answer begins and ends. Time is frames of sound, so nothing here waits."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.datafile import parse_toml
from contract.refusal import Refused
from device.listen.endpointer import Endpoint, Endpointer, EndpointKind
from device.listen.microphone import FRAME, FRAME_SECONDS, RATE, Samples
from device.listen.settings import PACKAGED, EndpointSettings, load_settings
from device.listen.voice_activity import SileroDetector
from tests.listening.conftest import Say
from tests.listening.doubles import Marked, frames, marked
from tests.listening.sounds import junk, mixed, quiet_room

SETTINGS = load_settings()
SPEECH = SETTINGS.speech
MINIMUM = frames(SPEECH.at_least.total_seconds())
SILENCE = frames(SPEECH.ends_after_silence.total_seconds())
DEADLINE = frames(SPEECH.begins_within.total_seconds())
LONGEST = frames(SPEECH.longest.total_seconds())
TAIL = frames(SPEECH.tail.total_seconds())
LEAD = frames(SPEECH.lead.total_seconds())


@dataclass
class Run:
    endpoint: Endpoint
    fed: int
    drained: list[Samples]


def listen(pattern: str, level: int = 8) -> Run:
    """Feed `#` as speech and `.` as none, then silence until it is over."""
    endpointer = Endpointer(SETTINGS, Marked())
    drained: list[Samples] = []
    for number in range(LONGEST + 1):
        speaking = number < len(pattern) and pattern[number] == "#"
        endpoint = endpointer.feed(marked(speaking, number, level))
        drained += endpointer.drain()
        if endpoint:
            return Run(endpoint, number + 1, drained)
    raise AssertionError("a listening must end")


def numbers(samples: Samples) -> list[int]:
    """Which frames these are."""
    return [int(each) for each in samples.reshape(-1, FRAME)[:, 2]]


def test_an_answer_ends_after_the_agreed_silence() -> None:
    run = listen("." * 20 + "#" * 30)
    assert run.endpoint.kind is EndpointKind.speech
    assert run.fed == 50 + SILENCE
    assert run.endpoint.first_word_s == pytest.approx(20 * FRAME_SECONDS)
    assert run.endpoint.last_word_s == pytest.approx(50 * FRAME_SECONDS)


def test_the_longest_pause_of_slow_speakers_does_not_end_an_answer() -> None:
    run = listen("#" * 20 + "." * frames(0.97) + "#" * 20)
    assert run.endpoint.last_word_s == pytest.approx((40 + frames(0.97)) * FRAME_SECONDS)


def test_the_recognizer_gets_a_little_before_and_after_the_words_and_the_pauses_between() -> None:
    pause = SILENCE - 1
    run = listen("." * 50 + "#" * 20 + "." * pause + "#" * 20)
    assert numbers(run.endpoint.samples) == list(range(50 - LEAD, 90 + pause + TAIL))


def test_a_knock_is_no_answer_and_the_ear_goes_on_listening() -> None:
    run = listen("." * 30 + "#" * (MINIMUM - 1) + "." * (SILENCE + 40) + "#" * 30)
    assert run.endpoint.kind is EndpointKind.speech
    assert run.endpoint.first_word_s == pytest.approx((30 + MINIMUM - 1 + SILENCE + 40) * FRAME_SECONDS)


def test_as_much_speech_as_agreed_is_an_answer() -> None:
    assert listen("#" * MINIMUM).endpoint.kind is EndpointKind.speech


def test_nothing_reaches_the_recognizer_before_there_is_speech_enough() -> None:
    assert listen("#" * (MINIMUM - 1)).drained == []


def test_who_has_not_begun_by_the_deadline_was_silent() -> None:
    run = listen("")
    assert run.endpoint.kind is EndpointKind.no_sound
    assert run.fed == DEADLINE


def test_who_begins_just_before_the_deadline_is_heard_to_the_end() -> None:
    run = listen("." * (DEADLINE - 1) + "#" * 100)
    assert run.endpoint.kind is EndpointKind.speech
    assert run.endpoint.last_word_s == pytest.approx((DEADLINE + 99) * FRAME_SECONDS)


def test_television_is_cut_off_at_the_cap() -> None:
    run = listen("#" * (LONGEST + 100))
    assert run.endpoint.capped
    assert run.fed == LONGEST
    assert run.endpoint.samples.size == LONGEST * FRAME


def test_knocks_without_end_are_no_words_at_the_deadline() -> None:
    run = listen(("#" + "." * SILENCE) * 40, level=4000)
    assert run.endpoint.kind is EndpointKind.no_words
    assert run.fed <= LONGEST


def test_steady_loud_sound_without_speech_is_no_words() -> None:
    assert listen("", level=2000).endpoint.kind is EndpointKind.no_words


def test_a_few_sounds_in_a_quiet_room_are_no_words() -> None:
    endpointer = Endpointer(SETTINGS, Marked())
    ended = None
    number = 0
    while ended is None:
        ended = endpointer.feed(marked(False, number, level=400 if number % 20 == 0 else 8))
        number += 1
    assert ended.kind is EndpointKind.no_words


def test_what_was_drained_is_what_the_endpoint_holds_but_for_the_silence() -> None:
    run = listen("." * 7 + "#" * 12 + "." * 30 + "#" * 3)
    assert np.array_equal(np.concatenate(run.drained), run.endpoint.samples)


def test_a_pause_is_told_once_everything_before_it_was_drained() -> None:
    endpointer = Endpointer(SETTINGS, Marked())
    told = []
    for number in range(20 + SILENCE):
        endpointer.feed(marked(number < 20, number))
        if endpointer.drain() and endpointer.pausing:
            told.append(number)
    assert told == [20 + TAIL - 1]


def test_reset_forgets_the_last_question() -> None:
    detector = Marked()
    endpointer = Endpointer(SETTINGS, detector)
    for number in range(30):
        endpointer.feed(marked(True, number))
    endpointer.reset()
    assert endpointer.drain() == []
    assert not endpointer.pausing
    assert detector.resets == 2
    ended = None
    for number in range(DEADLINE):
        ended = endpointer.feed(marked(False, number))
    assert ended is not None
    assert ended.kind is EndpointKind.no_sound


@st.composite
def patterns(draw: st.DrawFn) -> str:
    runs = draw(st.lists(st.tuples(st.sampled_from("#."), st.integers(1, 60)), max_size=25))
    return "".join(letter * count for letter, count in runs)


@given(patterns())
def test_every_listening_ends_in_time_and_keeps_every_word(pattern: str) -> None:
    run = listen(pattern)
    assert run.fed <= LONGEST
    heard = pattern[: run.fed]
    if run.endpoint.kind is EndpointKind.speech:
        assert run.endpoint.first_word_s is not None
        assert run.endpoint.last_word_s is not None
        first = round(run.endpoint.first_word_s * RATE) // FRAME
        last = round(run.endpoint.last_word_s * RATE) // FRAME
        words = [number for number, letter in enumerate(heard) if letter == "#" and number >= first]
        assert len(words) >= MINIMUM
        assert (words[0], words[-1] + 1) == (first, last)
        kept = numbers(run.endpoint.samples)
        assert kept == list(range(kept[0], kept[-1] + 1)), "in order, without a hole"
        assert kept[0] in (first - LEAD, *range(max(0, first - LEAD), first + 1))
        assert set(words) <= set(kept)
        assert np.array_equal(np.concatenate(run.drained), run.endpoint.samples)
    else:
        assert run.drained == []
        assert run.endpoint.samples.size == 0
        assert all(burst.count("#") < MINIMUM for burst in heard.split("." * SILENCE))


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ('ends_after_silence = "1.2 s"', 'ends_after_silence = "0.1 s"', "tail"),
        ('dead_after = "2 s"', 'dead_after = "1 s"', "dead_after"),
        ('longest = "25 s"', 'longest = "5 s"', "begins_within"),
        ("begins_at = 0.5", "begins_at = 1.5", "begins_at"),
        ("begins_at = 0.5", "begins_at = 0.2", "goes_on_at"),
        ('at_least = "250 ms"', 'at_least = "250"', "250"),
    ],
)
def test_a_listening_file_that_cannot_work_is_refused(good: str, bad: str, complaint: str) -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    assert good in text
    with pytest.raises(Refused, match=complaint):
        parse_toml(text.replace(good, bad, 1), EndpointSettings, "listening.toml")


# ---- with the real detector and real voices ----------------------------------------------------------------


def hear(sound: Samples) -> Endpoint:
    """Feed a sound and then a quiet room to the real detector."""
    endpointer = Endpointer(SETTINGS, SileroDetector())
    room = quiet_room(LONGEST * FRAME_SECONDS, seed=2)
    for start in range(0, room.size - FRAME, FRAME):
        frame = sound[start : start + FRAME] if start + FRAME <= sound.size else room[start : start + FRAME]
        endpoint = endpointer.feed(frame)
        if endpoint:
            return endpoint
    raise AssertionError("a listening must end")


@pytest.mark.parametrize("name", list(junk()))
def test_what_sounds_in_an_empty_living_room_is_never_an_answer(name: str) -> None:
    assert hear(junk()[name]).kind in (EndpointKind.no_words, EndpointKind.no_sound)


def test_an_empty_room_is_no_sound() -> None:
    assert hear(quiet_room(10)).kind is EndpointKind.no_sound


@pytest.mark.parametrize("voice", ["jf_alpha", "jm_kumo", "jf_tebukuro"])
@pytest.mark.parametrize("text", ["はい", "元気です", "えらいで、ちょっと寝とる", "助けて"])
def test_natural_voices_are_heard_from_their_first_word_to_their_last(
    say: Say, voice: str, text: str
) -> None:
    words = say(text, voice)
    before = quiet_room(1.5)
    endpoint = hear(np.concatenate([before, words]))
    assert endpoint.kind is EndpointKind.speech
    assert endpoint.first_word_s == pytest.approx(1.5, abs=0.35)
    assert endpoint.last_word_s == pytest.approx(1.5 + words.size / RATE, abs=0.5)


def test_an_old_lady_who_stops_to_think_is_heard_out(say: Say) -> None:
    first, second = say("ええと、そうやねえ", "jf_gongitsune"), say("足が痛いんやわ", "jf_gongitsune")
    sound = np.concatenate([quiet_room(1.0), first, quiet_room(0.8), second])
    endpoint = hear(sound)
    assert endpoint.last_word_s == pytest.approx(sound.size / RATE, abs=0.5)


def test_music_under_the_words_does_not_keep_the_answer_open(say: Say) -> None:
    words = np.concatenate([quiet_room(1.0), say("いつもどおりです")])
    piano = (junk(12.0)["piano"] * 0.1).astype(np.int16)
    endpoint = hear(mixed(words, piano))
    assert endpoint.kind is EndpointKind.speech
    assert not endpoint.capped
