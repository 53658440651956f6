"""Fits the learnt voice: Adam over minibatches, in plain numpy. Runs on a development machine, not in a home."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from device.understand.encoder import DIMENSIONS
from device.understand.features import BUCKETS, Pieces
from device.understand.learnt import Numbers, Weights, small

Rows = npt.NDArray[np.int64]


class Course(Struct, frozen=True, kw_only=True):
    """How long and how hard. The values were chosen by cross-validation over lines of the bank."""

    hidden: int = 96
    epochs: int = 8
    batch: int = 256
    rate: float = 2e-3
    """Of learning, at the start; it falls to a twentieth."""
    forget_hidden: float = 0.3
    """Share of hidden units left out at a time."""
    forget_pieces: float = 0.1
    forget_meaning: float = 0.1
    """How often the sentence vector is hidden, so that the voice also works without an encoder."""
    doubt: float = 0.03
    """Share of the truth given to all intents alike: no phrase is beyond doubt."""
    seed: int = 1


class Lessons(Struct, frozen=True):
    """What to learn from, a row per utterance."""

    pieces: Sequence[Pieces]
    dense: Numbers
    """Sentence vectors (512, scaled) and concepts, side by side."""
    intents: Rows
    """The number of the right intent."""
    weights: Numbers
    """How much each row counts; rows made from one line share its weight."""
    intent_count: int


class _Adam:
    """One array and its running moments."""

    def __init__(self, start: Numbers) -> None:
        self.value = start
        self._first = np.zeros_like(start)
        self._second = np.zeros_like(start)

    def step(self, slope: Numbers, rate: float, count: int) -> None:
        self._first += 0.1 * (slope - self._first)
        self._second += 0.001 * (slope * slope - self._second)
        first = self._first / (1 - 0.9**count)
        second = self._second / (1 - 0.999**count)
        self.value -= rate * first / (np.sqrt(second) + 1e-7)

    def step_rows(self, rows: Rows, slope: Numbers, rate: float) -> None:
        """Only `rows` are touched: most pieces do not occur in a batch."""
        self._first[rows] += 0.1 * (slope - self._first[rows])
        self._second[rows] += 0.01 * (slope * slope - self._second[rows])
        self.value[rows] -= rate * self._first[rows] / (np.sqrt(self._second[rows]) + 1e-6)
        self.value[rows] *= 1 - rate * 1e-3


def fit(lessons: Lessons, course: Course, watch: Callable[[int], None]) -> Weights:
    """Learn; `watch` is told each epoch that is done. The same lessons and course give the same weights."""
    chance = np.random.default_rng(course.seed)
    width, hidden, intents = lessons.dense.shape[1], course.hidden, lessons.intent_count
    dense = _Adam(chance.normal(0, width**-0.5, (width, hidden)).astype(np.float32))
    out = _Adam(chance.normal(0, 0.5 * hidden**-0.5, (hidden, intents)).astype(np.float32))
    hidden_bias = _Adam(np.zeros(hidden, dtype=np.float32))
    bias = _Adam(np.zeros(intents, dtype=np.float32))
    bag = _Adam(chance.normal(0, 0.1, (BUCKETS, hidden)).astype(np.float32))
    direct = _Adam(np.zeros((BUCKETS, intents), dtype=np.float32))
    count = 0
    for epoch in range(course.epochs):
        rate = course.rate * max(0.05, 1 - epoch / course.epochs)
        order = chance.permutation(len(lessons.intents))
        for begin in range(0, len(order), course.batch):
            rows = order[begin : begin + course.batch]
            count += 1
            x = lessons.dense[rows].copy()
            x[chance.random(len(rows)) < course.forget_meaning, :DIMENSIONS] = 0
            owner, places = _flat([lessons.pieces[row] for row in rows], course.forget_pieces, chance)
            scale = (1 / np.sqrt(np.maximum(1, np.bincount(owner, minlength=len(rows)))))[:, None].astype(
                np.float32
            )
            starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
            before = x @ dense.value + hidden_bias.value
            before += np.add.reduceat(bag.value[places], starts, axis=0) * scale
            kept = (chance.random(before.shape) > course.forget_hidden) / np.float32(1 - course.forget_hidden)
            middle = np.maximum(before, 0) * kept.astype(np.float32)
            logits = middle @ out.value + bias.value
            logits += np.add.reduceat(direct.value[places], starts, axis=0) * scale
            wrong = _softmax(logits)
            wrong -= course.doubt / intents
            wrong[np.arange(len(rows)), lessons.intents[rows]] -= 1 - course.doubt
            wrong *= lessons.weights[rows][:, None] / len(rows)
            back = (wrong @ out.value.T) * kept.astype(np.float32) * (before > 0)
            touched, slopes = _by_place(places, np.hstack([wrong, back]) * scale, owner)
            direct.step_rows(touched, slopes[:, :intents] + 1e-4 * direct.value[touched], rate)
            bag.step_rows(touched, slopes[:, intents:], rate)
            out.step(middle.T @ wrong + 1e-5 * out.value, rate, count)
            dense.step(x.T @ back + 1e-5 * dense.value, rate, count)
            hidden_bias.step(back.sum(0), rate, count)
            bias.step(wrong.sum(0), rate, count)
        watch(epoch + 1)
    bytes_of_bag, bag_scale = small(bag.value)
    bytes_of_direct, direct_scale = small(direct.value)
    return Weights(
        pieces=bytes_of_bag,
        direct=bytes_of_direct,
        dense=dense.value,
        hidden_bias=hidden_bias.value,
        out=out.value,
        bias=bias.value,
        piece_scale=bag_scale,
        direct_scale=direct_scale,
    )


def _flat(of_rows: list[Pieces], forget: float, chance: np.random.Generator) -> tuple[Rows, Rows]:
    """All pieces in one array with the row each belongs to; some left out, but never all of a row."""
    owner = np.repeat(np.arange(len(of_rows)), [len(one) for one in of_rows])
    places = np.concatenate(of_rows)
    keep = chance.random(len(places)) > forget
    keep[np.r_[True, owner[1:] != owner[:-1]]] = True
    return owner[keep], places[keep]


def _by_place(places: Rows, slopes: Numbers, owner: Rows) -> tuple[Rows, Numbers]:
    """The slopes of the rows that own each place added up; places in ascending order, each once."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return ordered[starts], np.add.reduceat(slopes[owner[order]], starts, axis=0)


def _softmax(logits: Numbers) -> Numbers:
    grown: Numbers = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    grown /= grown.sum(axis=1, keepdims=True)
    return grown
