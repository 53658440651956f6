"""`docs/roster.md` and the code speak of the same columns, and its examples are a roster."""

import csv
import io
import re
from datetime import date
from pathlib import Path

from hub import districts, roster
from hub.policy import Policy
from hub.roster import columns as c

PAGE = (Path(__file__).parents[2] / "docs" / "roster.md").read_text(encoding="utf-8")


def documented() -> list[tuple[str, bool, str]]:
    rows = re.findall(r"^\| (\S+) \| (○?) ?\| ?(.*?) ?\|$", PAGE, re.MULTILINE)
    return [(heading, bool(mark), example) for heading, mark, example in rows if heading != "見出し"]


def test_the_page_lists_the_columns_of_the_code_in_their_order() -> None:
    page = documented()
    in_code = [(column.heading, column.required) for column in c.COLUMNS]
    in_code += [(heading, False) for heading in c.CONSENTS]
    in_code += [(heading, False) for word in c.CONTACTS for heading in c.contact_headings(word, 1)]
    assert [(heading, required) for heading, required, _ in page] == in_code


def test_the_pages_examples_are_the_codes() -> None:
    examples = {heading: example for heading, _, example in documented()}
    assert {column.heading: column.example for column in c.COLUMNS} == {
        column.heading: examples[column.heading] for column in c.COLUMNS
    }


def test_the_pages_examples_make_a_resident(policy: Policy) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(zip(*[(heading, example) for heading, _, example in documented()], strict=True))
    [entry] = roster.read(out.getvalue().encode(), "page", districts.load(), policy, date(2026, 11, 23))
    assert entry.call_name == "ハルさん"
    assert len(entry.contacts) == 3
