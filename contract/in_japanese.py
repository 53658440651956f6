"""What msgspec finds wrong in a file, in the words of whoever edits it."""

import re
from collections.abc import Callable

_KINDS = {
    "str": '"" で囲んだ文字',
    "int": "整数",
    "float": "数",
    "bool": "true か false",
    "array": "[ ] で囲んだ並び",
    "object": "表",
    "null": "空",
    "datetime": "日時",
    "date": "日付",
    "time": "時刻",
}
_BOUNDS = {">=": "以上", "<=": "以下", ">": "より大きい数", "<": "より小さい数"}


def _kinds(written: str) -> str:
    """`str | null` as 「文字か空」."""
    return "か".join(_KINDS.get(one, one) for one in written.split(" | ") if one != "null") or _KINDS["null"]


_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.+)`")
_SENTENCES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (
        re.compile(r"Expected `(.+?)`, got `(.+?)`"),
        lambda found: f"{_kinds(found[1])}が要りますが、{_kinds(found[2])}が書いてあります",
    ),
    (
        re.compile(r"Expected `str` matching regex '(.+)'"),
        lambda found: f"決まった形ではありません。{found[1]} に合うように書いてください",
    ),
    (
        re.compile(r"Expected `(str|array|object)` of length (>=|<=) (\d+)"),
        lambda found: f"{found[3]} {'字' if found[1] == 'str' else 'つ'}{_BOUNDS[found[2]]}にしてください",
    ),
    (
        re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (\S+)"),
        lambda found: f"{found[2]} {_BOUNDS[found[1]]}にしてください",
    ),
    (
        re.compile(r"Object missing required field `(.+)`"),
        lambda found: f"{found[1]} がありません。書き足してください",
    ),
    (
        _UNKNOWN_FIELD,
        lambda found: f"{found[1]} という項目は使われません。つづりを確かめるか、消してください",
    ),
    (
        re.compile(r"Invalid enum value '?(.+?)'?"),
        lambda found: f"{found[1]} は使えません。書ける言葉を説明書で確かめてください",
    ),
]


def in_japanese(what: str) -> str:
    """The finding as a sentence without its end; what is not known stays as it is."""
    for pattern, sentence in _SENTENCES:
        if found := pattern.fullmatch(what):
            return sentence(found)
    return what


def unknown_field(what: str) -> str | None:
    """The field that should not be there, whose own line is worth naming."""
    found = _UNKNOWN_FIELD.fullmatch(what)
    return found[1] if found else None
