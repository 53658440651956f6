"""Teaching the second ear: the slope is the cost's own, a few lessons are learnt, and what is written can be used."""

import random
from pathlib import Path

import numpy as np
import pytest

from bench.phonemes.__main__ import main
from bench.phonemes.checking import error
from bench.phonemes.saying import say
from bench.phonemes.slope import Batch, cost_and_slope, ctc
from bench.phonemes.sounds import Lesson
from bench.phonemes.teach import Course, batches, begin, fit
from contract.refusal import Refused
from device.listen.phonemes import network
from device.listen.phonemes.head import PhonemeHead
from device.listen.phonemes.network import WIDTH
from device.listen.phonemes.search import likelihood
from device.listen.phonemes.spelling import PHONEMES

SMALL = Course(epochs=60, hidden=24, batch=2, rate=6e-3)


def drawn(lessons: int) -> list[Lesson]:
    """Lessons in which each phoneme sounds like itself for a few frames, and like little else."""
    rng = np.random.default_rng(7)
    sounds = rng.standard_normal((1 + len(PHONEMES), WIDTH))
    made = []
    for _ in range(lessons):
        columns = [int(one) for one in rng.integers(1, 1 + len(PHONEMES), rng.integers(3, 9))]
        order = [each for one in columns for each in (one, one, 0)]
        frames = sounds[order] + 0.3 * rng.standard_normal((len(order), WIDTH))
        made.append(Lesson(frames.astype(np.float32), columns))
    return made


def exact(batch: Batch) -> Batch:
    """The same in numbers fine enough for small steps."""
    return Batch(batch.frames.astype(np.float64), batch.lengths, batch.columns)


def test_the_slope_is_what_small_steps_of_a_weight_do_to_the_cost() -> None:
    lessons = drawn(3)
    weights = {name: values.astype(np.float64) for name, values in begin(lessons, SMALL).items()}
    [batch] = [exact(one) for one in batches(lessons, 4, random.Random(1))]
    rng = np.random.default_rng(1)
    widths = [WIDTH, *[SMALL.hidden] * 3]
    drops = [(rng.random((*batch.frames.shape[:2], width)) < 0.8) / 0.8 for width in widths]

    def cost() -> float:
        return cost_and_slope(weights, batch, drops)[0]  # type: ignore[arg-type]

    _, slope = cost_and_slope(weights, batch, drops)  # type: ignore[arg-type]
    assert slope.keys() == weights.keys() - {"mean", "deviation"}
    for name, found in slope.items():
        steepest = np.unravel_index(np.abs(found).argmax(), found.shape)
        for place in (steepest, tuple(int(rng.integers(size)) for size in found.shape)):
            before = weights[name][place]
            weights[name][place] = before + 1e-5
            higher = cost()
            weights[name][place] = before - 1e-5
            lower = cost()
            weights[name][place] = before
            assert found[place] == pytest.approx((higher - lower) / 2e-5, rel=1e-3, abs=1e-6), name


def test_the_cost_is_how_unlikely_the_device_finds_what_was_said() -> None:
    lessons = drawn(3)
    rng = np.random.default_rng(2)
    [batch] = batches(lessons, 4, random.Random(1))
    scores = rng.standard_normal((*batch.frames.shape[:2], 1 + len(PHONEMES))).astype(np.float32)
    chances = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    expected = [
        -likelihood(chances[row, :length], [int(one) for one in columns if one])
        for row, (length, columns) in enumerate(zip(batch.lengths, batch.columns, strict=True))
    ]
    assert ctc(scores, batch)[0] == pytest.approx(np.mean(expected), rel=1e-5)


def test_a_few_lessons_are_learnt_and_learnt_the_same_way_twice() -> None:
    lessons, told = drawn(8), list[str]()
    weights = fit(lessons, SMALL, told.append)
    assert len(told) == SMALL.epochs
    assert error(PhonemeHead(begin(lessons, SMALL)), lessons) > 0.8
    assert error(PhonemeHead(weights), lessons) < 0.2
    again = fit(lessons, SMALL, told.append)
    for name, values in weights.items():
        np.testing.assert_array_equal(again[name], values)


@pytest.mark.models
def test_the_command_teaches_real_sounds_and_writes_a_file_the_device_hears_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "head.npz"
    how = [
        "--plain",
        "4",
        "--natural",
        "0",
        "--epochs",
        "60",
        "--hidden",
        "32",
        "--processes",
        "1",
        "--check",
        "2",
    ]
    main([*how, "--to", str(written)])
    lessons = list(say(list(range(4)), 1))
    untaught = PhonemeHead(begin(lessons, Course(hidden=32)))
    assert error(untaught, lessons) > 1.0
    assert error(PhonemeHead.read(written), lessons) < 0.7
    assert "phonemes wrong in 2 other sounds: " in capsys.readouterr().out
    assert [each.name for each in tmp_path.iterdir()] == ["head.npz"]


def test_teaching_nothing_or_into_nowhere_is_refused_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="フォルダーがありません"):
        main(["--to", str(tmp_path / "nowhere" / "head.npz")])
    with pytest.raises(Refused, match="教える音がありません"):
        main(["--plain", "0", "--natural", "0", "--processes", "1", "--to", str(tmp_path / "head.npz")])


def test_batches_hold_every_lesson_once_and_nothing_of_the_padding_counts() -> None:
    lessons = drawn(9)
    together = list(batches(lessons, 4, random.Random(3)))
    said = sorted(tuple(int(one) for one in row if one) for batch in together for row in batch.columns)
    assert said == sorted(tuple(one.columns) for one in lessons)
    scores = np.zeros((*together[0].frames.shape[:2], 1 + len(PHONEMES)), dtype=np.float32)
    _, back = ctc(scores, together[0])
    for row, length in enumerate(together[0].lengths):
        assert not back[row, length:].any()


def test_weights_that_would_fail_only_in_the_middle_of_an_answer_are_refused(tmp_path: Path) -> None:
    good = begin(drawn(2), SMALL)
    torn = {name: values for name, values in good.items() if name != "layer3"}
    narrow = good | {"out": good["out"][:, 1:]}
    deaf = good | {"bias1": np.full_like(good["bias1"], np.nan)}
    for number, bad in enumerate((torn, narrow, deaf)):
        path = tmp_path / f"{number}.npz"
        PhonemeHead(bad).write(path)
        with pytest.raises(Refused, match=r"読めません.*python -m bench\.phonemes"):
            PhonemeHead.read(path)
    assert network.shapes(SMALL.hidden, len(PHONEMES)) == {name: each.shape for name, each in good.items()}
