"""What the box does for itself at every tick: writes the time down, forgets what is old, watches disk and clock."""

from datetime import datetime, timedelta

from device.faults import Faults
from device.line.outbox import Outbox
from device.memory import Memory
from device.store import Store
from device.timekeeper import Timekeeper

FLOOR_EVERY = timedelta(minutes=5)
"""How often the time is written down when nothing else is: an SD card wears."""


class Upkeep:
    """Called from the speaker's loop."""

    def __init__(
        self, store: Store, memory: Memory, outbox: Outbox, clock: Timekeeper, faults: Faults
    ) -> None:
        self._store = store
        self._memory = memory
        self._outbox = outbox
        self._clock = clock
        self._faults = faults
        self._floor_kept: datetime | None = None

    def start(self) -> None:
        """Report a file that was found damaged at this start."""
        if self._store.damaged:
            self._faults.broken("disk", f"the store was damaged and put aside as {self._store.damaged.name}")

    def tick(self, now: datetime) -> None:
        """One look."""
        kept = self._floor_kept
        if kept is None or not kept <= now < kept + FLOOR_EVERY:
            self._memory.forget(now)
            self._memory.keep_floor(now)
            self._floor_kept = now
        trouble = self._store.trouble or self._outbox.trouble
        if trouble:
            self._faults.broken("disk", trouble)
        elif not self._store.damaged:
            self._faults.mended("disk")
        if self._clock.behind:
            self._faults.broken("clock", "the clock is behind the last time written down")
        elif self._clock.unset:
            # Slots are asked all the same, by a clock that may be wrong; every event says `unknown`, and this says why.
            self._faults.broken("clock", "nothing has set the clock yet")
        else:
            self._faults.mended("clock")
