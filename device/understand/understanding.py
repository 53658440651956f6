"""From words to an intent: what was learnt, and a few rules that hold even where the learning errs."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import structlog
from msgspec import Struct

from contract.datafile import read_toml
from contract.events import Intent
from device.understand.answers import Answers
from device.understand.encoder import Encoder, NoEncoder
from device.understand.explain import learnt_voice, rule_voice
from device.understand.features import pieces, tokens
from device.understand.finder import Finder
from device.understand.joining import join
from device.understand.learnt import Learnt, digest
from device.understand.meaning import ILL, WELL, Meaning
from device.understand.reading import Reading, phonemes, read
from device.understand.rules import Verdict
from device.understand.words import Hit

LEXICON = Path(__file__).parent / "lexicon"

_QUIET: list[Intent] = [one for one in Intent if one != Intent.emergency]

Shares = dict[Intent, float]

log = structlog.get_logger(__name__)


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """`settings.toml`: how what was learnt and the rules are joined. Numbers are shares, 0..1."""

    sure: float
    sure_calm: float
    ill_left: float
    emergency: float
    """From here on it may be one; below `emergency_sure` somebody is asked first."""
    emergency_sure: float
    emergency_sure_by_rule: float
    emergency_doubt: float
    emergency_of_others_sure: float
    others: frozenset[str]
    """Concepts that tell of somebody or something else than the resident, here and now."""


class _Proposal(NamedTuple):
    """What one sound may have said."""

    reading: Reading
    hits: list[Hit]
    likelihood: float


class Understanding:
    """Knows a lexicon; understands one utterance at a time."""

    def __init__(
        self, finder: Finder, answers: Answers, learnt: Learnt, encoder: Encoder | None, settings: Settings
    ) -> None:
        self._finder = finder
        self._answers = answers
        self._learnt = learnt
        self._encoder = encoder
        self._settings = settings

    @classmethod
    def load(cls, folder: Path = LEXICON) -> "Understanding":
        """Read the lexicon in `folder`; raise `Refused` naming the line that is wrong.

        Takes a second or two, most of it for the sentence encoder's weights. Without the encoder it works by sound
        and concepts, says so in the log and in every `because`. A model older than the lexicon still counts, with
        a warning: a speaker that understands yesterday's phrases is better than one that understands nothing.
        """
        finder = Finder.read(folder)
        answers = Answers.read(folder / "answers.toml")
        settings = read_toml(folder / "settings.toml", Settings)
        learnt = Learnt.read(folder / "model.npz")
        if learnt.taught.digest != digest(folder):
            log.warning("model_is_older_than_the_lexicon", remedy="python -m device.understand.train")
        return cls(finder, answers, learnt, _encoder(), settings)

    def understand(self, text: str, others: Mapping[str, float] | None = None) -> Meaning:
        """What `text` meant. Any text: empty, garbled, long.

        `others` is what else the same sound may have said, with its likelihood beside that of `text` (`Heard.others`):
        what was learnt looks at all of them, the rules at `text` only.
        """
        reading = read(text)
        if not reading.kana:
            return Meaning(
                intent=Intent.unrelated,
                confidence=0.0,
                reading="",
                because=["読める言葉がない"],
                certain=False,
            )
        if self._answers.is_bare(reading):
            # To 「お変わりありませんか」 both はい and いいえ may say that all is well; the closed question tells.
            return Meaning(
                intent=Intent.fine,
                confidence=0.5,
                reading=reading.spoken,
                because=["「はい」「いいえ」だけなので確かめる"],
                certain=False,
            )
        first = _Proposal(reading, self._finder.find(reading), 1.0)
        verdicts = self._finder.rules.judge(first.hits)
        at_once = next((one for one in verdicts if one.rule.needs == 0.0), None)
        if at_once:
            # A cry for help waits for nobody, and nothing learnt can talk it away.
            return Meaning(
                intent=at_once.rule.intent,
                confidence=0.97,
                reading=reading.spoken,
                because=[rule_voice(at_once)],
                certain=True,
            )
        proposals = {text: first}
        for other, likelihood in (others or {}).items():
            if (heard := read(other)).kana:
                proposals[other] = _Proposal(heard, self._finder.find(heard), likelihood)
        return self._decide(self._shares(proposals), first, verdicts)

    def _shares(self, proposals: Mapping[str, _Proposal]) -> Shares:
        meanings = self._encoder.encode(list(proposals)) if self._encoder else [None] * len(proposals)
        shares = [
            self._learnt.shares(pieces(one.reading), tokens(one.hits), meaning)
            for one, meaning in zip(proposals.values(), meanings, strict=True)
        ]
        return join(shares, [one.likelihood for one in proposals.values()])

    def yes_or_no(self, text: str) -> bool | None:
        """True for はい, False for いいえ, None when it is neither or both."""
        return self._answers.yes_or_no(read(text))

    def may_be_cut(self, text: str) -> bool:
        """Whether `text`, a yes, may be what is left of a no: 「そうや」 of 「そうやない」."""
        return self._answers.may_be_cut(read(text))

    def _decide(self, shares: Shares, first: _Proposal, verdicts: list[Verdict]) -> Meaning:
        agreed = [one for one in verdicts if shares[one.rule.intent] >= one.rule.needs]
        of_others = any(hit.concept in self._settings.others for hit in first.hits)
        alarm = any(one.rule.intent is Intent.emergency for one in agreed)
        best = self._best(shares, agreed, alarm)
        because = [rule_voice(one) for one in agreed if one.rule.intent is best][:1]
        because.append(learnt_voice(shares, best, self._encoder is not None))
        text, likeness = self._learnt.nearest(phonemes(first.reading.kana), best)
        because.append(f"いちばん近い手本「{text}」({likeness:.2f})")
        doubts = self._doubts(best, shares, verdicts, self._sure_of_help(alarm, of_others))
        return Meaning(
            intent=best,
            confidence=round(shares[best], 3),
            reading=first.reading.spoken,
            because=because + doubts,
            certain=not doubts,
        )

    def _best(self, shares: Shares, agreed: list[Verdict], alarm: bool) -> Intent:
        if alarm or shares[Intent.emergency] >= self._settings.emergency:
            return Intent.emergency
        best = max(_QUIET, key=lambda one: shares[one])
        if best in WELL:
            # Whoever says words of illness is not read as well; the closed question will tell.
            best = next((one.rule.intent for one in agreed if one.rule.intent in ILL), best)
        return best

    def _sure_of_help(self, alarm: bool, of_others: bool) -> float:
        """The share from which an emergency is declared without asking."""
        settings = self._settings
        if alarm:
            return settings.emergency_sure_by_rule
        return settings.emergency_of_others_sure if of_others else settings.emergency_sure

    def _doubts(
        self, best: Intent, shares: Shares, verdicts: list[Verdict], sure_of_help: float
    ) -> list[str]:
        """Why a closed question should come first; empty when it need not."""
        settings = self._settings
        if best is Intent.emergency:
            return [] if shares[best] >= sure_of_help else ["緊急かどうか、先に確かめる"]
        doubts = []
        if shares[best] < (settings.sure_calm if best in WELL else settings.sure):
            doubts.append("はっきりしないので確かめる")
        if shares[Intent.emergency] >= settings.emergency_doubt:
            doubts.append("緊急かもしれないので確かめる")
        if best in WELL:
            ill = sum(shares[one] for one in ILL)
            spoken = [one for one in verdicts if one.rule.intent in ILL]
            if spoken:
                doubts.append(f"具合の悪い言葉もあるので確かめる ({rule_voice(spoken[0])})")
            elif ill > settings.ill_left:
                doubts.append(f"具合が悪いかもしれない ({ill:.2f}) ので確かめる")
        return doubts


def _encoder() -> Encoder | None:
    try:
        return Encoder()
    except NoEncoder as error:
        log.warning(
            "no_sentence_encoder", error=str(error), effect="understanding by sound and concepts only"
        )
        return None
