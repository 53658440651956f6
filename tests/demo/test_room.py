"""The virtual room: exact to the sample, silent when nobody speaks, and with our own voice faint in the microphone."""

import threading
from time import monotonic

import numpy as np
import pytest

from demo.acoustics import Acoustics, Noise, at_level, speech_level_db, to_sound
from demo.pace import Pace
from demo.room import Reply, Room
from device.listen.microphone import FRAME, RATE, MicrophoneFault, Samples
from device.speak.loudspeaker import SpeakerFault
from device.speak.voice import Clip

AT_ONCE = 1e9
PLAIN = Acoustics(snr_db=60.0, reverberation_s=0.0, echo_db=-90.0)


def tone(seconds: float, rate: int = RATE, hertz: float = 440.0) -> Clip:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return Clip(samples=np.asarray(wave * 32767, dtype=np.int16), rate=rate)


def silent() -> Reply | None:
    return None


def hear(room: Room, seconds: float) -> Samples:
    room.microphone.open()
    frames = [room.microphone.frame() for _ in range(round(seconds * RATE / FRAME))]
    room.microphone.close()
    return np.concatenate(frames)


def level_db(samples: Samples) -> float:
    return 20.0 * float(np.log10(np.sqrt(np.mean(to_sound(samples) ** 2))))


def first_loud(samples: Samples) -> int:
    return int(np.argmax(np.abs(samples.astype(np.int32)) > 300))


@pytest.mark.parametrize("rate", [RATE, 24_000, 48_000])
@pytest.mark.parametrize("length", [1.0, 0.7301])
def test_a_clip_takes_its_own_length_to_the_sample(rate: int, length: float) -> None:
    room = Room(PLAIN, silent, Pace(AT_ONCE), seed=1)

    room.loudspeaker.play(tone(length, rate))

    assert room.position == pytest.approx(length * RATE, abs=1)


@pytest.mark.parametrize("delay_s", [0.0, 0.4, 1.7])
def test_the_residents_first_word_comes_exactly_the_human_delay_after_the_prompt(delay_s: float) -> None:
    answer = np.full(RATE, 8_000, dtype=np.int16)
    room = Room(PLAIN, lambda: Reply(answer, delay_s), Pace(AT_ONCE), seed=1)
    room.loudspeaker.play(tone(1.0))

    heard = hear(room, 4.0)

    assert first_loud(heard) == round(delay_s * RATE)


def test_the_answer_does_not_depend_on_when_the_microphone_is_read() -> None:
    answer = np.full(RATE, 8_000, dtype=np.int16)
    noisy = Acoustics(noise=Noise.kettle, snr_db=15.0)
    heard = []
    for speed in (AT_ONCE, 40.0):
        room = Room(noisy, lambda: Reply(answer, 0.5), Pace(speed), seed=7)
        room.loudspeaker.play(tone(0.5))
        heard.append(hear(room, 2.0))

    assert np.array_equal(heard[0], heard[1])


@pytest.mark.parametrize("kind", list(Noise))
def test_a_silent_residents_room_holds_only_its_noise(kind: Noise) -> None:
    acoustics = Acoustics(noise=kind, snr_db=18.0, distance_m=2.0, echo_db=-90.0)
    room = Room(acoustics, silent, Pace(AT_ONCE), seed=3)
    room.loudspeaker.play(tone(2.0))

    heard = hear(room, 20.0)

    assert level_db(heard) == pytest.approx(speech_level_db(acoustics) - 18.0, abs=0.3)


def test_the_voice_stands_over_the_noise_by_the_given_ratio() -> None:
    acoustics = Acoustics(noise=Noise.kettle, snr_db=10.0, reverberation_s=0.0, echo_db=-90.0)
    answer = tone(15.0).samples
    quiet, speaking = (
        Room(acoustics, resident, Pace(AT_ONCE), seed=3) for resident in (silent, lambda: Reply(answer, 0.0))
    )
    for room in (quiet, speaking):
        room.loudspeaker.play(tone(0.5))

    noise, both = (to_sound(hear(room, 14.0)) for room in (quiet, speaking))

    voice = both - noise
    ratio = 20 * np.log10(np.sqrt(np.mean(voice**2)) / np.sqrt(np.mean(noise**2)))
    assert ratio == pytest.approx(10.0, abs=1.0)


