"""What the second ear is taught from: a sentence, a voice, a room and a noise, all drawn, through Whisper's encoder.

No noise here is made as `bench.noises` makes the ones that hearing is measured with.
"""

import random
import re
from collections.abc import Callable, Sequence

import numpy as np
import soxr
from msgspec import Struct

from contract.places import cache_folder, models_folder
from demo.acoustics import (
    Acoustics,
    Sound,
    at_level,
    impulse_response,
    reverberate,
    speech_level_db,
    to_samples,
    to_sound,
)
from demo.voices import Utterance, render
from device.listen.microphone import RATE
from device.listen.phonemes.head import Encoded
from device.listen.phonemes.spelling import PHONEMES, phonemes_of
from device.listen.whisper_model import WINDOW_FRAMES, WhisperModel
from device.understand.bank import Phrase

TAUGHT_VOICES = ("jf_alpha", "jf_gongitsune", "jf_tebukuro")
"""Kokoro's voices it is taught with; the two others stay strangers, to be measured with."""
_WHOLE = 0.8
"""So many are sentences of the bank; the others are put together from pieces, so that sounds are learnt, not phrases."""
_LONGEST_SECONDS = 11.0


class Lesson(Struct, frozen=True):
    """Frames of the encoder, shape (n, 512), and the columns of the phonemes that were said."""

    frames: Encoded
    columns: list[int]


def sentence(bank: Sequence[Phrase], chance: random.Random) -> str:
    """One of the bank, or pieces of two or three of it."""
    if chance.random() < _WHOLE:
        return chance.choice(bank).text
    pieces = []
    for _ in range(chance.choice((2, 2, 3))):
        text = re.sub("[。、!?！？…]", "", chance.choice(bank).text)
        begin = chance.randrange(max(1, len(text) // 2))
        pieces.append(text[begin : begin + chance.randrange(3, 9)])
    return chance.choice(("、", "")).join(pieces)


def plain_voice(text: str, chance: random.Random) -> Sound:
    """Open JTalk as somebody with a longer or shorter throat: resampled, its pitch and pace taken back and drawn anew."""
    import pyopenjtalk

    throat, pitch, pace = chance.uniform(0.86, 1.16), chance.uniform(-6, 2), chance.uniform(0.68, 1.08)
    spoken, rate = pyopenjtalk.tts(text, speed=pace / throat, half_tone=pitch - 12 * float(np.log2(throat)))
    return np.asarray(soxr.resample(np.asarray(spoken) / 32768, rate * throat, RATE), dtype=np.float64)


def natural_voice(text: str, chance: random.Random) -> Sound:
    """One of Kokoro's voices that are taught with; takes some two seconds."""
    throat = chance.uniform(0.93, 1.08)
    how = Utterance(text, chance.choice(TAUGHT_VOICES), round(chance.uniform(0.72, 1.05) / throat, 2))
    spoken = to_sound(render(how, cache_folder() / "voices"))
    return np.asarray(soxr.resample(spoken, RATE * throat, RATE), dtype=np.float64)


def coloured(rng: np.random.Generator, length: int) -> Sound:
    """Noise with a drawn tilt, sometimes mostly in one band: wind, a fan, a motor, water."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    hertz[0] = hertz[1]
    gain = (hertz / 1000) ** (rng.uniform(-6, 1) / 6.02)
    if rng.random() < 0.4:
        low, high = sorted(rng.uniform(50, 8000, 2))
        gain *= ((hertz > low) & (hertz < max(high, low + 800))) + 0.05
    return np.asarray(np.fft.irfft(spectrum * gain, length), dtype=np.float64)


def tune(rng: np.random.Generator, length: int) -> Sound:
    """Notes of a major scale in drawn chords, tempo and timbre, with or without a drum."""
    sound = np.zeros(length)
    tempo, root, decay = rng.uniform(0.18, 0.6), int(rng.integers(40, 60)), rng.uniform(1, 6)
    harmonics, tilt = int(rng.integers(2, 9)), rng.uniform(0.7, 1.8)
    scale = (0, 2, 4, 5, 7, 9, 11, 12, 14, 16)
    at = 0
    while at < length:
        seconds = np.arange(min(length - at, RATE)) / RATE
        for _ in range(int(rng.integers(1, 4))):
            pitch = root + scale[int(rng.integers(len(scale)))] + 12 * int(rng.integers(0, 3))
            hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
            for number in range(1, harmonics):
                tone = np.sin(2 * np.pi * hertz * number * seconds) / number**tilt
                sound[at : at + seconds.size] += rng.uniform(0.3, 1) * tone * np.exp(-decay * seconds)
        if rng.random() < 0.5:
            beat = rng.standard_normal(seconds.size) * np.exp(-180 * seconds)
            sound[at : at + seconds.size] += rng.uniform(0.1, 0.8) * beat
        at += round(tempo * RATE * float(rng.choice((0.5, 1.0, 1.0))))
    return sound


def talk(rng: np.random.Generator, length: int) -> Sound:
    """Noise that rises and falls as speech does."""
    steps = np.arange(0, length + RATE // 5, RATE // 10)
    loudness = np.abs(np.interp(np.arange(length), steps, rng.standard_normal(steps.size)))
    return loudness * coloured(rng, length)


NOISES: tuple[tuple[Callable[[np.random.Generator, int], Sound], tuple[float, float], float], ...] = (
    (coloured, (25.0, 40.0), 0.34),
    (coloured, (5.0, 20.0), 0.28),
    (tune, (5.0, 20.0), 0.24),
    (talk, (5.0, 20.0), 0.14),
)
"""What sounds beside the voice, between how many dB below it, and how often."""


def lesson(
    voice: Callable[[str, random.Random], Sound], model: WhisperModel, bank: Sequence[Phrase], seed: int
) -> Lesson | None:
    """One, the same for the same seed; None when what was drawn has no sound, or too much."""
    chance, rng = random.Random(seed), np.random.default_rng(seed)
    text = sentence(bank, chance)
    columns = [PHONEMES.index(one) + 1 for one in phonemes_of(text)]
    if len(columns) < 2:
        return None
    spoken = voice(text, chance)
    room = Acoustics(distance_m=chance.uniform(0.5, 3.5), reverberation_s=chance.uniform(0.12, 0.6))
    level = speech_level_db(room)
    lead, tail = (np.zeros(round(chance.uniform(0.05, 0.5) * RATE)) for _ in range(2))
    said = np.concatenate([lead, reverberate(at_level(spoken, level), impulse_response(room, rng)), tail])
    if said.size > _LONGEST_SECONDS * RATE:
        return None
    make, (least, most), _ = chance.choices(NOISES, weights=[often for _, _, often in NOISES])[0]
    heard = said + at_level(make(rng, said.size), level - chance.uniform(least, most))
    frames = model.encoded(to_samples(heard))
    return Lesson(frames, columns) if len(frames) > 1.2 * len(columns) else None


def load_model() -> WhisperModel:
    """The encoder the head is taught for."""
    return WhisperModel(models_folder() / "whisper-base", threads=1, window_frames=WINDOW_FRAMES)
