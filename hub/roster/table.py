"""A CSV file as rows of cells: its encoding found out, its guards taken off, every refusal with its line."""

import csv
import difflib
import io
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from contract.refusal import Refused
from hub.roster.columns import COLUMNS, CONSENTS, contact_column
from hub.roster.entry import Problem

GUARD = "'"
"""Stands before a cell that a spreadsheet would take for a formula; taken off again when we read it."""
_GUARDED = ("=", "+", "-", "@", "\t", "\r", GUARD)
MOST_SHOWN = 40


class Row(NamedTuple):
    """One line of the file."""

    line: int
    cells: Mapping[str, str]
    """By heading; a cell that is not there is empty."""


class RosterRefused(Refused):
    """A roster with something wrong in it; nothing of it was taken over."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        """Say all of them, by line, as many as fit a screen."""
        self.problems = sorted(problems)
        shown = [f"  {problem}" for problem in self.problems[:MOST_SHOWN]]
        if len(problems) > MOST_SHOWN:
            shown.append(f"  ほか {len(problems) - MOST_SHOWN} か所")
        super().__init__(
            "\n".join([f"{name}: {len(problems)} か所を直してください。まだ何も取り込んでいません。", *shown])
        )


def guard(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return GUARD + cell if cell.startswith(_GUARDED) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith(GUARD) and cell[1:].startswith(_GUARDED) else cell


def decode(data: bytes, name: str) -> str:
    """The text of a file that may be UTF-8, with or without BOM, or cp932; `Refused` for anything else."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(f"{name} は UTF-16 です。「CSV UTF-8」の形式で保存し直してください。")
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
    raise Refused(
        f"{name} の {line} 行目を UTF-8 としても cp932 としても読めません。「CSV UTF-8」の形式で保存し直してください。"
    )


def read(data: bytes, name: str) -> list[Row]:
    """The rows of a roster file; `Refused` when it is no CSV or its headings are not a roster's."""
    text = decode(data, name)
    if "\0" in text:
        raise Refused(f"{name} は CSV ではありません (文字でないものが入っています)。")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            lines.append((begins, [_unguard(cell) for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Refused(
            f'{name} の {begins} 行目から先を CSV として読めません ({error})。引用符 " の数を確かめてください。'
        ) from error
    lines = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if not lines:
        raise Refused(f"{name} は空です。1 行目に見出し、2 行目から対象者を書いてください。")
    number, first = lines[0]
    headings = [heading.strip() for heading in first]
    while headings and not headings[-1]:
        headings.pop()
    problems = _heading_problems(number, headings)
    for line, cells in lines[1:]:
        if any(cell.strip() for cell in cells[len(headings) :]):
            problems.append(
                Problem(line, "", "見出しより多くの値があります。, や引用符の数を確かめてください。")
            )
    if problems:
        raise RosterRefused(name, problems)
    return [Row(line, dict(zip(headings, cells, strict=False))) for line, cells in lines[1:]]


def _heading_problems(line: int, headings: list[str]) -> list[Problem]:
    known = [column.heading for column in COLUMNS] + list(CONSENTS)
    problems = []
    for heading in dict.fromkeys(headings):
        if not heading:
            problems.append(Problem(line, "", "空の見出しがあります。名前を書いてください。"))
        elif heading not in known and contact_column(heading) is None:
            near = difflib.get_close_matches(heading, known, n=1, cutoff=0.5)
            advice = f"「{near[0]}」ですか。" if near else "この列を消してください。"
            problems.append(Problem(line, "", f"見出し「{heading}」は名簿にありません。{advice}"))
    # 「民生委員」 and 「民生委員1」 are the same column.
    meanings = Counter(contact_column(heading) or heading for heading in headings if heading)
    problems += [
        Problem(line, heading, "この見出しが二度あります。ひとつにしてください。")
        for heading in dict.fromkeys(headings)
        if heading and meanings[contact_column(heading) or heading] > 1
    ]
    missing = [column.heading for column in COLUMNS if column.required and column.heading not in headings]
    if missing:
        problems.append(Problem(line, "", f"見出し {'、'.join(missing)} がありません。書き足してください。"))
    return problems
