"""The microphone in a home: gives way to the button and to the switch-off, proves that it lives, and keeps its level."""

import math
import threading

import numpy as np

from device.health.vitals import FRAME_SECONDS, SCHEDULER_SECONDS, Organ, Vitals
from device.listen.microphone import Microphone, Samples
from device.panel.presses import Pressed, Presses
from device.talk.dialogue import Abandoned

FULL_SCALE = 32768.0
SILENCE_DB = -96.0
"""What a frame of nothing but zeros counts as, in decibels of full scale."""


class HomeMicrophone:
    """A `Microphone` around the real one."""

    def __init__(
        self, microphone: Microphone, stopping: threading.Event, presses: Presses, vitals: Vitals
    ) -> None:
        self._microphone = microphone
        self._stopping = stopping
        self._presses = presses
        self._vitals = vitals
        self.is_open = False
        self.levels = Levels()

    @property
    def muted(self) -> bool:
        """Whether the resident's own switch is off."""
        return self._microphone.muted

    def open(self) -> None:
        """Start to capture."""
        self._vitals.promise(Organ.microphone, FRAME_SECONDS)
        self._microphone.open()
        self.is_open = True

    def close(self) -> None:
        """Stop to capture."""
        self.is_open = False
        self._vitals.rest(Organ.microphone)
        self._microphone.close()

    def frame(self) -> Samples:
        """The next frame; raise `Abandoned` once the speaker stops, `Pressed` once the button said something."""
        if self._stopping.is_set():
            raise Abandoned
        if self._presses.waiting:
            raise Pressed
        frame = self._microphone.frame()
        self._vitals.promise(Organ.microphone, FRAME_SECONDS)
        self._vitals.promise(Organ.scheduler, SCHEDULER_SECONDS)
        self.levels.feed(frame)
        return frame


class Levels:
    """How loud it was at the microphone lately. No sound is kept, only how many frames were how loud."""

    def __init__(self) -> None:
        self._frames = [0] * (round(-SILENCE_DB) + 1)

    def feed(self, frame: Samples) -> None:
        """Count one frame."""
        self._frames[round(-level_db(frame))] += 1

    def share(self, share: float) -> float | None:
        """The level that this share of frames does not exceed, in decibels of full scale; None when there were none."""
        wanted, so_far = share * sum(self._frames), 0
        for minus_db in reversed(range(len(self._frames))):
            so_far += self._frames[minus_db]
            if so_far and so_far >= wanted:
                return -float(minus_db)
        return None

    def forget(self) -> None:
        """Begin anew."""
        self._frames = [0] * len(self._frames)


def level_db(frame: Samples) -> float:
    """Root mean square of a frame in decibels of full scale, from `SILENCE_DB` to 0."""
    power = float(np.mean(np.square(frame.astype(np.float64)))) if frame.size else 0.0
    level = 10.0 * math.log10(power / FULL_SCALE**2) if power else SILENCE_DB
    return min(0.0, max(SILENCE_DB, level))
