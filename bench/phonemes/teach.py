"""Fits the network's weights to lessons: Adam down the slope of the CTC cost. The same lessons give the same weights."""

import random
from collections.abc import Callable, Iterator, Sequence
from math import cos, pi

import numpy as np
from msgspec import Struct

from bench.phonemes.slope import Batch, cost_and_slope
from bench.phonemes.sounds import Lesson
from device.listen.phonemes import network
from device.listen.phonemes.network import Array
from device.listen.phonemes.spelling import PHONEMES

_STEP = 64
"""Frames: lessons within so many of each other are taught together, or much of a batch would be padding."""
_WARM_UP = 200
"""Steps in which the rate rises to its full height; fewer when there are few lessons."""
_LEAST_RATE = 1e-5
_STEEPEST = 1.0
"""Of a step's whole slope; what is steeper is a lesson that hardly fits."""
_MEMORY, _MEMORY_OF_SQUARES, _DECAY = 0.9, 0.999, 1e-3


class Course(Struct, frozen=True, kw_only=True):
    """How it is taught."""

    epochs: int = 9
    hidden: int = 192
    batch: int = 32
    rate: float = 1.5e-3
    dropout: float = 0.15
    seed: int = 1


def begin(lessons: Sequence[Lesson], course: Course) -> dict[str, Array]:
    """Drawn weights, and the mean and deviation of what the encoder gives."""
    rng = np.random.default_rng(course.seed)
    seen = np.concatenate([one.frames for one in lessons[:500]]).astype(np.float32)
    weights = {"mean": seen.mean(0), "deviation": seen.std(0) + 1e-3}
    for name, shape in network.shapes(course.hidden, len(PHONEMES)).items():
        match name:
            case "mean" | "deviation":
                continue
            case "out":
                weights[name] = rng.standard_normal(shape) * 0.3 * np.sqrt(2 / course.hidden)
            case _ if name.startswith("layer"):
                scale = np.sqrt(2 / np.prod(shape[:2])) * (1.0 if name == "layer0" else 0.7)
                weights[name] = rng.standard_normal(shape) * scale
            case _:
                weights[name] = np.zeros(shape)
    return {name: values.astype(np.float32) for name, values in weights.items()}


def fit(lessons: Sequence[Lesson], course: Course, tell: Callable[[str], None]) -> dict[str, Array]:
    """The weights after `course.epochs` times all lessons; a line to `tell` after each."""
    weights = begin(lessons, course)
    taught = [name for name in weights if name not in ("mean", "deviation")]
    momentum = {name: np.zeros_like(weights[name]) for name in taught}
    squares = {name: np.zeros_like(weights[name]) for name in taught}
    chance, rng = random.Random(course.seed), np.random.default_rng(course.seed)
    steps = course.epochs * sum(1 for _ in batches(lessons, course.batch, random.Random(course.seed)))
    step = 0
    for epoch in range(1, course.epochs + 1):
        costs = []
        for batch in batches(lessons, course.batch, chance):
            cost, slope = cost_and_slope(weights, batch, _drops(batch, course, rng))
            costs.append(cost)
            rate, step = _rate(step, steps, course.rate), step + 1
            steep = float(np.sqrt(sum(float((slope[name] ** 2).sum()) for name in taught)))
            for name in taught:
                down = slope[name] * min(1.0, _STEEPEST / steep)
                momentum[name] += (1 - _MEMORY) * (down - momentum[name])
                squares[name] += (1 - _MEMORY_OF_SQUARES) * (down**2 - squares[name])
                straight = momentum[name] / (1 - _MEMORY**step)
                width = np.sqrt(squares[name] / (1 - _MEMORY_OF_SQUARES**step)) + 1e-8
                weights[name] = weights[name] - np.float32(rate) * (straight / width + _DECAY * weights[name])
        tell(f"epoch {epoch} of {course.epochs}, cost {np.mean(costs):.2f}")
    return weights


def _rate(step: int, steps: int, full: float) -> float:
    """Rises in a line, falls in half a wave."""
    warm_up = min(_WARM_UP, steps // 8)
    if step < warm_up:
        return full * step / warm_up
    passed = (step - warm_up) / max(1, steps - warm_up)
    return _LEAST_RATE + (full - _LEAST_RATE) * 0.5 * (1 + cos(pi * passed))


def _drops(batch: Batch, course: Course, rng: np.random.Generator) -> list[Array]:
    shape = batch.frames.shape[:2]
    widths = [network.WIDTH, *[course.hidden] * (len(network.DILATIONS) - 1)]
    kept = 1 - course.dropout
    drawn = [rng.random((*shape, width), dtype=np.float32) < kept for width in widths]
    return [one.astype(np.float32) / np.float32(kept) for one in drawn]


def batches(lessons: Sequence[Lesson], size: int, chance: random.Random) -> Iterator[Batch]:
    """All lessons in a drawn order, those of about one length together; some frames of each are silenced."""
    by_length: dict[int, list[Lesson]] = {}
    for one in lessons:
        by_length.setdefault(len(one.frames) // _STEP, []).append(one)
    together = []
    for those in by_length.values():
        chance.shuffle(those)
        together += [those[at : at + size] for at in range(0, len(those), size)]
    chance.shuffle(together)
    for those in together:
        yield _padded(those, chance)


def _padded(those: Sequence[Lesson], chance: random.Random) -> Batch:
    lengths = np.array([len(one.frames) for one in those])
    most = max(len(one.columns) for one in those)
    frames = np.zeros((len(those), lengths.max(), network.WIDTH), dtype=np.float32)
    columns = np.zeros((len(those), most), dtype=np.int64)
    for row, one in enumerate(those):
        frames[row, : len(one.frames)] = one.frames
        for _ in range(2):
            at = chance.randrange(len(one.frames))
            frames[row, at : min(len(one.frames), at + chance.randrange(1, 8))] = one.frames.mean(0)
        columns[row, : len(one.columns)] = one.columns
    return Batch(frames, lengths, columns)
