"""Promises that the box's parts make: "I will be heard of again within so many seconds". A broken one is a part that hangs.

A part that has nothing to do owes nothing. So a watchdog fed from here sees a microphone that gives no frames, a
scheduler that does not come round, and a disk that does not finish a write; a sleep loop would see none of them.
"""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum
from types import TracebackType


class Organ(StrEnum):
    """What must not hang."""

    scheduler = "scheduler"
    """The loop that asks what is due, dialogues included."""
    microphone = "microphone"
    """Frames, while it is open."""
    outbox = "outbox"
    """A write to the disk."""


SCHEDULER_SECONDS = 240.0
"""The longest that the loop may be away without a word: the longest announcement, 500 letters, takes 105 s at the
slowest pace, and a Pi may need half a minute to render it."""
FRAME_SECONDS = 15.0
"""Frames come every 32 ms; a card that vanished is looked for again for some seconds before it is a fault."""
WRITE_SECONDS = 30.0
"""An SD card that is worn out has been seen to take seconds for one page."""


class Vitals:
    """Safe to use from any thread."""

    def __init__(self, counter: Callable[[], float] = time.monotonic) -> None:
        self._counter = counter
        self._owed: dict[Organ, float] = {}
        self._lock = threading.Lock()

    def promise(self, organ: Organ, seconds: float) -> None:
        """It will be heard of again within `seconds`; a new promise takes the place of the old one."""
        with self._lock:
            self._owed[organ] = self._counter() + seconds

    def rest(self, organ: Organ) -> None:
        """It has nothing to do."""
        with self._lock:
            self._owed.pop(organ, None)

    def during(self, organ: Organ, seconds: float) -> AbstractContextManager[None]:
        """A piece of work that must not take longer."""
        return _During(self, organ, seconds)

    def hanging(self) -> list[Organ]:
        """The parts whose promise is broken now."""
        with self._lock:
            now = self._counter()
            return [organ for organ, until in self._owed.items() if now > until]


class _During(AbstractContextManager[None]):
    def __init__(self, vitals: Vitals, organ: Organ, seconds: float) -> None:
        self._vitals, self._organ, self._seconds = vitals, organ, seconds

    def __enter__(self) -> None:
        self._vitals.promise(self._organ, self._seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vitals.rest(self._organ)
