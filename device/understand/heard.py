"""What a recognizer really made of phrases of the bank when they were said aloud: `heard.tsv`, made by `bench.recite`.

A misheard phrase is taught with the meaning it had, unless it came out as a phrase that means something else: teaching
「大丈夫」 as the "not well" that was said would help nobody, and its reverse would teach the heart to call the ill well.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from contract.events import Intent
from contract.refusal import Refused
from device.understand.bank import Phrase
from device.understand.reading import phonemes, read

FILE = "heard.tsv"
_ALIKE = 0.85
"""Heard as nearly another meaning's phrase as this, it is that phrase to every ear."""
_LOST = 0.4
"""Less alike than this to what was said, nothing of it is left to learn from."""


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


def teachable(heard: Sequence[HeardPhrase], bank: Sequence[Phrase]) -> list[HeardPhrase]:
    """Without what was heard to the letter, lost altogether, or turned into a phrase that means something else."""
    sounds: dict[Intent, list[str]] = {intent: [] for intent in Intent}
    for phrase in bank:
        sounds[phrase.intent].append(_sound(phrase.text))
    others = {
        intent: [sound for other in Intent if other is not intent for sound in sounds[other]]
        for intent in Intent
    }
    kept = []
    for one in heard:
        sound, said = _sound(one.heard), _sound(one.text)
        alike = Levenshtein.normalized_similarity(sound, said)
        if one.heard.strip("。、!?…") == one.text or alike < _LOST:
            continue
        nearest = process.extractOne(sound, others[one.intent], scorer=Levenshtein.normalized_similarity)
        if nearest is None or nearest[1] < max(_ALIKE, alike):
            kept.append(one)
    return kept


def _sound(text: str) -> str:
    return phonemes(read(text).kana)
