"""Slows down guessing: after some wrong passwords whoever tries must wait, each time longer."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)
MOST_KEPT = 10_000
"""Bounds the memory that made-up logins can take; the oldest is forgotten first."""

Tries = Mapping[str, int]
"""What is counted, and how many wrong tries are free."""


def tries_of(login: str, address: str) -> Tries:
    """Five for one login from one address; twenty for a login from anywhere, and for an address with any login.

    The pair is strict and the rest is loose, so that a stranger cannot lock a colleague out by guessing five times.
    """
    folded = login.casefold()[:80]
    return {f"pair {folded} {address}": 5, f"login {folded}": 20, f"address {address}": 20}


class Throttle:
    """Counts failures. In memory: a restart forgives, and one hub serves one city."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def wait(self, tries: Tries, now: datetime) -> timedelta:
        """How long until these may try again; zero when they may now."""
        with self._lock:
            return max(self._until(key, free, now) - now for key, free in tries.items())

    def _until(self, key: str, free: int, now: datetime) -> datetime:
        count, last = self._failures.get(key, (0, now))
        if count < free or now - last > FORGET_AFTER:
            return now
        return max(now, last + min(FIRST_WAIT * 2.0 ** min(count - free, 10), LONGEST_WAIT))

    def failed(self, tries: Tries, now: datetime) -> None:
        """One more wrong password."""
        with self._lock:
            for key in tries:
                count, last = self._failures.pop(key, (0, now))
                self._failures[key] = (1 if now - last > FORGET_AFTER else count + 1, now)
            while len(self._failures) > MOST_KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, tries: Tries) -> None:
        """The right password: the counts that name the login start again, the address keeps its own."""
        with self._lock:
            for key in tries:
                if not key.startswith("address "):
                    self._failures.pop(key, None)
