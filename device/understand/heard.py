"""What a recognizer really made of phrases of the bank when they were said aloud: `heard.tsv`, made by `bench.recite`.

A misheard phrase is taught with the meaning it had, but for one kind: what was ill or in need and came out as words of
health. Teaching that would teach the heart to call the ill well.
"""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from contract.events import Intent
from contract.refusal import Refused

FILE = "heard.tsv"


class HeardPhrase(Struct, frozen=True):
    """A phrase of the bank, and the words that came out of the recognizer; empty where nothing did."""

    intent: Intent
    text: str
    heard: str


def read_heard(folder: Path) -> list[HeardPhrase]:
    """The file in `folder`, nothing where there is none; raise `Refused` naming the line that is wrong."""
    path = folder / FILE
    if not path.exists():
        return []
    made = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 3 or columns[0] not in Intent.__members__:
            raise Refused(
                f"{path} {number} 行目: 「意図・文・聞こえた言葉」をタブで区切ってください。"
                "作り直すには python -m bench.recite を使います。"
            )
        made.append(HeardPhrase(Intent(columns[0]), columns[1], columns[2]))
    return made


def write_heard(path: Path, heard: Iterable[HeardPhrase]) -> None:
    """Replace the file; lines in a fixed order, so that a change is seen as one."""
    lines = sorted(f"{one.intent}\t{one.text}\t{one.heard}" for one in heard)
    path.write_text(
        "# 手本の文を声に出し、認識器が書きとったもの (python -m bench.recite)。意図・文・聞こえた言葉\n"
        + "\n".join(lines)
        + "\n",
        encoding="utf-8",
    )
