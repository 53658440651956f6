"""A room in which the microphone hears the loudspeaker: one frame at a time, and no time passes.

While nobody takes frames, what is played is over at once."""

import threading
from collections.abc import Callable

import numpy as np

from device.listen.microphone import FRAME, MicrophoneFault, Samples
from device.speak.loudspeaker import SpeakerFault
from device.speak.voice import Clip


class Room:
    """Loudspeaker and microphone at once. Set what is broken; `between` is what lies between the two."""

    def __init__(self) -> None:
        self.muted = False
        self.plays = True
        self.hears = True
        self.carries = 0.1
        self.noise = 20.0
        self.stuck: threading.Event | None = None
        """A card that gives nothing and no error either, until this is set."""
        self.on_frame: Callable[[], None] = lambda: None
        self.opened = 0
        self.played = 0
        self._noise = np.random.default_rng(3)
        self._air = np.zeros(0, dtype=np.float64)
        self._changed = threading.Condition()
        self._is_open = False

    def open(self) -> None:
        if not self.hears:
            raise MicrophoneFault("no such card")
        self.opened += 1
        self._is_open = True

    def close(self) -> None:
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def frame(self) -> Samples:
        self.on_frame()
        if self.stuck:
            self.stuck.wait(30)
        with self._changed:
            heard, self._air = self._air[:FRAME], self._air[FRAME:]
            frame = self._noise.normal(0.0, self.noise, FRAME)
            frame[: heard.size] += heard * self.carries
            self._changed.notify_all()
        return np.rint(np.clip(frame, -32768, 32767)).astype(np.int16)

    def play(self, clip: Clip) -> None:
        if not self.plays:
            raise SpeakerFault("no such card")
        self.played += 1
        with self._changed:
            self._air = clip.samples.astype(np.float64)
            self._changed.wait_for(lambda: not self._is_open or not self._air.size, 30)
