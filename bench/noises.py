"""What else sounds in the room, made at test time and seeded: music, talk, white noise, a television."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np

from demo.acoustics import Acoustics, Sound, at_level
from demo.acoustics import Noise as RoomNoise
from demo.acoustics import noise as room_noise
from device.listen.microphone import RATE

LOOP_SECONDS = 20
"""A noise repeats after this long; no answer is longer."""


class Noise(StrEnum):
    """What sounds beside the resident."""

    clean = "clean"
    """A room at night."""
    music = "music"
    """Chords, bass and a beat from a radio: all pitches, little of it like speech."""
    babble = "babble"
    """Six people talking at once."""
    white = "white"
    """Running water, a fan: all frequencies alike, the worst for a recognizer."""
    television = "television"
    """The spectrum and rhythm of speech without words."""


Talk = Callable[[int], Sequence[Sound]]
"""Sentences of the so-manieth talker, for babble."""


def make(kind: Noise, rng: np.random.Generator, talk: Talk) -> Sound:
    """`LOOP_SECONDS` of it at an RMS of 0 dBFS; the mixer sets the level."""
    match kind:
        case Noise.clean:
            sound = room_noise(Acoustics(noise=RoomNoise.quiet), rng)
        case Noise.television:
            sound = room_noise(Acoustics(noise=RoomNoise.television), rng)
        case Noise.white:
            sound = rng.standard_normal(LOOP_SECONDS * RATE)
        case Noise.music:
            sound = music(rng)
        case Noise.babble:
            sound = np.sum([_talker(talk(number)) for number in range(6)], axis=0)
    return at_level(sound, 0.0)


def music(rng: np.random.Generator) -> Sound:
    """Four chords in turn, broken into quavers over a bass and a beat, 96 to the minute."""
    beat = round(RATE * 60 / 96)
    sound = np.zeros(LOOP_SECONDS * RATE)
    chords = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))
    for step, at in enumerate(range(0, sound.size - beat, beat // 2)):
        chord = chords[step // 8 % 4]
        _add(sound, at, _note(chord[int(rng.integers(3))] + 12, 0.9))
        if step % 2 == 0:
            _add(sound, at, sum((_note(pitch, 0.5) for pitch in chord), np.zeros(RATE)))
            _add(sound, at, _note(chord[0] - 24, 0.8))
        tick = rng.standard_normal(RATE // 16) * np.exp(-np.arange(RATE // 16) / (RATE / 100))
        _add(sound, at, 0.15 * tick)
    return sound


def _note(pitch: int, loudness: float) -> Sound:
    """A plucked tone of a second, six harmonics; `pitch` counts half tones, 69 is 440 Hz."""
    seconds = np.arange(RATE) / RATE
    hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    tone = sum((np.sin(2 * np.pi * hertz * n * seconds) / n for n in range(1, 7)), np.zeros(RATE))
    return np.asarray(loudness * tone * np.exp(-3.0 * seconds), dtype=np.float64)


def _add(sound: Sound, at: int, what: Sound) -> None:
    room = min(what.size, sound.size - at)
    sound[at : at + room] += what[:room]


def _talker(sentences: Sequence[Sound]) -> Sound:
    """One person's sentences one after the other, without end, as long as the loop."""
    spoken = at_level(np.concatenate(list(sentences)), -20.0)
    return np.resize(spoken, LOOP_SECONDS * RATE)
