"""The closed question saves what an open answer could not tell: はい, いいえ, and everything that is neither."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.understand.answers import Answers
from device.understand.reading import read
from device.understand.understanding import LEXICON

_ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "words_answers.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
YES, NO, NEITHER = (
    [text for answer, text in _ROWS if answer == wanted] for wanted in ("yes", "no", "neither")
)
ANSWERS = Answers.read(LEXICON / "answers.toml")


def said(text: str) -> bool | None:
    return ANSWERS.yes_or_no(read(text))


@pytest.mark.parametrize("text", ["そうや", "ほうや", "いい", "だいじょうぶ", "まあ、そうや", "げんき"])
def test_a_yes_may_be_what_is_left_of_a_no(text: str) -> None:
    assert ANSWERS.may_be_cut(read(text))


@pytest.mark.parametrize("text", ["はい", "うん", "ええ", "はい、そうや", "そのとおりです", "いいえ", ""])
def test_a_yes_that_no_no_begins_with_is_whole(text: str) -> None:
    assert not ANSWERS.may_be_cut(read(text))


@pytest.mark.parametrize("text", YES)
def test_a_yes_is_a_yes_however_the_valley_says_it(text: str) -> None:
    assert said(text) is True


@pytest.mark.parametrize("text", NO)
def test_a_no_is_a_no_however_the_valley_says_it(text: str) -> None:
    assert said(text) is False


@pytest.mark.parametrize("text", ["", *NEITHER])
def test_what_is_neither_or_both_decides_nothing(text: str) -> None:
    assert said(text) is None


@given(st.sampled_from(YES), st.sampled_from(["いいえ", "いや"]))
def test_a_yes_after_a_plain_no_decides_nothing(yes: str, no: str) -> None:
    assert said(f"{no}、{yes}") is not True


@settings(deadline=None)
@given(st.text(max_size=60))
def test_anything_may_be_said_to_a_closed_question(text: str) -> None:
    assert said(text) in (True, False, None)
