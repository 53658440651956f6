"""The stylesheets: one room for each page, and no rule for what no page has."""

import re
from pathlib import Path

import pytest

import dashboard

HERE = Path(dashboard.__file__).parent
SHEETS = sorted((HERE / "static").glob("*.css"))
SAID = "\n".join(
    path.read_text(encoding="utf-8")
    for pattern in ("templates/*.html", "static/*.js", "*.py")
    for path in sorted(HERE.glob(pattern))
)
"""Wherever a class may come from."""


OF_HTMX = {"htmx-request"}
"""Set by the library on what waits for an answer."""


def _classes(sheet: Path) -> set[str]:
    bare = re.sub(r"/\*.*?\*/|\{[^{}]*\}|\"[^\"]*\"", " ", sheet.read_text(encoding="utf-8"), flags=re.S)
    return set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", bare))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_class_of_a_stylesheet_is_one_that_a_page_has(sheet: Path) -> None:
    unknown = set()
    for name in _classes(sheet) - OF_HTMX:
        stem, _, tail = name.rpartition("-")
        # Such as `case-{{ ... }}` or `bar-{...}`: the stem stands there, and the tail among the words of a state.
        made = f"{stem}-{{" in SAID and re.search(rf"\b{re.escape(tail)}\b", SAID)
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", SAID) and not made:
            unknown.add(name)
    assert unknown == set()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_stylesheet_is_loaded_by_a_page(sheet: Path) -> None:
    assert f'"/static/{sheet.name}"' in SAID


def test_every_stylesheet_that_a_page_loads_is_there() -> None:
    named = set(re.findall(r'"/static/([\w-]+\.css)"', SAID))
    assert named == {sheet.name for sheet in SHEETS}
