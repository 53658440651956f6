"""Readings are compared with 濁点, 長音 and 小書き folded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import kana


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("さとう はる", "サトウ ハル"),
        ("ｻﾄｳ ﾊﾙ", "サトウ ハル"),
        ("ガッコウ", "カツコウ"),
        ("おーい", "オオイ"),
        ("ジョージ", "シヨオシ"),
        ("ヱツ", "えつ"),
        ("ﾊﾟﾋﾟﾌﾟ", "はひふ"),
        ("ヴィヴィ", "ウイウイ"),
        ("ヶ", "ケ"),
        ("サトウ　ハル", "サトウ ハル"),
    ],
)
def test_readings_that_sound_alike_fold_alike(one: str, other: str) -> None:
    assert kana.fold(one) == kana.fold(other)


def test_a_list_is_sorted_as_in_a_japanese_index() -> None:
    people = ["サトウエ ア", "ザトウ ハル", "サトウ ハナ", "ゴトウ ミ", "コトウ ア"]
    assert sorted(people, key=kana.fold) == [
        "コトウ ア",
        "ゴトウ ミ",
        "サトウ ハナ",
        "ザトウ ハル",
        "サトウエ ア",
    ]


def test_a_long_mark_at_the_beginning_stays() -> None:
    assert kana.fold("ーア") == "ーア"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = kana.fold(text)
    assert kana.fold(once) == once
