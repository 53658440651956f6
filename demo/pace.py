"""How fast a simulated second passes, and waits that end at once when the demonstration stops."""

import threading
from time import monotonic


class Stopped(Exception):
    """The demonstration is over; whoever waits goes home."""


class Pace:
    """`speed` 1.0 is real time; at 8.0 eight seconds of sound pass in one. Audio time stays exact at any speed."""

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0.0:
            raise ValueError(f"speed {speed} is not above 0")
        self.speed = speed
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether `stop()` was called."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End every wait, now and later, with `Stopped`."""
        self._stop.set()

    def elapsed(self) -> float:
        """Simulated seconds since an arbitrary origin."""
        return monotonic() * self.speed

    def wait_until(self, elapsed: float) -> None:
        """Return once `elapsed()` has reached that; at once if it has."""
        if self._stop.wait(max(0.0, (elapsed - self.elapsed()) / self.speed)):
            raise Stopped

    def wait_wall(self, seconds: float) -> None:
        """Wait by the wall clock, whatever the speed."""
        if self._stop.wait(seconds):
            raise Stopped
