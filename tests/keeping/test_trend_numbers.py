"""The statistics behind a sign of change."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from hub.trends.numbers import median, rank_chance, share_chance, spread

numbers = st.floats(-1e6, 1e6)


@trying(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=40))
def test_the_median_has_half_on_either_side(values: list[float]) -> None:
    middle = median(values)
    assert sum(value < middle for value in values) * 2 <= len(values)
    assert sum(value > middle for value in values) * 2 <= len(values)


@trying(deadline=None)
@given(st.lists(st.floats(0, 10), min_size=5, max_size=40), st.integers(0, 1))
def test_a_few_wild_values_hardly_move_the_spread(values: list[float], at: int) -> None:
    wild = sorted(values)
    wild[-1] = 1e9
    assert spread(wild) <= 30


def test_the_spread_of_a_normal_sample_is_near_its_deviation() -> None:
    chance = random.Random(1)
    assert spread([chance.gauss(5, 2) for _ in range(4000)]) == pytest.approx(2, rel=0.08)


def test_the_chance_of_a_share_is_fishers() -> None:
    # The lady tasting tea: 4 of 4 right, one way in 70; at least 3 right, 17 of 70.
    assert share_chance(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert share_chance(3, 4, 1, 4) == pytest.approx(17 / 70)


@trying(deadline=None)
@given(st.integers(1, 60), st.integers(1, 200), st.data())
def test_more_hits_are_never_more_probable(of: int, usual_of: int, data: st.DataObject) -> None:
    usual = data.draw(st.integers(0, usual_of))
    hits = data.draw(st.integers(0, of - 1))
    fewer, more = share_chance(hits, of, usual, usual_of), share_chance(hits + 1, of, usual, usual_of)
    assert 0 <= more <= 1 + 1e-12
    # One hit more in the urn as well: compared at one total, the tail shrinks.
    if usual >= 1:
        assert share_chance(hits + 1, of, usual - 1, usual_of) <= fewer + 1e-12


@trying(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=30), st.lists(numbers, min_size=1, max_size=60))
def test_ranks_are_a_probability_and_do_not_care_for_units(values: list[float], usual: list[float]) -> None:
    chance = rank_chance(values, usual)
    assert 0 <= chance <= 1
    assert rank_chance([v * 8 for v in values], [v * 8 for v in usual]) == chance


def sample(chance: random.Random, count: int, shift: float = 0.0) -> list[float]:
    return [chance.gauss(shift, 1) for _ in range(count)]


def test_the_rank_chance_of_no_difference_is_what_it_says() -> None:
    chance = random.Random(2)
    small = sum(rank_chance(sample(chance, 28), sample(chance, 84)) < 0.05 for _ in range(600))
    assert 0.03 <= small / 600 <= 0.07


def test_ranks_see_a_shift_to_the_worse_only() -> None:
    chance = random.Random(4)
    usual = sample(chance, 84)
    assert rank_chance(sample(chance, 28, 2), usual) < 1e-8
    assert rank_chance(sample(chance, 28, -2), usual) > 0.99


def test_values_that_are_all_alike_tell_nothing() -> None:
    assert rank_chance([1.0] * 28, [1.0] * 84) == 1.0
    assert share_chance(0, 0, 3, 9) == 1.0


def test_the_rank_chance_agrees_with_shuffling() -> None:
    chance = random.Random(3)
    usual = [chance.gauss(0, 1) for _ in range(30)]
    values = [chance.gauss(0.7, 1) for _ in range(10)]
    wanted = sum(values)
    pool = usual + values
    rounds = 4000
    as_high = sum(sum(chance.sample(pool, 10)) >= wanted for _ in range(rounds)) / rounds
    assert math.isclose(rank_chance(values, usual), as_high, abs_tol=0.03)
