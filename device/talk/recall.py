"""Whether somebody wants a call for help taken back: 「まちがい」."""

import re
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.datafile import read_toml

PACKAGED = Path(__file__).with_name("recall.toml")

_NOISE = re.compile(r"[\s、。,.!?！？・「」ー]+")
_KATAKANA = re.compile(r"[ァ-ヶ]")

Words = Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1)]


class RecallWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data file, as it is written."""

    words: Words
    not_when: list[str]

    def takes_back(self, text: str) -> bool:
        """Whether `text` holds a word that takes back, outside of every phrase that turns it around."""
        plain = _plain(text)
        for phrase in self.not_when:
            plain = plain.replace(_plain(phrase), "|")
        return any(_plain(word) in plain for word in self.words)


def load_recall_words(path: Path = PACKAGED) -> RecallWords:
    """Read the data file; raise `Refused` naming the line that is wrong."""
    return read_toml(path, RecallWords)


def _plain(text: str) -> str:
    return _KATAKANA.sub(lambda letter: chr(ord(letter[0]) - 0x60), _NOISE.sub("", text))
