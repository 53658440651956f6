"""Concepts in a reading, as they count there: the words, their grammar and their scope together."""

from pathlib import Path

from contract.datafile import read_toml
from device.understand.grammar import Grammar
from device.understand.reading import Reading
from device.understand.rules import Rules
from device.understand.scope import Scoping
from device.understand.words import Hit, Words


class Finder:
    """Finds the concepts of one lexicon."""

    def __init__(self, words: Words, rules: Rules) -> None:
        self.rules = rules
        self._words = words
        self._scoping = Scoping(rules.scope)

    @classmethod
    def read(cls, folder: Path) -> "Finder":
        """Read the lexicon in `folder`; raise `Refused` naming the line that is wrong."""
        words = Words.read(folder / "words.tsv", read_toml(folder / "grammar.toml", Grammar))
        return cls(words, Rules.read(folder / "rules.toml", words.concepts))

    def find(self, reading: Reading) -> list[Hit]:
        """The concepts, negated, over or somebody else's as the words around them have it."""
        return self._scoping.apply(self._words.find(reading), reading)
