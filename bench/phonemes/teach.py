"""Fits the network's weights to lessons by CTC, in JAX. `device.listen.phonemes.network` is the network itself."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from bench.phonemes.sounds import Lesson
from device.listen.phonemes import network
from device.listen.phonemes.spelling import PHONEMES

_STEP, _SPAN = 64, 32
"""Frames and phonemes are padded to multiples of these, so that few shapes are compiled."""


class Course(Struct, frozen=True, kw_only=True):
    """How it is taught."""

    epochs: int = 9
    hidden: int = 192
    batch: int = 32
    rate: float = 1.5e-3
    dropout: float = 0.15
    seed: int = 1


def begin(lessons: Sequence[Lesson], course: Course) -> dict[str, npt.NDArray[np.float32]]:
    """Drawn weights, and the mean and deviation of what the encoder gives."""
    rng = np.random.default_rng(course.seed)
    seen = np.concatenate([one.frames for one in lessons[:500]])
    weights = {"mean": seen.mean(0), "deviation": seen.std(0) + 1e-3}
    width = network.WIDTH
    for number in range(len(network.DILATIONS)):
        shape = (network.TAPS, width, course.hidden)
        scale = np.sqrt(2 / (network.TAPS * width)) * (1.0 if number == 0 else 0.7)
        weights[f"layer{number}"] = rng.standard_normal(shape) * scale
        weights[f"bias{number}"] = np.zeros(course.hidden)
        width = course.hidden
    weights["out"] = rng.standard_normal((width, 1 + len(PHONEMES))) * 0.3 * np.sqrt(2 / width)
    weights["out_bias"] = np.zeros(1 + len(PHONEMES))
    return {name: values.astype(np.float32) for name, values in weights.items()}


def fit(
    lessons: Sequence[Lesson], course: Course, tell: Callable[[str], None]
) -> dict[str, npt.NDArray[np.float32]]:
    """The weights after `course.epochs` times all lessons; a line to `tell` after each."""
    import jax
    import optax

    weights = begin(lessons, course)
    fixed = {name: weights.pop(name) for name in ("mean", "deviation")}
    steps = course.epochs * (len(lessons) // course.batch + 8)
    schedule = optax.warmup_cosine_decay_schedule(0.0, course.rate, min(200, steps // 8), steps, 1e-5)
    teacher = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-3))
    state = teacher.init(weights)

    def loss(taught: Any, batch: tuple[Any, ...], key: Any) -> Any:
        keys = iter(jax.random.split(key, len(network.DILATIONS)))

        def drop(values: Any) -> Any:
            kept = jax.random.bernoulli(next(keys), 1 - course.dropout, values.shape)
            return values * kept / (1 - course.dropout)

        frames, no_frame, columns, no_column = batch
        scores = network.logits(taught | fixed, frames, jax.numpy, drop)
        return optax.ctc_loss(scores, no_frame, columns, no_column).mean() / 30

    def step(taught: Any, state: Any, batch: tuple[Any, ...], key: Any) -> tuple[Any, Any, Any]:
        cost, slope = jax.value_and_grad(loss)(taught, batch, key)
        change, state = teacher.update(slope, state, taught)
        return optax.apply_updates(taught, change), state, cost

    compiled = jax.jit(step)
    key, chance = jax.random.key(course.seed), random.Random(course.seed)
    for epoch in range(1, course.epochs + 1):
        costs = []
        for batch in batches(lessons, course.batch, chance):
            key, now = jax.random.split(key)
            weights, state, cost = compiled(weights, state, batch, now)
            costs.append(float(cost))
        tell(f"epoch {epoch} of {course.epochs}, loss {np.mean(costs):.3f}")
    return fixed | {name: np.asarray(values) for name, values in weights.items()}


Batch = tuple[
    npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.float32]
]


def batches(lessons: Sequence[Lesson], size: int, chance: random.Random) -> Iterator[Batch]:
    """All lessons in a drawn order, those of about one length together; some frames of each are silenced."""
    by_length: dict[int, list[Lesson]] = {}
    for one in lessons:
        by_length.setdefault(-(-len(one.frames) // _STEP), []).append(one)
    together = []
    for those in by_length.values():
        chance.shuffle(those)
        together += [those[at : at + size] for at in range(0, len(those), size)]
    chance.shuffle(together)
    for those in together:
        # A short batch says its first lesson several times: another shape would have to be compiled.
        yield _padded([*those, *[those[0]] * (size - len(those))], chance)


def _padded(those: Sequence[Lesson], chance: random.Random) -> Batch:
    length = -(-max(len(one.frames) for one in those) // _STEP) * _STEP
    most = -(-max(len(one.columns) for one in those) // _SPAN) * _SPAN
    frames = np.zeros((len(those), length, network.WIDTH), dtype=np.float32)
    columns = np.zeros((len(those), most), dtype=np.int32)
    no_frame, no_column = np.ones((len(those), length)), np.ones((len(those), most))
    for row, one in enumerate(those):
        frames[row, : len(one.frames)] = one.frames
        for _ in range(2):
            at = chance.randrange(len(one.frames))
            frames[row, at : min(len(one.frames), at + chance.randrange(1, 8))] = one.frames.mean(0)
        no_frame[row, : len(one.frames)] = 0
        columns[row, : len(one.columns)] = one.columns
        no_column[row, : len(one.columns)] = 0
    return frames, no_frame.astype(np.float32), columns, no_column.astype(np.float32)