def test_twice_as_far_is_six_decibels_less() -> None:
    near, far = (speech_level_db(Acoustics(distance_m=metres)) for metres in (1.0, 2.0))
    assert near - far == pytest.approx(6.02, abs=0.01)


def test_our_own_prompt_comes_back_faintly_while_it_plays() -> None:
    acoustics = Acoustics(snr_db=60.0, reverberation_s=0.0, echo_db=-30.0)
    room = Room(acoustics, silent, Pace(100.0), seed=1)
    prompt = tone(1.0)
    room.microphone.open()
    player = threading.Thread(target=room.loudspeaker.play, args=(prompt,))
    player.start()

    frames = []
    while player.is_alive():
        frames.append(room.microphone.frame())
    room.microphone.close()
    heard = np.concatenate(frames)

    begin = first_loud(np.abs(heard) * 10)
    echo = heard[begin : begin + RATE // 2]
    assert level_db(echo) == pytest.approx(level_db(prompt.samples) - 30.0, abs=1.0)


def test_the_tail_of_our_prompt_still_rings_when_the_microphone_opens() -> None:
    ringing = Acoustics(snr_db=60.0, reverberation_s=0.6, echo_db=-20.0)
    room = Room(ringing, silent, Pace(AT_ONCE), seed=1)
    room.loudspeaker.play(tone(1.0))

    heard = hear(room, 2.0)

    assert level_db(heard[: RATE // 20]) > level_db(heard[-RATE // 2 :]) + 12.0


def test_nobody_goes_on_talking_when_the_box_speaks_again() -> None:
    answer = np.full(5 * RATE, 8_000, dtype=np.int16)
    answers = iter([Reply(answer, 0.0), None])
    room = Room(PLAIN, lambda: next(answers), Pace(AT_ONCE), seed=1)
    room.loudspeaker.play(tone(0.5))
    assert level_db(hear(room, 1.0)) > -30.0

    room.loudspeaker.play(tone(0.5))

    assert level_db(hear(room, 1.0)) < -60.0


def test_nobody_answers_a_sentence_after_which_nobody_listens() -> None:
    asked = []
    room = Room(PLAIN, lambda: asked.append("asked"), Pace(AT_ONCE), seed=1)
    room.loudspeaker.play(tone(0.5))
    room.loudspeaker.play(tone(0.5))
    assert asked == []

    hear(room, 0.1)
    hear(room, 0.1)

    assert asked == ["asked"]


def test_an_open_microphone_that_nobody_reads_does_not_hold_up_the_mouth() -> None:
    room = Room(PLAIN, silent, Pace(AT_ONCE), seed=1)
    room.microphone.open()

    room.loudspeaker.play(tone(0.5))

    assert room.position == round(0.5 * RATE)


def test_real_time_is_kept_when_it_is_asked_for() -> None:
    room = Room(PLAIN, silent, Pace(4.0), seed=1)
    begin = monotonic()

    room.loudspeaker.play(tone(1.0))
    hear(room, 1.024)

    assert monotonic() - begin >= 2.024 / 4.0


def test_the_end_of_the_demonstration_ends_every_wait_as_a_fault_and_not_as_silence() -> None:
    pace = Pace(1.0)
    room = Room(PLAIN, silent, pace, seed=1)
    room.microphone.open()
    pace.stop()

    with pytest.raises(SpeakerFault):
        room.loudspeaker.play(tone(60.0))
    with pytest.raises(MicrophoneFault):
        hear(room, 60.0)


def test_a_closed_microphone_is_a_fault() -> None:
    room = Room(PLAIN, silent, Pace(AT_ONCE), seed=1)
    with pytest.raises(MicrophoneFault):
        room.microphone.frame()


def test_silence_has_no_level_to_raise() -> None:
    assert not np.any(at_level(np.zeros(100), -20.0))
