"""Whether somebody wants a call for help taken back: 「まちがい」."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.datafile import read_toml
from device.talk.plain import plain

PACKAGED = Path(__file__).with_name("recall.toml")

Words = Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1)]


class RecallWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data file, as it is written."""

    words: Words
    not_when: list[str]

    def takes_back(self, text: str) -> bool:
        """Whether `text` holds a word that takes back, outside of every phrase that turns it around."""
        said = plain(text)
        for phrase in self.not_when:
            said = said.replace(plain(phrase), "|")
        return any(plain(word) in said for word in self.words)


def load_recall_words(path: Path = PACKAGED) -> RecallWords:
    """Read the data file; raise `Refused` naming the line that is wrong."""
    return read_toml(path, RecallWords)
