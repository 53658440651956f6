"""The phrase bank: thousands of examples, one file per intent, a phrase a line, with slots in braces."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from msgspec import Struct

from contract.datafile import read_toml
from contract.events import Intent
from contract.refusal import Refused

_SLOT = re.compile(r"\{(\w+)\}")


class SlotFile(Struct, forbid_unknown_fields=True):
    """`slots.toml`: what may stand in the braces."""

    per_line: int
    """At most so many examples are made of one line; lines of many combinations are thinned evenly."""
    slots: dict[str, list[str]]


class Phrase(Struct, frozen=True):
    """One example."""

    text: str
    intent: Intent
    line: int
    """Which line of the bank it was made from, counted over all files."""


def read_bank(folder: Path) -> list[Phrase]:
    """Every phrase of `phrases/*.txt` in `folder`, each once, in a fixed order; raise `Refused` naming the line."""
    slots = read_toml(folder / "slots.toml", SlotFile)
    known: dict[str, Phrase] = {}
    number = 0
    for intent in Intent:
        path = folder / "phrases" / f"{intent.value}.txt"
        for row, line in _lines(path):
            number += 1
            for text in _expand(line, slots, f"{path} {row} 行目"):
                first = known.setdefault(text, Phrase(text, intent, number))
                if first.intent is not intent:
                    raise Refused(
                        f"{path} {row} 行目: 「{text}」は {first.intent}.txt にもあります。どちらかを消してください。"
                    )
    return list(known.values())


def sources(folder: Path) -> bytes:
    """Everything the bank is made from, for a digest."""
    paths = [folder / "slots.toml", *(folder / "phrases" / f"{intent.value}.txt" for intent in Intent)]
    return b"\0".join(path.read_bytes() for path in paths)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(
            f"{path} を読めません ({error.strerror})。ファイルの場所と権限を確かめてください。"
        ) from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path} が UTF-8 ではありません。UTF-8 で保存し直してください。") from error
    for row, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield row, line.strip()


def _expand(line: str, file: SlotFile, where: str) -> list[str]:
    names = _SLOT.findall(line)
    for name in names:
        if name not in file.slots:
            raise Refused(
                f"{where}: 「{line}」の {{{name}}} が slots.toml の [slots] にありません。"
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
