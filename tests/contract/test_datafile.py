"""A city edits a data file; a mistake is answered with its line."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from contract.datafile import Duration, parse_toml, read_toml
from contract.refusal import Refused


class Step(msgspec.Struct):
    code: str
    after: Duration


class Ladder(msgspec.Struct):
    steps: list[Step] = []


class Book(msgspec.Struct):
    title: str
    standard: Ladder
    high: Ladder | None = None


GOOD = """\
title = "はしご"

[standard]

[[standard.steps]]
code = "phone"
after = "10 min"

[[standard.steps]]
code = "visit"
after = "1.5 h"
"""


def test_lengths_of_time_are_written_with_their_unit() -> None:
    book = parse_toml(GOOD, Book, "ladder.toml")
    assert [step.after for step in book.standard.steps] == [timedelta(minutes=10), timedelta(minutes=90)]


@pytest.mark.parametrize(
    ("good", "bad", "line"),
    [
        ('after = "1.5 h"', 'after = "1.5 hours"', 11),
        ('after = "10 min"', 'after = "10min or so"', 7),
        ('code = "visit"', "code = 3", 10),
        ('title = "はしご"', "title = 1", 1),
        ('code = "visit"', 'kode = "visit"', 9),
    ],
)
def test_a_wrong_value_is_refused_with_file_and_line(good: str, bad: str, line: int) -> None:
    with pytest.raises(Refused, match=rf"^ladder\.toml {line} 行目"):
        parse_toml(GOOD.replace(good, bad), Book, "ladder.toml")


def test_text_that_is_no_toml_is_refused_with_its_line() -> None:
    with pytest.raises(Refused, match="line 3"):
        parse_toml('a = 1\nb = 2\nc = = "x"\n', Book, "ladder.toml")


def test_the_second_array_of_a_second_table_is_found() -> None:
    text = GOOD + '\n[high]\n\n[[high.steps]]\ncode = "phone"\nafter = "soon"\n'
    with pytest.raises(Refused, match=r"ladder\.toml 17 行目 \(high\.steps\[0\]\.after\)"):
        parse_toml(text, Book, "ladder.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"none\.toml を読めません"):
        read_toml(tmp_path / "none.toml", Book)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sjis.toml"
    path.write_bytes(GOOD.encode("cp932"))
    with pytest.raises(Refused, match="UTF-8"):
        read_toml(path, Book)


class Shelf(msgspec.Struct):
    books: dict[str, dict[str, Ladder]]


SHELF = """\
[books.first]
standard = {}

[[books.second.standard.steps]]
code = "phone"
after = "10 min"

[[books.second.high.steps]]
code = "phone"
after = "soon"

[books.third.standard]
"""


def test_a_wrong_value_under_free_keys_is_refused_with_its_line_and_keys() -> None:
    with pytest.raises(Refused, match=r"^shelf 10 行目 \(books\.second\.high\.steps\[0\]\.after\): 'soon'"):
        parse_toml(SHELF, Shelf, "shelf")
    changed = SHELF.replace('"soon"', '"1 h"').replace(
        "[books.third.standard]", "[books.third]\nstandard = 1"
    )
    with pytest.raises(Refused, match=r"^shelf 13 行目 \(books\.third\.standard\): Expected `object`"):
        parse_toml(changed, Shelf, "shelf")
