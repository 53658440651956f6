"""From words to an intent: concepts and rules first, then what the utterance comes nearest to."""

import math
from pathlib import Path

import structlog
from msgspec import Struct

from contract.datafile import read_toml
from contract.events import Intent
from device.understand.answers import Answers
from device.understand.encoder import Encoder, NoEncoder
from device.understand.examples import Examples
from device.understand.grammar import Grammar
from device.understand.meaning import Meaning
from device.understand.nearest import Likeness, Neighbours
from device.understand.reading import Reading, phonemes, read
from device.understand.rules import Rules, Verdict
from device.understand.scope import Scoping
from device.understand.words import Words

LEXICON = Path(__file__).parent / "lexicon"

_ILL = frozenset({Intent.emergency, Intent.unwell, Intent.pain})
_CALM = frozenset({Intent.fine, Intent.as_usual})

log = structlog.get_logger(__name__)


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """`settings.toml`: how rules and likeness are joined."""

    emergency_at_once: float
    rule_bonus: float
    ill_rule_bonus: float
    alone_score: float
    alone_margin: float
    rule_margin: float
    calm_margin: float


class Understanding:
    """Knows a lexicon; understands one utterance at a time."""

    def __init__(
        self, words: Words, rules: Rules, answers: Answers, neighbours: Neighbours, settings: Settings
    ) -> None:
        self._words = words
        self._rules = rules
        self._scoping = Scoping(rules.scope)
        self._answers = answers
        self._neighbours = neighbours
        self._settings = settings

    @classmethod
    def load(cls, folder: Path = LEXICON) -> "Understanding":
        """Read the lexicon in `folder`; raise `Refused` naming the line that is wrong.

        Takes a few seconds, most of them for the sentence encoder's weights; a minute the first time after the
        phrases were edited. Without the encoder it works by rules and sound, says so in the log and in every
        `because`, and is less often certain.
        """
        words = Words.read(folder / "words.tsv", read_toml(folder / "grammar.toml", Grammar))
        rules = Rules.read(folder / "rules.toml", words.concepts)
        answers = Answers.read(folder / "answers.toml")
        settings = read_toml(folder / "settings.toml", Settings)
        encoder = _encoder()
        examples = Examples.load(folder, lambda: encoder)
        return cls(words, rules, answers, Neighbours(examples, encoder), settings)

    def understand(self, text: str) -> Meaning:
        """What `text` meant. Any text: empty, garbled, long."""
        reading = read(text)
        if not reading.kana:
            return Meaning(
                intent=Intent.unrelated,
                confidence=0.0,
                reading="",
                because=["nothing to read"],
                certain=False,
            )
        verdicts = self._rules.judge(self._scoping.apply(self._words.find(reading), reading))
        if verdicts and self._is_an_alarm(verdicts[0]):
            best = verdicts[0]
            return Meaning(
                intent=best.rule.intent,
                confidence=best.rule.weight,
                reading=reading.spoken,
                because=[best.explain()],
                certain=True,
            )
        return self._weigh(verdicts, self._neighbours.compare(text, phonemes(reading.kana)), reading)

    def yes_or_no(self, text: str) -> bool | None:
        """True for はい, False for いいえ, None when it is neither or both."""
        return self._answers.yes_or_no(read(text))

    def _is_an_alarm(self, verdict: Verdict) -> bool:
        return (
            verdict.rule.intent is Intent.emergency
            and verdict.rule.weight >= self._settings.emergency_at_once
        )

    def _weigh(self, verdicts: list[Verdict], likeness: Likeness, reading: Reading) -> Meaning:
        settings = self._settings
        bonus: dict[Intent, float] = {}
        for verdict in verdicts:
            share = settings.ill_rule_bonus if verdict.rule.intent in _ILL else settings.rule_bonus
            bonus.setdefault(verdict.rule.intent, share * verdict.rule.weight)
        total = {intent: score + bonus.get(intent, 0.0) for intent, score in likeness.scores.items()}
        order = sorted(total, key=lambda intent: -total[intent])
        best, second = order[0], order[1]
        margin = total[best] - total[second]
        because = [verdict.explain() for verdict in verdicts if verdict.rule.intent is best][:1]
        because.append(likeness.explain(best))
        if likeness.best() is not best:
            because.append(f"although {likeness.explain(likeness.best())}")
        because += [f"also {verdict.explain()}" for verdict in verdicts if verdict.rule.intent is not best][
            :2
        ]
        if best in bonus:
            certain = margin >= settings.rule_margin
            confidence = _squash(2.2 + 8 * margin)
        else:
            certain = margin >= settings.alone_margin and likeness.scores[best] >= settings.alone_score
            confidence = _squash(-6.5 + 8.0 * likeness.scores[best] + 14 * margin)
        if best in _CALM:
            ill = max((total[intent] for intent in _ILL if intent in total), default=0.0)
            if total[best] - ill < settings.calm_margin or any(one.rule.intent in _ILL for one in verdicts):
                certain = False
                because.append("not sure enough that nothing is wrong")
        return Meaning(
            intent=best, confidence=confidence, reading=reading.spoken, because=because, certain=certain
        )


def _squash(evidence: float) -> float:
    """Evidence (log odds) as a share; the coefficients above were fitted by eye on the development set."""
    return round(1 / (1 + math.exp(-evidence)), 3)


def _encoder() -> Encoder | None:
    try:
        return Encoder()
    except NoEncoder as error:
        log.warning("no_sentence_encoder", error=str(error), effect="understanding by rules and sound only")
        return None
