"""The microphone as the rest of the speaker sees it: frames of sound, or a fault that says so."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second; what every recognizer and the voice detector want."""
FRAME = 512
"""Samples in a frame, 32 ms: exactly what the Silero voice detector eats at 16 kHz."""
FRAME_SECONDS = FRAME / RATE

Samples = npt.NDArray[np.int16]
"""Mono sound at `RATE`, shape (n,)."""


class MicrophoneFault(Exception):
    """The microphone gives no sound: not found, unplugged, or broken. Never to be taken for a silent person (P2)."""


class Microphone(Protocol):
    """Whoever delivers sound: a sound card, a file, a simulated room."""

    @property
    def muted(self) -> bool:
        """Whether the resident's own switch is off."""

    def open(self) -> None:
        """Start to capture; raise `MicrophoneFault` when there is nothing to capture from."""

    def close(self) -> None:
        """Stop to capture. Harmless when it is not open."""

    def frame(self) -> Samples:
        """Block until the next `FRAME` samples are there and return them, shape (FRAME,).

        Raises `MicrophoneFault` when none can come.
        """
