"""The clock of a box that has none of its own: never behind what was written down, and honest about its quality.

A Pi without a battery-backed clock wakes up hours or weeks behind, until network time sets it. Until then time goes
on from the floor, the last instant that was written down, so that no slot is asked twice and no event is dated before
the ones that were sent already.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from contract.events import ClockQuality
from contract.time import Clock
from contract.time import kernel_synchronized as kernel_synchronized
from device.config import ClockSource

SLACK = timedelta(minutes=1)
"""A clock may be set back by this much without being called wrong: network time trims it all day long."""

NetworkTime = Callable[[], bool]
"""Whether network time has set the clock since this boot."""


class Timekeeper:
    """A `Clock` that stands on a floor. Safe to read from several threads."""

    def __init__(
        self,
        clock: Clock,
        source: ClockSource,
        floor: datetime | None,
        network_time: NetworkTime = kernel_synchronized,
    ) -> None:
        self._clock = clock
        self._source = source
        self._floor = floor
        self._written_down = floor is not None
        """Whether an earlier run left anything to stand on."""
        self._network_time = network_time
        self._shift = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The current instant, aware, in UTC, not behind the floor."""
        return self.read()[0]

    @property
    def behind(self) -> bool:
        """Whether the machine's clock is behind the floor, which is then what counts."""
        self.read()
        return bool(self._shift)

    @property
    def unset(self) -> bool:
        """Whether nothing at all has told the time yet: no network, no battery, no earlier run."""
        return self.read()[1] is ClockQuality.unknown

    def read(self) -> tuple[datetime, ClockQuality]:
        """The current instant, and how far it can be trusted."""
        with self._lock:
            raw = self._clock.now()
            if self._source is ClockSource.auto and self._network_time():
                # The one witness that may also take a wrong floor back: the clock had been ahead.
                self._shift, self._floor = timedelta(0), raw
                return raw, ClockQuality.synced
            quality = self._quality()
            if self._floor is not None and raw + self._shift < self._floor - SLACK:
                self._shift = self._floor - raw
            elif self._floor is None or raw >= self._floor:
                self._shift = timedelta(0)
            now = raw + self._shift
            self._floor = now if self._floor is None else max(self._floor, now)
            return now, ClockQuality.floor if self._shift else quality

    def _quality(self) -> ClockQuality:
        match self._source:
            case ClockSource.synced:
                return ClockQuality.synced
            case ClockSource.rtc:
                return ClockQuality.rtc
            case ClockSource.auto:
                return ClockQuality.floor if self._written_down else ClockQuality.unknown
