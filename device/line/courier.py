"""What to send next, and when to send it again: an `ack` can be lost, and an event must not wait for ever."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from device.line.outbox import Outbox, Waiting

WINDOW = 20
"""Events under way at a time."""
AGAIN_SECONDS = 5.0
"""Until the first repeat without an `ack`; it doubles with each."""
AGAIN_MOST_SECONDS = 300.0
STUCK_TRIES = 4
"""From this try on an event no longer takes a place in the window: one the hub cannot take must not block the rest."""


@dataclass
class _Sent:
    tries: int
    again_at: float


class Courier:
    """Knows what went out on the present connection. Seconds come from the caller's monotonic counter."""

    def __init__(self, outbox: Outbox, chance: Callable[[], float] = random.random) -> None:
        self._outbox = outbox
        self._chance = chance
        self._sent: dict[str, _Sent] = {}

    def reconnected(self) -> None:
        """A new connection: all that waits goes out anew, and is late."""
        self._sent.clear()
        self._outbox.mark_late()

    def batch(self, now: float) -> list[Waiting]:
        """What to send now, in order; call `sent` for each that went."""
        # Looked at before the outbox: one acknowledged in between must not count as never sent.
        self._sent = {event_id: each for event_id, each in self._sent.items() if self._outbox.holds(event_id)}
        stuck = sum(each.tries >= STUCK_TRIES for each in self._sent.values())
        waiting = self._outbox.waiting(WINDOW + stuck)
        return [
            each
            for each in waiting
            if each.event_id not in self._sent or self._sent[each.event_id].again_at <= now
        ]

    def sent(self, event_id: str, now: float) -> int:
        """Note that one went out; return for which time."""
        before = self._sent.get(event_id)
        tries = before.tries + 1 if before else 1
        pause = min(AGAIN_MOST_SECONDS, AGAIN_SECONDS * 2 ** (tries - 1))
        # A town whose hub was away must not come back in one second.
        self._sent[event_id] = _Sent(tries, now + pause * (0.8 + 0.4 * self._chance()))
        return tries
