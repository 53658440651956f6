"""A city edits a data file; a mistake is answered with its line."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

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
    with pytest.raises(Refused, match=r"^shelf 13 行目 \(books\.third\.standard\): 表が要りますが"):
        parse_toml(changed, Shelf, "shelf")


class Shop(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")]
    floors: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    kind: Literal["book", "tea"] = "tea"
    doors: Annotated[list[str], msgspec.Meta(min_length=1)] = msgspec.field(default_factory=lambda: ["front"])
    note: str | None = None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'name = "A1"',
            "shop 1 行目 (name): 決まった形ではありません。^[a-z]+$ に合うように書いてください。",
        ),
        (
            'name = "a"\nfloors = "two"',
            'shop 2 行目 (floors): 整数が要りますが、"" で囲んだ文字が書いてあります。',
        ),
        ('name = "a"\nfloors = 0', "shop 2 行目 (floors): 1 以上にしてください。"),
        ('name = "a"\nfloors = 10', "shop 2 行目 (floors): 9 以下にしてください。"),
        ('name = "a"\ndoors = []', "shop 2 行目 (doors): 1 つ以上にしてください。"),
        ('name = "a"\nnote = 1', 'shop 2 行目 (note): "" で囲んだ文字が要りますが、整数が書いてあります。'),
        (
            'name = "a"\nkind = "tee"',
            "shop 2 行目 (kind): tee は使えません。書ける言葉を説明書で確かめてください。",
        ),
        (
            'name = "a"\nflors = 2',
            "shop 2 行目 (flors): flors という項目は使われません。つづりを確かめるか、消してください。",
        ),
        ("floors = 2", "shop: name がありません。書き足してください。"),
    ],
)
def test_whoever_edits_a_file_is_told_in_japanese_what_is_wrong_and_what_to_do(text: str, said: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_toml(text, Shop, "shop")
    assert str(refusal.value) == said
