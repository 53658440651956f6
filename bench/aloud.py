"""Utterances said aloud: a voice, its pace, a room and a noise for each, and a microphone that hears them.

The microphone gives the answer's frames as fast as they are asked for, and the pause after it in real time, because
the recognizer works in that pause: what is left to wait for afterwards is what a resident would wait.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from enum import StrEnum
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soxr
from msgspec import Struct

from bench.noises import Noise
from bench.utterances import Utterance
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
from demo.voices import NAMES, Voices
from demo.voices import Utterance as Line
from device.listen.microphone import FRAME, RATE, Samples
from device.speak.openjtalk import OpenJTalkVoice

PACES = (0.75, 0.85, 1.0)
"""Of the voice's own: people of 75 to 95 speak at about 0.8 of it."""
ROOMS = (
    Acoustics(distance_m=0.7, reverberation_s=0.2),
    Acoustics(distance_m=1.5, reverberation_s=0.35),
    Acoustics(distance_m=3.0, reverberation_s=0.5),
)
"""At the table, across the living room, from the next room through an open door."""
CLEAN_SNR_DB = 35.0
"""The hiss of a room at night under a voice."""
PITCHES = (-5.0, -2.0, 0.0)
"""Half tones Open JTalk's voice is moved by: an old man, an old woman, a younger one."""


class Engine(StrEnum):
    """Who speaks."""

    openjtalk = "openjtalk"
    kokoro = "kokoro"


class Manner(Struct, frozen=True, kw_only=True):
    """How one utterance is said."""

    engine: Engine
    voice: str
    """Kokoro's name of it, or Open JTalk's pitch in half tones."""
    pace: float
    room: Acoustics
    delay_s: float
    """From the opened microphone to the first word."""


class Condition(Struct, frozen=True, kw_only=True):
    """What the room is like; `snr_db` is the voice over the noise at the microphone."""

    noise: Noise
    snr_db: float = CLEAN_SNR_DB

    @property
    def name(self) -> str:
        """As figures are headed: "clean", "music 10 dB"."""
        return "clean" if self.noise is Noise.clean else f"{self.noise.value} {self.snr_db:g} dB"


def manners(
    utterances: Sequence[Utterance], engines: Sequence[Engine], paces: Sequence[float], seed: int
) -> list[Manner]:
    """One for each: engines in turn, all else drawn."""
    rng = random.Random(seed)
    made = []
    for number, _ in enumerate(utterances):
        engine = engines[number % len(engines)]
        voice = rng.choice(NAMES) if engine is Engine.kokoro else f"{rng.choice(PITCHES):g}"
        made.append(
            Manner(
                engine=engine,
                voice=voice,
                pace=rng.choice(list(paces)),
                room=rng.choice(ROOMS),
                delay_s=round(rng.uniform(0.4, 1.6), 2),
            )
        )
    return made


def say(
    lines: Sequence[tuple[str, Manner]], folder: Path, watch: Callable[[int], Iterator[int]]
) -> list[Samples]:
    """Every line as int16 at `RATE`.

    Kokoro speaks in a process of its own, so that its memory is not counted as the speaker's, and its renderings are
    kept in `folder`.
    """
    natural = [_line(text, how) for text, how in lines if how.engine is Engine.kokoro]
    voices = Voices(folder)
    wanted = [line for line in dict.fromkeys(natural) if voices.missing([line])]
    if wanted:
        with ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=os.nice, initargs=(5,)
        ) as pool:
            done = pool.map(partial(_render, folder=folder), wanted)
            for _ in watch(len(wanted)):
                next(done)
    kept = voices.prepare(natural, lambda *_: None)
    return [
        kept[_line(text, how)] if how.engine is Engine.kokoro else plain(text, how) for text, how in lines
    ]


def _line(text: str, how: Manner) -> Line:
    return Line(text, how.voice, how.pace)


def _render(line: Line, folder: Path) -> None:
    Voices(folder).prepare([line], lambda *_: None)


def plain(text: str, how: Manner) -> Samples:
    """A line in Open JTalk's voice, moved in pitch."""
    clip = OpenJTalkVoice(float(how.voice)).render(text, how.pace)
    return to_samples(np.asarray(soxr.resample(to_sound(clip.samples), clip.rate, RATE), dtype=np.float64))


class RoomMicrophone:
    """One answer in a room: hears the noise, then the answer on top of it, then the noise without end."""

    muted = False

    def __init__(
        self,
        said: Samples,
        how: Manner,
        noise: Sound,
        snr_db: float,
        *,
        opens_after_s: float,
        paced_s: float,
        seed: int,
        counter: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`noise` has an RMS of 0 dBFS. The first `paced_s` after the answer come in real time."""
        level = speech_level_db(how.room)
        rng = np.random.default_rng(seed)
        response = impulse_response(how.room, rng)
        self._answer = reverberate(at_level(to_sound(said), level), response)
        self._noise = noise * 10.0 ** ((level - snr_db) / 20.0)
        self._noise_at = int(rng.integers(noise.size))
        self._begins = round((opens_after_s + how.delay_s) * RATE)
        self._spoken = self._begins + said.size
        self._paced = round(paced_s * RATE)
        self._counter = counter
        self._sleep = sleep
        self._at = 0
        self._since: float | None = None
        self.handed_out_at = 0.0
        """When the last frame was handed out, by `counter`."""

    def open(self) -> None:
        """Nothing to open: there is one listening to a microphone."""

    def close(self) -> None:
        """Nothing to close."""

    def frame(self) -> Samples:
        """The next frame; in the pause after the answer once its time has come."""
        begin, end = self._at, self._at + FRAME
        heard = np.take(self._noise, np.arange(begin, end) + self._noise_at, mode="wrap")
        first, last = max(begin, self._begins), min(end, self._begins + self._answer.size)
        if first < last:
            heard[first - begin : last - begin] += self._answer[first - self._begins : last - self._begins]
        self._at = end
        self._wait(end - self._spoken)
        self.handed_out_at = self._counter()
        return to_samples(heard)

    def _wait(self, past_the_end: int) -> None:
        if not 0 < past_the_end <= self._paced:
            return
        if self._since is None:
            self._since = self._counter() - FRAME / RATE
        left = self._since + past_the_end / RATE - self._counter()
        if left > 0:
            self._sleep(left)
