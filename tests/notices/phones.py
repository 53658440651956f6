"""A fake phone company, at the edge of the world: it takes messages, fails when told to, and forgives no surprise."""

import threading
from collections import defaultdict
from collections.abc import Callable

from hub.notices.transport import Message, NotTaken, Unclear


class Phones:
    """A transport. What arrived must be `expect`ed, one by one; `hang_up` fails over anything left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.arrived: list[tuple[str, Message]] = []
        self._faults: dict[str, list[Exception]] = defaultdict(list)
        self.during: Callable[[Message], None] = lambda _message: None
        """Called while a message is under way."""

    def hand_over(self, address: str, message: Message) -> None:
        self.during(message)
        with self._lock:
            if self._faults[address]:
                fault = self._faults[address].pop(0)
                if isinstance(fault, Unclear):
                    self.arrived.append((address, message))  # it had arrived all the same
                raise fault
            self.arrived.append((address, message))

    def refuse(self, address: str, times: int = 1, *, hopeless: bool = False) -> None:
        """The next messages to an address are not taken."""
        self._faults[address] += [NotTaken("話し中です。", hopeless=hopeless)] * times

    def swallow(self, address: str) -> None:
        """The next message to an address arrives, and no answer comes."""
        self._faults[address].append(Unclear("答えがありません。"))

    def expect(self, address: str, *fragments: str) -> Message:
        """A message that arrived at an address and holds these words in title or body; it is taken off the list."""
        for index, (to, message) in enumerate(self.arrived):
            if to == address and all(one in message.title + message.body for one in fragments):
                del self.arrived[index]
                return message
        raise AssertionError(f"no message to {address} with {fragments}; arrived: {self._told()}")

    def nothing(self) -> None:
        """No message is there that was not expected."""
        assert not self.arrived, f"unexpected: {self._told()}"

    def _told(self) -> list[tuple[str, str]]:
        return [(to, f"{message.title} / {message.body}") for to, message in self.arrived]
