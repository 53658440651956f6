"""Listening along: while the box waits or speaks, short pieces of speech are cut out of what the microphone hears.

Nothing is kept: a piece is handed on once and forgotten. In a quiet room the voice detector does not even run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from contract.datafile import Duration
from device.listen.endpointer import Endpoint, Endpointer, EndpointKind, level_dbfs
from device.listen.microphone import FRAME, RATE, Microphone, Samples
from device.listen.settings import EndpointSettings, OverhearSettings, in_samples
from device.listen.voice_activity import SileroDetector, VoiceDetector

STARTS_AT_DB = -60.0
"""A quiet room, in decibels of full scale: somebody may be speaking already when the microphone is opened first."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Somebody spoke; shape (n,) at `RATE`."""

    samples: Samples

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / RATE


class Overhearing:
    """One microphone, listened along with. The ear uses the same one, so it is let go of whenever that is asked for."""

    def __init__(
        self, microphone: Microphone, settings: EndpointSettings, detector: VoiceDetector | None = None
    ) -> None:
        along = settings.overhearing
        speech = msgspec.structs.replace(
            settings.speech,
            ends_after_silence=along.ends_after_silence,
            longest=along.longest,
            begins_within=Duration(seconds=1),
            objection_within=Duration(seconds=1),
        )
        self._settings = msgspec.structs.replace(settings, speech=speech)
        self._microphone = microphone
        self._detector = LevelGate(detector or SileroDetector(), along)

    @property
    def muted(self) -> bool:
        """Whether the resident's own switch is off."""
        return self._microphone.muted

    def pieces(self, go_on: Callable[[], bool], closed: Callable[[], None]) -> Iterator[Piece]:
        """Pieces of speech until `go_on` says no; `closed` is called as soon as the microphone is free again.

        What was being said at that moment comes last. Raises `MicrophoneFault`.
        """
        endpointer = Endpointer(self._settings, self._detector)
        rest: list[Samples] = []
        try:
            self._microphone.open()
            while go_on() and not self._microphone.muted:
                endpoint = endpointer.feed(self._microphone.frame())
                if endpointer.takes_back():
                    rest = []
                rest += endpointer.drain()
                if endpoint:
                    rest = []
                    endpointer.reset()
                    if spoke(endpoint):
                        yield Piece(endpoint.samples)
        finally:
            self._microphone.close()
            closed()
        if rest:
            yield Piece(np.concatenate(rest))


def spoke(endpoint: Endpoint) -> bool:
    """Whether there is a piece of speech in it."""
    return endpoint.kind is EndpointKind.speech


class LevelGate:
    """A detector that sleeps while the room is no louder than it usually is: speech is never that quiet.

    The usual level is the quietest lately, rising slowly, so that a fan is taken for the room after a while.
    """

    def __init__(self, detector: VoiceDetector, settings: OverhearSettings) -> None:
        self._detector = detector
        self._above_db = settings.gate_above_room
        self._rise_db = settings.room_rises_per_minute * FRAME / RATE / 60.0
        self._hold = in_samples(settings.gate_holds)
        self._room_db = STARTS_AT_DB
        self._left = 0

    def __call__(self, frame: Samples) -> float:
        """The probability of speech; 0 without asking while the room is quiet."""
        level = level_dbfs(frame)
        self._room_db = min(level, self._room_db + self._rise_db)
        if level >= self._room_db + self._above_db:
            self._left = self._hold
        if self._left <= 0:
            return 0.0
        self._left -= FRAME
        return self._detector(frame)

    def reset(self) -> None:
        """Forget the voice; the room stays what it is."""
        self._detector.reset()
