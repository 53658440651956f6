"""The microphone in a home: gives way to the button and to the switch-off, proves that it lives, and keeps its level."""

import threading

from device.abandoned import Abandoned
from device.health.vitals import FRAME_SECONDS, Organ, Vitals
from device.listen.endpointer import level_dbfs
from device.listen.microphone import Microphone, Samples
from device.panel.presses import Pressed, Presses

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
    def overflows(self) -> int:
        """How often sound was lost because nobody fetched it in time."""
        return int(getattr(self._microphone, "overflows", 0))

    @property
    def reopened(self) -> int:
        """How often the card had to be opened anew in the middle of listening."""
        return int(getattr(self._microphone, "reopened", 0))

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
        """The next frame; raise `Abandoned` once the speaker stops, `Pressed` once somebody is at the button."""
        if self._stopping.is_set():
            raise Abandoned
        if self._presses.waiting or self._presses.under_way:
            raise Pressed
        frame = self._microphone.frame()
        self._vitals.promise(Organ.microphone, FRAME_SECONDS)
        self.levels.feed(frame)
        return frame


class Levels:
    """How loud it was at the microphone lately. No sound is kept, only how many frames were how loud."""

    def __init__(self) -> None:
        self._frames = [0] * (round(-SILENCE_DB) + 1)

    def feed(self, frame: Samples) -> None:
        """Count one frame."""
        self._frames[round(min(-SILENCE_DB, max(0.0, -level_dbfs(frame))))] += 1

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
