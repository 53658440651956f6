"""From words to an intent: concepts and rules."""

from pathlib import Path

from contract.datafile import read_toml
from contract.events import Intent
from device.understand.answers import Answers
from device.understand.grammar import Grammar
from device.understand.meaning import Meaning
from device.understand.reading import read
from device.understand.rules import Rules
from device.understand.scope import Scoping
from device.understand.words import Words

LEXICON = Path(__file__).parent / "lexicon"


class Understanding:
    """Knows a lexicon; understands one utterance at a time."""

    def __init__(self, words: Words, rules: Rules, answers: Answers) -> None:
        self._words = words
        self._rules = rules
        self._scoping = Scoping(rules.scope)
        self._answers = answers

    @classmethod
    def load(cls, folder: Path = LEXICON) -> "Understanding":
        """Read the lexicon in `folder`; raise `Refused` naming the line that is wrong."""
        words = Words.read(folder / "words.tsv", read_toml(folder / "grammar.toml", Grammar))
        rules = Rules.read(folder / "rules.toml", words.concepts)
        return cls(words, rules, Answers.read(folder / "answers.toml"))

    def understand(self, text: str) -> Meaning:
        """What `text` meant."""
        reading = read(text)
        verdicts = self._rules.judge(self._scoping.apply(self._words.find(reading), reading))
        if not verdicts:
            return Meaning(
                intent=Intent.unrelated,
                confidence=0.2,
                reading=reading.spoken,
                because=["no rule holds"],
                certain=False,
            )
        best = verdicts[0]
        return Meaning(
            intent=best.rule.intent,
            confidence=best.rule.weight,
            reading=reading.spoken,
            because=[verdict.explain() for verdict in verdicts[:3]],
            certain=best.rule.weight >= 0.7,
        )

    def yes_or_no(self, text: str) -> bool | None:
        """True for はい, False for いいえ, None when it is neither or both."""
        return self._answers.yes_or_no(read(text))
