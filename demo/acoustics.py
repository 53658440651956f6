"""How a room sounds: its noise, its reverberation, and how quiet somebody two metres away is. All seeded."""

from enum import StrEnum
from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from device.listen.microphone import RATE, Samples

Sound = npt.NDArray[np.float64]
"""Mono at `RATE`, full scale ±1."""

_SPEECH_AT_ONE_METRE_DB = -24.0
"""Level (RMS, dBFS) of a resident's voice one metre from the microphone."""
_NOISE_SECONDS = 20.0
"""The noise repeats after this long; long enough that nobody hears it."""


class Noise(StrEnum):
    """What else there is to hear."""

    quiet = "quiet"
    """A room at night: a little hiss."""
    hum = "hum"
    """A refrigerator: 60 Hz, as the mains west of the Fuji river, and its harmonics."""
    kettle = "kettle"
    """A kettle coming to the boil: a hiss that swells."""
    television = "television"
    """A television in the next room: the spectrum and the rhythm of speech without any words."""


class Acoustics(Struct, frozen=True, kw_only=True):
    """One room."""

    noise: Noise = Noise.quiet
    snr_db: Annotated[float, Meta(ge=-10.0, le=60.0)] = 25.0
    """The resident's voice over the noise, at the microphone."""
    distance_m: Annotated[float, Meta(ge=0.3, le=10.0)] = 1.5
    """From the resident to the speaker."""
    reverberation_s: Annotated[float, Meta(ge=0.0, le=2.0)] = 0.3
    """Until an echo has fallen by 60 dB; a furnished living room has 0.3 to 0.5."""
    echo_db: Annotated[float, Meta(ge=-90.0, le=0.0)] = -34.0
    """How much of our own prompt comes back into the microphone."""


def speech_level_db(acoustics: Acoustics) -> float:
    """RMS level of the resident's voice at the microphone, dBFS: 6 dB less for twice the distance."""
    return _SPEECH_AT_ONE_METRE_DB - 20.0 * float(np.log10(acoustics.distance_m))


def to_sound(samples: Samples) -> Sound:
    """int16 to ±1."""
    return np.asarray(samples, dtype=np.float64) / 32768.0


def to_samples(sound: Sound) -> Samples:
    """±1 to int16; what is louder is clipped, as a microphone does."""
    return np.asarray(np.clip(np.round(sound * 32768.0), -32768, 32767), dtype=np.int16)


def at_level(sound: Sound, level_db: float) -> Sound:
    """The same sound at an RMS of `level_db` dBFS; silence stays silent."""
    rms = float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    return sound * (10.0 ** (level_db / 20.0) / rms) if rms > 0.0 else sound


def impulse_response(acoustics: Acoustics, rng: np.random.Generator) -> Sound:
    """The room's answer to a clap: the direct sound, then an exponential tail of noise 12 dB below it in all."""
    length = int(acoustics.reverberation_s * RATE)
    response = np.zeros(max(1, length))
    if length:
        seconds = np.arange(length) / RATE
        tail = rng.standard_normal(length) * 10.0 ** (-3.0 * seconds / acoustics.reverberation_s)
        tail[: RATE // 200] = 0.0  # 5 ms until the first wall
        energy = float(np.sqrt(np.sum(tail**2)))
        response = tail * (10.0 ** (-12.0 / 20.0) / energy) if energy > 0.0 else response
    response[0] = 1.0
    return response


def reverberate(sound: Sound, response: Sound) -> Sound:
    """`sound` as it arrives in the room, longer by the tail; convolved in the frequency domain."""
    if not len(sound):
        return sound
    length = len(sound) + len(response) - 1
    size = 1 << (length - 1).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    return np.asarray(np.fft.irfft(spectrum, size)[:length], dtype=np.float64)


def noise(acoustics: Acoustics, rng: np.random.Generator) -> Sound:
    """`_NOISE_SECONDS` of the room's own noise at its level, to be repeated."""
    length = int(_NOISE_SECONDS * RATE)
    seconds = np.arange(length) / RATE
    white = rng.standard_normal(length)
    match acoustics.noise:
        case Noise.quiet:
            sound = _shape(white, low_hz=80.0, high_hz=5_000.0, tilt_db_per_octave=-3.0)
        case Noise.hum:
            tones = [np.sin(2 * np.pi * 60.0 * n * seconds) / n for n in (1, 2, 3, 4, 6)]
            sound = np.sum(tones, axis=0) + 0.3 * _shape(white, 60.0, 2_000.0, -4.0)
        case Noise.kettle:
            swell = 0.6 + 0.4 * np.sin(2 * np.pi * seconds / _NOISE_SECONDS * 3.0)
            sound = swell * _shape(white, 800.0, 6_000.0, 0.0)
        case Noise.television:
            # Speech rises and falls about four times a second, and pauses.
            rhythm = np.abs(_shape(rng.standard_normal(length), 1.0, 5.0, 0.0))
            sound = rhythm / np.max(rhythm) * _shape(white, 150.0, 1_800.0, -6.0)
    return at_level(sound, speech_level_db(acoustics) - acoustics.snr_db)


def _shape(white: Sound, low_hz: float, high_hz: float, tilt_db_per_octave: float) -> Sound:
    """Band-limited noise whose spectrum falls by `tilt_db_per_octave`, at unit RMS."""
    spectrum = np.fft.rfft(white)
    hertz = np.fft.rfftfreq(len(white), 1.0 / RATE)
    gain = np.zeros_like(hertz)
    inside = (hertz >= low_hz) & (hertz <= high_hz)
    gain[inside] = 10.0 ** (tilt_db_per_octave * np.log2(hertz[inside] / low_hz) / 20.0)
    shaped = np.fft.irfft(spectrum * gain, len(white))
    return np.asarray(shaped / np.sqrt(np.mean(shaped**2)), dtype=np.float64)
