"""The tones of the self-test: made, and found again in what the microphone heard. Pure."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from device.health.settings import SelfTestSettings
from device.listen.microphone import RATE, Samples
from device.speak.voice import Clip

FADE_SECONDS = 0.02
"""At both ends of a tone, so that it does not click."""
WINDOW = 2048
"""Samples looked at together, 128 ms: tells pitches 8 Hz apart."""
STEP = 512
FULL_SCALE = 32768.0
BESIDE = (0.94, 1.06)
"""Half a tone below and above: a door bell or a voice that is near the pitch is louder there."""
NARROW_DB = 10.0
FAINTEST_DB = -120.0


def chime(settings: SelfTestSettings) -> Clip:
    """All tones, one after the other, at `RATE`."""
    count = round(settings.each.total_seconds() * RATE)
    time = np.arange(count) / RATE
    ends = np.minimum(time, time[::-1]) / FADE_SECONDS
    envelope = np.clip(ends, 0.0, 1.0) * settings.volume * 32767.0
    tones = [np.sin(2 * np.pi * hertz * time) * envelope for hertz in settings.tones_hz]
    return Clip(np.rint(np.concatenate(tones)).astype(np.int16), RATE)


def levels_of(samples: Samples, hertz: float) -> npt.NDArray[np.float64]:
    """How loud one pitch was, in decibels of full scale, every `STEP` samples; shape (n,), n >= 1."""
    if samples.size < WINDOW:
        samples = np.pad(samples, (0, WINDOW - samples.size))
    wave = np.exp(-2j * np.pi * hertz * np.arange(WINDOW) / RATE) * np.hanning(WINDOW)
    windows = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), WINDOW)[::STEP]
    # A full-scale sine under this window sums up to a quarter of the window's length.
    amplitude = np.abs(windows @ wave) / (WINDOW / 4) / FULL_SCALE
    return np.asarray(20.0 * np.log10(np.maximum(amplitude, 10 ** (FAINTEST_DB / 20))))


def heard_db(before: Samples, during: Samples, settings: SelfTestSettings) -> tuple[bool, float]:
    """Whether the tones were heard, all and in order, and the level of the faintest of them in dBFS."""
    peaks, at = [], []
    passed = True
    for hertz in settings.tones_hz:
        levels = levels_of(during, hertz)
        room = float(np.median(levels_of(before, hertz)))
        when = int(levels.argmax())
        peak = float(levels[when])
        beside = max(float(levels_of(during, hertz * ratio)[when]) for ratio in BESIDE)
        enough = max(settings.at_least_dbfs, room + settings.above_room_db, beside + NARROW_DB)
        passed = passed and peak >= enough
        peaks.append(peak)
        at.append(when)
    in_order = all(earlier < later for earlier, later in pairwise(at))
    return passed and in_order, min(peaks)
