"""What is polite and no answer yet: somebody greets back, coughs, or asks the box to wait."""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from contract.datafile import read_toml
from device.talk.plain import plain
from device.talk.recall import Words

PACKAGED = Path(__file__).with_name("manners.toml")


class Manner(StrEnum):
    """How something was said that answers nothing."""

    not_yet = "not_yet"
    """Only a greeting, only a cough."""
    waits = "waits"
    """「ちょっと待って」."""


class Manners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data file, as it is written."""

    greetings: Words
    coughs: Words
    fillers: Words
    waits: Words
    not_when: list[str]

    def of(self, text: str) -> Manner | None:
        """What `text` is, if it is nothing more than that."""
        said = plain(text)
        if self._only_polite(said):
            return Manner.not_yet
        for phrase in self.not_when:
            said = said.replace(plain(phrase), "|")
        return Manner.waits if any(plain(word) in said for word in self.waits) else None

    def _only_polite(self, said: str) -> bool:
        polite = sorted({plain(word) for word in (*self.greetings, *self.coughs)}, key=len, reverse=True)
        fillers = sorted({plain(word) for word in self.fillers}, key=len, reverse=True)
        found = False
        while said:
            word = next((word for word in polite if said.startswith(word)), None)
            found = found or word is not None
            word = word or next((word for word in fillers if said.startswith(word)), None)
            if word is None:
                return False
            said = said[len(word) :]
        return found


def load_manners(path: Path = PACKAGED) -> Manners:
    """Read the data file; raise `Refused` naming the line that is wrong."""
    return read_toml(path, Manners)
