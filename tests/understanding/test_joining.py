"""An answer that may have been one of several means what most of what it may have been means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Intent
from device.understand.joining import join
from tests.understanding.test_meaning import loaded

INTENTS = list(Intent)


@st.composite
def some_shares(draw: st.DrawFn) -> dict[Intent, float]:
    drawn = [draw(st.floats(0.01, 1.0)) for _ in INTENTS]
    return {intent: value / sum(drawn) for intent, value in zip(INTENTS, drawn, strict=True)}


weighed = st.lists(st.tuples(some_shares(), st.floats(0.0, 1.0)), min_size=1, max_size=6)


@given(some_shares(), weighed)
def test_shares_add_up_to_one_and_lie_between_the_joined(
    best: dict[Intent, float], others: list[tuple[dict[Intent, float], float]]
) -> None:
    every = [(best, 1.0), *others]
    joined = join([one for one, _ in every], [likely for _, likely in every])
    assert sum(joined.values()) == pytest.approx(1.0)
    for intent in INTENTS:
        values = [one[intent] for one, _ in every]
        assert min(values) - 1e-9 <= joined[intent] <= max(values) + 1e-9


@given(weighed, some_shares(), st.randoms())
def test_neither_the_order_nor_what_cannot_have_been_said_changes_anything(
    others: list[tuple[dict[Intent, float], float]], best: dict[Intent, float], chance: object
) -> None:
    every = [(best, 1.0), *others]
    shuffled = [*every, (best, 0.0)]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one = join([share for share, _ in every], [likely for _, likely in every])
    other = join([share for share, _ in shuffled], [likely for _, likely in shuffled])
    assert other == pytest.approx(one)


def test_what_else_may_have_been_said_makes_a_well_answer_unsure() -> None:
    understanding = loaded()
    alone = understanding.understand("元気です")
    assert alone.certain
    doubtful = understanding.understand("元気です", {"元気が出んです": 0.9, "元気やないです": 0.8})
    assert not doubtful.certain


def test_a_cry_that_was_half_heard_is_found_among_what_else_it_may_have_been() -> None:
    understanding = loaded()
    half = understanding.understand("どろんでたて", {"転んで立てん": 0.9, "転んで立てへん": 0.8})
    assert half.intent is Intent.emergency


def test_one_hypothesis_alone_is_the_plain_answer() -> None:
    understanding = loaded()
    assert understanding.understand("腰が痛い", {}) == understanding.understand("腰が痛い")
