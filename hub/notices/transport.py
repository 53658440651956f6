"""The edge of the world: what hands a message to a mail server or a service. Adding one is three lines.

class Pigeon:
    def hand_over(self, address: str, message: Message) -> None:
        fly(address, message.title, message.body)  # return: taken; raise NotTaken or Unclear: not
"""

from typing import Protocol

from msgspec import Struct

from hub.notices.notice import Urgency


class Message(Struct, frozen=True, kw_only=True):
    """What one person gets in one go."""

    id: str
    """The same when it is tried again, so that a receiver can see that it is."""
    recipient: str
    """staff/LOGIN or contact/RESIDENT/POSITION: what may stand in a log."""
    title: str
    """No names: it shows on locked screens."""
    body: str
    keys: list[str]
    """Of the notices in it."""
    urgency: Urgency


class NotTaken(Exception):
    """The message surely did not go out; the text is a Japanese sentence without addresses and secrets."""

    def __init__(self, why: str, *, hopeless: bool = False) -> None:
        """`hopeless`: trying again will not help until somebody changes an address or a setting."""
        super().__init__(why)
        self.why = why
        self.hopeless = hopeless


class Unclear(Exception):
    """No answer in time, or the line broke in the middle: it may have gone out. It is tried again."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Transport(Protocol):
    """Whoever hands messages over. Called from several threads at once; it must come back in bounded time."""

    def hand_over(self, address: str, message: Message) -> None:
        """Return when it was taken; raise `NotTaken` or `Unclear` when it was not."""
