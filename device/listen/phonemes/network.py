"""The network over Whisper's encoder: four layers of convolution that say which phoneme sounds in each 20 ms.

Written once for numpy, which runs it in a home, and for JAX, which teaches it (`bench.phonemes`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

WIDTH = 512
"""Of a frame of Whisper base."""
TAPS = 5
DILATIONS = (1, 1, 2, 4)
"""Of the four layers: together they hear 16 frames, 0.33 s, to each side."""

Weights = Mapping[str, Any]
"""`mean`, `deviation` (512); `layer0` (5, 512, H), `layer1` to `layer3` (5, H, H), `bias0` to `bias3` (H);
`out` (H, 1 + phonemes), `out_bias`."""


def _as_it_is(values: Any) -> Any:
    return values


def logits(weights: Weights, frames: Any, xp: Any = np, between: Callable[[Any], Any] = _as_it_is) -> Any:
    """Frames (..., T, 512) to (..., T, 1 + phonemes) in the arrays of `xp`; `between` sees what goes into each layer."""
    before = (frames - weights["mean"]) / weights["deviation"]
    hidden = _layer(weights, 0, between(before), xp)
    for number in range(1, len(DILATIONS)):
        hidden = hidden + _layer(weights, number, between(_normal(hidden, xp)), xp)
    return _normal(hidden, xp) @ weights["out"] + weights["out_bias"]


def _layer(weights: Weights, number: int, frames: Any, xp: Any) -> Any:
    step = DILATIONS[number]
    around = TAPS // 2 * step
    padding = [(0, 0)] * (frames.ndim - 2) + [(around, around), (0, 0)]
    padded, length = xp.pad(frames, padding), frames.shape[-2]
    taps = weights[f"layer{number}"]
    summed = sum(padded[..., tap * step : tap * step + length, :] @ taps[tap] for tap in range(TAPS))
    return xp.maximum(summed + weights[f"bias{number}"], 0.0)


def _normal(values: Any, xp: Any) -> Any:
    """Each frame with mean 0 and variance 1."""
    centred = values - values.mean(-1, keepdims=True)
    return centred / xp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
