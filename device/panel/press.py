"""What a press of the one big button means: a pure machine over the times at which it went down and up.

A call for help is recognized while the button is still held, and nothing that comes after takes it back or turns it
into something smaller. So the test press is made of two presses that never reach the time of a call for help.
"""

from enum import StrEnum

from device.panel.settings import ButtonSettings


class Sign(StrEnum):
    """What the button says."""

    hold_on = "hold_on"
    """Held for long: if it is held on, help is called. Said aloud, nothing else."""
    help = "help"
    """Held to the end: a call for help, now."""
    once_more = "once_more"
    """A long press is over: a second one would be a test. Said aloud, nothing else."""
    test = "test"
    """Two long presses: the button is being tried out."""
    fine = "fine"
    """「元気です」: a short press, or a long one that nothing followed."""


class PressReader:
    """Feed it the button and the time, in seconds that only go forward; it says what was meant, once."""

    def __init__(self, settings: ButtonSettings) -> None:
        self._ignore = settings.ignore_below.total_seconds()
        self._long = settings.long_from.total_seconds()
        self._help = settings.help_from.total_seconds()
        self._again = settings.again_within.total_seconds()
        self._down_at: float | None = None
        self._said: Sign | None = None
        """How far this press has come."""
        self._first_long: float | None = None
        """When a long press ended that may become the first half of a test."""

    @property
    def busy(self) -> bool:
        """Whether the last press may still come to mean something."""
        return self._down_at is not None or self._first_long is not None

    @property
    def look_at(self) -> float | None:
        """When to `tick` next; None when nothing is under way."""
        if self._down_at is not None:
            match self._said:
                case None:
                    return self._down_at + self._long
                case Sign.hold_on:
                    return self._down_at + self._help
            return None
        return None if self._first_long is None else self._first_long + self._again

    def down(self, at: float) -> list[Sign]:
        """The button is pressed."""
        signs = self.tick(at)
        if self._down_at is None:
            self._down_at, self._said = at, None
        return signs

    def up(self, at: float) -> list[Sign]:
        """The button is let go."""
        if self._down_at is None:
            return []
        signs = self.tick(at)
        down_at, self._down_at = self._down_at, None
        if self._said is Sign.help or at < down_at + self._ignore:
            return signs
        if self._said is None:
            self._first_long = None
            return [*signs, Sign.fine]
        if self._first_long is not None:
            self._first_long = None
            return [*signs, Sign.test]
        self._first_long = at
        return [*signs, Sign.once_more]

    def tick(self, at: float) -> list[Sign]:
        """Time has passed."""
        signs: list[Sign] = []
        if self._down_at is not None:
            if at >= self._down_at + self._long and self._said is None:
                self._said = Sign.hold_on
                signs.append(Sign.hold_on)
            if at >= self._down_at + self._help and self._said is Sign.hold_on:
                self._said, self._first_long = Sign.help, None
                signs.append(Sign.help)
        elif self._first_long is not None and at >= self._first_long + self._again:
            self._first_long = None
            signs.append(Sign.fine)
        return signs
