"""Between the broker's thread and the worker: two bounded lanes, and calls for help overtake."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """What waits to be worked off. Whoever brings more than fits has to wait: that is the back-pressure."""

    def __init__(self, room: int) -> None:
        """`room` counts the ordinary lane; calls for help always get in."""
        self._room = room
        self._urgent: deque[T] = deque()
        self._ordinary: deque[T] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T, *, urgent: bool = False) -> bool:
        """Bring one; waits while there is no room. False when the lanes were closed meanwhile."""
        with self._changed:
            if not urgent:
                self._changed.wait_for(lambda: self._closed or len(self._ordinary) < self._room)
            if self._closed:
                return False
            (self._urgent if urgent else self._ordinary).append(item)
            self._changed.notify_all()
            return True

    def put_all(self, items: Sequence[T]) -> bool:
        """Bring some ordinary ones, all of them as soon as there is room for the first."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._ordinary) < self._room)
            if self._closed:
                return False
            self._ordinary.extend(items)
            self._changed.notify_all()
            return True

    def offer(self, item: T) -> bool:
        """Bring one that may be lost: False, and it is not taken, when there is no room."""
        with self._changed:
            if self._closed or len(self._ordinary) >= self._room:
                return False
            self._ordinary.append(item)
            self._changed.notify_all()
            return True

    def take(self, most: int, wait_seconds: float) -> tuple[list[T], bool]:
        """Up to `most`, all of one lane, and whether they are urgent; nothing after `wait_seconds` without any."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._urgent or self._ordinary, wait_seconds)
            lane = self._urgent or self._ordinary
            taken = [lane.popleft() for _ in range(min(most, len(lane)))]
            self._changed.notify_all()
            return taken, lane is self._urgent

    def take_more(self, most: int, enough: Callable[[], bool]) -> list[T]:
        """Up to `most` more ordinary ones as soon as there are some; none once it is `enough`, or for a call for help.

        Whoever makes it enough calls `ring`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._urgent or self._ordinary or enough())
            if self._urgent or enough():
                return []
            taken = [self._ordinary.popleft() for _ in range(min(most, len(self._ordinary)))]
            self._changed.notify_all()
            return taken

    def ring(self) -> None:
        """Let whoever takes look whether it is enough."""
        with self._changed:
            self._changed.notify_all()

    def put_back(self, items: Sequence[T], *, urgent: bool) -> None:
        """Return what could not be worked off to the head of its lane."""
        with self._changed:
            (self._urgent if urgent else self._ordinary).extendleft(reversed(items))
            self._changed.notify_all()

    def close(self) -> None:
        """Let everybody who waits go on; nothing is taken in any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._urgent) + len(self._ordinary)
