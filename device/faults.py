"""What is broken, reported once when it breaks and once when it is mended, across restarts."""

from collections.abc import Set
from typing import Literal

from contract.events import Fault
from device.line.post import Post
from device.memory import Memory

Part = Literal["microphone", "speaker", "disk", "clock", "network", "model", "config", "panel"]


class Faults:
    """Turns "it does not work again" into two events, however often and by whomever it is noticed."""

    def __init__(self, memory: Memory, post: Post) -> None:
        self._memory = memory
        self._post = post

    @property
    def parts(self) -> frozenset[str]:
        """What is broken now."""
        return self.parts_of(self._memory.broken)

    def found(self, part: Part, by: str = "") -> bool:
        """Whether this part was found broken by `by`, and not mended since."""
        return _token(part, by) in self._memory.broken

    def broken(self, part: Part, detail: str, by: str = "") -> None:
        """`part` does not work; `detail` is for the technician: no names, no words that were heard.

        `by` says who found it, if not the use itself; only the same may say that it is mended.
        """
        tokens = self._memory.broken
        if (token := _token(part, by)) in tokens:
            return
        also = self._memory.broken_are(tokens | {token})
        if part in self.parts_of(tokens):
            self._memory.write(also)
        else:
            self._post.send(Fault(part=part, state="broken", detail=detail[:500]), also=also)

    def mended(self, part: Part, by: str = "") -> None:
        """`part` works, as far as `by` can tell."""
        tokens = self._memory.broken
        if (token := _token(part, by)) not in tokens:
            return
        left = tokens - {token}
        also = self._memory.broken_are(left)
        if part in self.parts_of(left):
            self._memory.write(also)
        else:
            self._post.send(Fault(part=part, state="mended"), also=also)

    @staticmethod
    def parts_of(tokens: Set[str]) -> frozenset[str]:
        """The parts that these findings are about."""
        return frozenset(_part(token) for token in tokens)


def _token(part: str, by: str) -> str:
    return f"{part}/{by}" if by else part


def _part(token: str) -> str:
    return token.partition("/")[0]
