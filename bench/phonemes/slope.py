"""How badly the network says what was said (CTC), and which way each weight should go: the slope, worked out by hand.

`device.listen.phonemes.network` is the network itself. The tests hold this against it, and against small steps.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from device.listen.phonemes.network import DILATIONS, TAPS, Array, Weights, layer, normal

_NEVER = -1e30


class Batch(Struct, frozen=True):
    """Several lessons side by side, padded to one shape."""

    frames: Array
    """Shape (lessons, frames, 512)."""
    lengths: npt.NDArray[np.int64]
    """How many frames of each are its own."""
    columns: npt.NDArray[np.int64]
    """Phonemes that were said, shape (lessons, most); 0 where there are no more."""


def cost_and_slope(weights: Weights, batch: Batch, drops: Sequence[Array]) -> tuple[float, dict[str, Array]]:
    """Mean CTC cost of a lesson in nats, and its slope by every weight but `mean` and `deviation`.

    `drops` multiply what goes into each layer, shapes (lessons, frames, 512) and (lessons, frames, H) for the others.
    """
    into = [(batch.frames - weights["mean"]) / weights["deviation"] * drops[0]]
    added = [layer(weights, 0, into[0])]
    hidden = [added[0]]
    for number in range(1, len(DILATIONS)):
        into.append(normal(hidden[-1]) * drops[number])
        added.append(layer(weights, number, into[-1]))
        hidden.append(hidden[-1] + added[-1])
    last = normal(hidden[-1])
    cost, back = ctc(last @ weights["out"] + weights["out_bias"], batch)

    slope = {"out": _outer(last, back), "out_bias": back.sum((0, 1))}
    above = _back_through_normal(hidden[-1], back @ weights["out"].T)
    for number in reversed(range(len(DILATIONS))):
        active = above * (added[number] > 0)
        slope[f"bias{number}"] = active.sum((0, 1))
        slope[f"layer{number}"], below = _back_through_layer(weights, number, into[number], active)
        if number:
            above = above + _back_through_normal(hidden[number - 1], below * drops[number])
    return cost, slope


def ctc(scores: Array, batch: Batch) -> tuple[float, Array]:
    """Mean cost of scores (lessons, frames, 1 + phonemes), and its slope by them; padding costs nothing."""
    chances = scores - scores.max(-1, keepdims=True)
    chances = chances - np.log(np.exp(chances).sum(-1, keepdims=True))
    rows, length, _ = scores.shape
    states = np.zeros((rows, 2 * batch.columns.shape[1] + 1), dtype=np.int64)
    states[:, 1::2] = batch.columns
    ends = 2 * (batch.columns > 0).sum(1)
    forth = np.take_along_axis(chances, np.repeat(states[:, None], length, 1), 2).astype(np.float64)
    skips = np.zeros(states.shape, dtype=bool)
    skips[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]

    every = np.arange(rows)
    before = np.full((length, *states.shape), _NEVER)
    before[0, :, :2] = forth[:, 0, :2]
    for at in range(1, length):
        one, two = _shifted(before[at - 1], 1), np.where(skips, _shifted(before[at - 1], 2), _NEVER)
        before[at] = np.logaddexp(np.logaddexp(before[at - 1], one), two) + forth[:, at]
    after = np.full((length, *states.shape), _NEVER)
    coming = np.full(states.shape, _NEVER)
    for at in reversed(range(length)):
        one = _shifted(coming, -1)
        two = _shifted(np.where(skips, coming, _NEVER), -2)
        after[at] = np.logaddexp(np.logaddexp(coming, one), two)
        here = every[batch.lengths - 1 == at]
        after[at, here, ends[here]] = after[at, here, ends[here] - 1] = 0.0
        coming = np.maximum(after[at] + forth[:, at], _NEVER)

    reached = before[batch.lengths - 1, every]
    whole = np.logaddexp(reached[every, ends], reached[every, ends - 1])
    share = np.exp(before + after - whole[:, None]).transpose(1, 0, 2)
    said = share @ (states[:, :, None] == np.arange(scores.shape[-1]))
    own = np.arange(length)[None, :, None] < batch.lengths[:, None, None]
    back = np.where(own, np.exp(chances) - said, 0.0) / rows
    return float(-whole.mean()), back.astype(scores.dtype)


def _shifted(chances: npt.NDArray[np.float64], by: int) -> npt.NDArray[np.float64]:
    """The columns `by` places further on; nothing comes in from outside."""
    moved = np.full_like(chances, _NEVER)
    if by > 0:
        moved[:, by:] = chances[:, :-by]
    else:
        moved[:, :by] = chances[:, -by:]
    return moved


def _outer(left: Array, right: Array) -> Array:
    """Summed over lessons and frames, shape (width of left, width of right)."""
    summed: Array = np.matmul(left.transpose(0, 2, 1), right).sum(0)
    return summed


def _back_through_layer(weights: Weights, number: int, into: Array, back: Array) -> tuple[Array, Array]:
    """Slopes by a layer's taps and by what went into it; `back` is the one by its sums before the bias."""
    step, taps = DILATIONS[number], weights[f"layer{number}"]
    around, length = TAPS // 2 * step, into.shape[1]
    padded = np.pad(into, ((0, 0), (around, around), (0, 0)))
    below = np.zeros_like(padded)
    slopes = []
    for tap in range(TAPS):
        seen = slice(tap * step, tap * step + length)
        slopes.append(_outer(padded[:, seen], back))
        below[:, seen] += back @ taps[tap].T
    return np.stack(slopes), below[:, around : around + length]


def _back_through_normal(values: Array, back: Array) -> Array:
    centred = values - values.mean(-1, keepdims=True)
    size = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    even = centred / size
    through = (back - even * (back * even).mean(-1, keepdims=True)) / size
    return np.asarray(through - through.mean(-1, keepdims=True))
