"""Was this a call for help? Pure: from what was meant, when, and what else was said lately.

Outside of a check-in a television is more likely than a cry. A clear one goes out at once all the same; only while
somebody keeps talking, which a lone person in need does not, it has to come twice.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from contract.datafile import read_toml
from contract.events import Intent
from device.talk.plain import plain
from device.talk.recall import Words
from device.talk.turns import Meant

PACKAGED = Path(__file__).with_name("help_words.toml")

SURE = 0.65
"""Of the meaning and of the words, the lesser, 0 to 1. In a check-in what is less certain is asked about; here nobody
asks. Whisper base gives 0.66 to 0.92 to cries across a room (`mimamori bench overhearing`)."""
LATELY_SECONDS = 60.0
"""How far back talk counts."""
TALK = 3
"""So many other pieces of speech lately are somebody talking: a television, a visit, the telephone."""
TWICE_SECONDS = 30.0
"""Within this time a second cry counts also amid talk."""


class When(StrEnum):
    """What the box was doing when it heard this."""

    speaking = "speaking"
    """Itself: its own voice lies over what is said."""
    waiting = "waiting"


class HelpWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`help_words.toml`."""

    words: Words
    not_when: list[str]

    def call(self, text: str) -> bool:
        """Whether `text` holds a word that can hardly be anything but a call for help."""
        said = plain(text)
        for phrase in self.not_when:
            said = said.replace(plain(phrase), "|")
        return any(plain(word) in said for word in self.words)


def load_help_words(path: Path = PACKAGED) -> HelpWords:
    """Read the data file; raise `Refused` naming the line that is wrong."""
    return read_toml(path, HelpWords)


@dataclass
class Judge:
    """Remembers when something was said, never what."""

    words: HelpWords
    _talk: list[float] = field(default_factory=list)
    _cried: float | None = None

    def is_cry(self, meant: Meant, when: When, now: float) -> bool:
        """Whether to call for help now; `now` is seconds on a clock that only goes forward."""
        self._talk = [at for at in self._talk if now - at < LATELY_SECONDS]
        if not self._cries(meant, when):
            if when is When.waiting and meant.intent is not Intent.emergency:
                self._talk.append(now)
            return False
        again = self._cried is not None and now - self._cried < TWICE_SECONDS
        self._cried = now
        return again or len(self._talk) < TALK

    def may_be_cry(self, meant: Meant, when: When) -> bool:
        """Whether to ask back what `is_cry` has just not taken for one; never amid talk."""
        return when is When.waiting and meant.intent is Intent.emergency and len(self._talk) < TALK

    def _cries(self, meant: Meant, when: When) -> bool:
        if meant.intent is not Intent.emergency or not (meant.certain and meant.clear):
            return False
        if when is When.speaking:
            return self.words.call(meant.text)
        return meant.confidence >= SURE
