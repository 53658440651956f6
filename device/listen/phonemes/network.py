"""The network over Whisper's encoder: four layers of convolution that say which phoneme sounds in each 20 ms.

`bench.phonemes` teaches it.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

WIDTH = 512
"""Of a frame of Whisper base."""
TAPS = 5
DILATIONS = (1, 1, 2, 4)
"""Of the four layers: together they hear 16 frames, 0.33 s, to each side."""

Weights = Mapping[str, Array]
"""`mean`, `deviation` (512); `layer0` (5, 512, H), `layer1` to `layer3` (5, H, H), `bias0` to `bias3` (H);
`out` (H, 1 + phonemes), `out_bias`."""


def shapes(hidden: int, phonemes: int) -> dict[str, tuple[int, ...]]:
    """What shape each of the weights has."""
    layers = {
        f"layer{number}": (TAPS, hidden if number else WIDTH, hidden) for number in range(len(DILATIONS))
    }
    biases = {f"bias{number}": (hidden,) for number in range(len(DILATIONS))}
    ends = {
        "mean": (WIDTH,),
        "deviation": (WIDTH,),
        "out": (hidden, 1 + phonemes),
        "out_bias": (1 + phonemes,),
    }
    return layers | biases | ends


def logits(weights: Weights, frames: Array) -> Array:
    """Frames (..., T, 512) to (..., T, 1 + phonemes)."""
    hidden = layer(weights, 0, (frames - weights["mean"]) / weights["deviation"])
    for number in range(1, len(DILATIONS)):
        hidden = hidden + layer(weights, number, normal(hidden))
    return np.asarray(normal(hidden) @ weights["out"] + weights["out_bias"])


def layer(weights: Weights, number: int, frames: Array) -> Array:
    """One layer of convolution, (..., T, width) to (..., T, H)."""
    step = DILATIONS[number]
    around = TAPS // 2 * step
    padding = [(0, 0)] * (frames.ndim - 2) + [(around, around), (0, 0)]
    padded, length = np.pad(frames, padding), frames.shape[-2]
    taps = weights[f"layer{number}"]
    summed = sum(padded[..., tap * step : tap * step + length, :] @ taps[tap] for tap in range(TAPS))
    return np.asarray(np.maximum(summed + weights[f"bias{number}"], 0.0))


def normal(values: Array) -> Array:
    """Each frame with mean 0 and variance 1."""
    centred = values - values.mean(-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5))
