"""What was pressed and has not been attended to yet: the panel's thread puts it in, the speaker's takes it out."""

import threading


class Pressed(Exception):
    """Breaks off a listening: the button has said something."""


class Presses:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: list[str] = []
        self._fine = False
        self._busy = False

    def called_for_help(self, event_id: str) -> None:
        """Help was called; the event exists, and is on its way."""
        with self._changed:
            self._calls.append(event_id)
            self._changed.notify_all()

    def said_fine(self) -> None:
        """「元気です」."""
        with self._changed:
            self._fine = True
            self._changed.notify_all()

    def busy(self, under_way: bool) -> None:
        """Whether a press is under way that may still come to mean something."""
        with self._changed:
            self._busy = under_way
            self._changed.notify_all()

    @property
    def under_way(self) -> bool:
        """Whether the button is being pressed: what the box says about that must not be taken for an answer."""
        with self._changed:
            return self._busy

    @property
    def waiting(self) -> bool:
        """Whether anything has not been attended to."""
        with self._changed:
            return self._fine or bool(self._calls)

    @property
    def help_waits(self) -> bool:
        """Whether a call for help has not been spoken about."""
        with self._changed:
            return bool(self._calls)

    def take_calls(self) -> list[str]:
        """The ids of calls for help that nobody has spoken about yet."""
        with self._changed:
            calls, self._calls = self._calls, []
            return calls

    def take_fine(self) -> bool:
        """Whether 「元気です」 was pressed since the last look."""
        with self._changed:
            fine, self._fine = self._fine, False
            return fine

    def await_settled(self, seconds: float) -> bool:
        """Wait until no press is under way; whether one came to mean something."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, seconds)
            return self._fine or bool(self._calls)
