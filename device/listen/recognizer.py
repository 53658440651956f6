"""The recognizer port: a new `Utterance` per question; an engine overrides one small hook, `_decoder`."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar, final

import numpy as np
from msgspec import Struct

from device.listen.microphone import RATE, Samples

SURE = 0.5
"""Confidence from which an answer may be taken as it was heard. Each engine puts its own measured limit here.

Below it a call for help is still let through, and anything else is asked again.
"""

LONGEST_SECONDS = 30.0
"""More sound than this in one utterance is dropped: television never ends, memory does."""

T = TypeVar("T")

Counter = Callable[[], float]
"""A monotonic count of seconds, used for durations only."""


class Words(Struct, frozen=True):
    """What an engine made of one utterance."""

    text: str
    confidence: float
    """0 to 1."""
    others: Mapping[str, float] = MappingProxyType({})
    """What else it may have been, with its likelihood beside that of `text`, 0 to 1."""


class Heard(Struct, frozen=True, kw_only=True):
    """What a recognizer made of one utterance."""

    text: str
    """As the engine spells it; empty when it found no words."""
    others: Mapping[str, float] = MappingProxyType({})
    """What else the same sound may have been, and how likely that is beside `text`, 0 to 1."""
    confidence: float
    """0 to 1, with `SURE` at the engine's measured limit."""
    milliseconds: float
    """How long the caller waited for the recognizer, all calls together."""
    engine: str


class Decoder(Protocol):
    """One engine at work on one utterance."""

    def accept(self, samples: Samples) -> None:
        """Take the next samples, shape (n,)."""

    def pause(self) -> None:
        """Nothing more may come: an engine that works at the end may start on what it has."""

    def finish(self) -> Words:
        """What was said, final."""


@final
class Utterance:
    """One answer on its way to text. Used once: frames in, `finish`, gone."""

    def __init__(self, engine: str, decoder: Decoder, counter: Counter) -> None:
        self._engine = engine
        self._decoder = decoder
        self._counter = counter
        self._room = round(LONGEST_SECONDS * RATE)
        self._seconds = 0.0
        self._finished = False

    def accept(self, frame: Samples) -> None:
        """Take the next samples, int16 at 16 kHz, shape (n,). What goes beyond `LONGEST_SECONDS` is dropped."""
        self._check(frame)
        taken = frame[: self._room]
        if taken.size:
            self._room -= taken.size
            self._timed(lambda: self._decoder.accept(taken))

    def pause(self) -> None:
        """Say that the speaker paused, and this may have been all; more may still follow."""
        self._timed(self._decoder.pause)

    def finish(self) -> Heard:
        """The words, final; the utterance is spent."""
        if self._finished:
            raise RuntimeError("an utterance is finished once; ask the recognizer for a new one")
        words = self._timed(self._decoder.finish)
        self._finished = True
        return Heard(
            text=words.text.strip(),
            others=words.others,
            confidence=min(1.0, max(0.0, words.confidence)),
            milliseconds=self._seconds * 1000,
            engine=self._engine,
        )

    def _check(self, frame: Samples) -> None:
        if self._finished:
            raise RuntimeError("this utterance is finished; ask the recognizer for a new one")
        if frame.dtype != np.int16 or frame.ndim != 1:
            raise TypeError(f"sound must be int16 of shape (n,), not {frame.dtype} of shape {frame.shape}")

    def _timed(self, work: Callable[[], T]) -> T:
        start = self._counter()
        try:
            return work()
        finally:
            self._seconds += self._counter() - start


class Recognizer(ABC):
    """An engine with its model loaded, shared by all questions of a process."""

    name: str
    """Engine and model, "whisper-base": shown to people and kept with what was heard."""

    def __init__(self, name: str, counter: Counter = time.perf_counter) -> None:
        self.name = name
        self._counter = counter

    @final
    def utterance(self) -> Utterance:
        """A fresh utterance for one question; nothing of an earlier one is left in it."""
        return Utterance(self.name, self._decoder(), self._counter)

    @abstractmethod
    def _decoder(self) -> Decoder:
        """The hook: one new decoder of this engine."""
