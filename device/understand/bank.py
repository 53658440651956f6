"""The phrase bank: thousands of examples made from lines and slots."""

import re
from itertools import product
from pathlib import Path

from msgspec import Struct

from contract.datafile import line_of, read_toml
from contract.events import Intent
from contract.refusal import Refused

_SLOT = re.compile(r"\{(\w+)\}")


class Lines(Struct, forbid_unknown_fields=True):
    """Example lines of one intent."""

    intent: Intent
    lines: list[str]


class PhraseFile(Struct, forbid_unknown_fields=True):
    """`phrases.toml`."""

    per_line: int
    slots: dict[str, list[str]]
    phrases: list[Lines]


class Phrase(Struct, frozen=True):
    """One example."""

    text: str
    intent: Intent


def read_bank(path: Path) -> list[Phrase]:
    """Every phrase of `phrases.toml`, each once, in a fixed order; raise `Refused` naming the line that is wrong."""
    file = read_toml(path, PhraseFile)
    known: dict[str, Phrase] = {}
    for number, group in enumerate(file.phrases):
        for line in group.lines:
            for text in _expand(line, file, path, number):
                first = known.setdefault(text, Phrase(text, group.intent))
                if first.intent is not group.intent:
                    raise Refused(
                        f"{path}: 「{text}」が {first.intent} と {group.intent} の両方にあります。どちらかを消してください。"
                    )
    return list(known.values())


def _expand(line: str, file: PhraseFile, path: Path, group: int) -> list[str]:
    names = _SLOT.findall(line)
    for name in names:
        if name not in file.slots:
            where = _line_holding(path, line) or line_of(
                path.read_text(encoding="utf-8"), f"phrases[{group}]"
            )
            raise Refused(
                f"{path} {where} 行目: 「{line}」の {{{name}}} が [slots] にありません。"
                f"あるのは {'・'.join(file.slots)} です。"
            )
    choices = [file.slots[name] for name in names]
    total = 1
    for choice in choices:
        total *= len(choice)
    wanted = min(total, file.per_line)
    # An even walk through all combinations; the stride is prime to the total, so that every slot varies.
    stride = next(step for step in range(max(1, total // wanted), total + 2) if _prime_to(step, total))
    combinations = list(product(*choices))
    out = []
    for number in range(wanted):
        words = iter(combinations[number * stride % total])
        out.append(_SLOT.sub(lambda _, words=words: next(words), line))  # type: ignore[misc]
    return out


def _prime_to(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1


def _line_holding(path: Path, text: str) -> int | None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text in line:
            return number
    return None
