"""What is broken, reported once when it breaks and once when it is mended, across restarts."""

from typing import Literal

from contract.events import Fault
from device.line.post import Post
from device.memory import Memory

Part = Literal["microphone", "speaker", "disk", "clock", "network", "model", "config", "panel"]


class Faults:
    """Turns "it does not work again" into two events, however often it is noticed."""

    def __init__(self, memory: Memory, post: Post) -> None:
        self._memory = memory
        self._post = post

    def broken(self, part: Part, detail: str) -> None:
        """`part` does not work; `detail` is for the technician: no names, no words that were heard."""
        parts = self._memory.broken
        if part not in parts:
            self._post.send(
                Fault(part=part, state="broken", detail=detail[:500]),
                also=self._memory.broken_are(parts | {part}),
            )

    def mended(self, part: Part) -> None:
        """`part` works."""
        parts = self._memory.broken
        if part in parts:
            self._post.send(Fault(part=part, state="mended"), also=self._memory.broken_are(parts - {part}))
