"""Telling somebody who answers from the talk behind them: a television and a full room keep every voice detector open.

Whoever answers is nearer than the television, so louder. What is much quieter than the loudest that was heard, and no
louder than the room is when it is quietest, is the room. In a quiet room nothing but silence is; a voice that trails
off there is far above it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from device.listen.settings import BackgroundSettings

Levels = npt.NDArray[np.float64]


class Background:
    """Looks at the levels of a listening, decibels of full scale, one a frame; remembers nothing itself."""

    def __init__(self, settings: BackgroundSettings, enough: int, look: int) -> None:
        """A voice is as loud as its loudest `enough` frames; the room is looked at over `look` of them."""
        self._below_db = settings.below_voice
        self._spread_db = settings.above_quietest
        self._enough = enough
        self._look = look

    def is_behind(self, levels: Sequence[float]) -> bool:
        """Whether the last frame of these is the room's, though a detector may call it speech."""
        if len(levels) < self._enough + self._look:
            return False
        heard = np.asarray(levels)
        return bool(heard[-1] < self._edge(heard) and self._is_room(heard, heard[-self._look :]))

    def voice_begins(self, levels: Sequence[float], first: int) -> int:
        """The frame from which on somebody is nearer than the room; `first` if it was so from there."""
        heard = np.asarray(levels)
        near = np.flatnonzero(heard[first:] >= self._edge(heard))
        begins = first + (int(near[0]) if near.size else 0)
        long_enough = begins - first >= self._look
        return begins if long_enough and self._is_room(heard, heard[first:begins]) else first

    def _edge(self, heard: Levels) -> float:
        """Below this nobody is as near as the one who answers."""
        return float(np.sort(heard)[-min(self._enough, heard.size)]) - self._below_db

    def _is_room(self, heard: Levels, part: Levels) -> bool:
        return bool(np.median(part) < np.percentile(heard, 10) + self._spread_db)
