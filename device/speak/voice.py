"""A voice turns a sentence into sound."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

RATE_OF_SPEECH = 0.85
"""Slower than the voice's own pace (1.0): residents are 75 to 95 years old."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A piece of sound, ready to play."""

    samples: npt.NDArray[np.int16]
    """Mono, shape (n,)."""
    rate: int
    """Samples a second."""

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.samples) / self.rate

    def at_volume(self, volume: float) -> "Clip":
        """The same clip at `volume`, 0 to 1; 1 leaves it as it is."""
        if not 0.0 <= volume <= 1.0:
            raise ValueError(f"volume is 0 to 1, not {volume}")
        return Clip(samples=np.rint(self.samples * volume).astype(np.int16), rate=self.rate)


class Voice(Protocol):
    """Whoever can speak Japanese."""

    @property
    def name(self) -> str:
        """Engine and settings, as a key: two voices that sound different have different names."""

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:
        """Speak `text` into a clip; `rate` 1.0 is the voice's own pace, slower is below."""
