"""The loudspeaker as the rest of the speaker sees it."""

from typing import Protocol

from device.speak.voice import Clip


class SpeakerFault(Exception):
    """The clip did not leave the loudspeaker; whoever asked must say `not_played`, never "no answer" (P2)."""


class CutShort(Exception):
    """Somebody else's words could not wait, and this clip ended in the middle; nothing is broken."""


class Loudspeaker(Protocol):
    """Whoever makes sound heard: a sound card, a simulated room. One that only pretends is not allowed."""

    def play(self, clip: Clip) -> None:
        """Play the whole clip and return when it has really ended; raise `SpeakerFault` when it was not heard."""
