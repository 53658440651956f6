"""What a whole check-in comes to, not one utterance: `mimamori bench dialogue --check-ins N`.

Simulated residents answer in the words of the utterance sets, through a model of hearing errors, the real
understanding and the real conversation. They answer closed questions by what is true, and object when something
else is read back to them. What counts is how the check-in ended against how the resident is.
"""

from collections import Counter, deque
from collections.abc import Sequence
from random import Random

from msgspec import Struct

from bench.mishearing import Rates, heard
from bench.utterances import Utterance
from contract.events import CheckIn, Intent, Outcome, Sos
from device.talk.conversation import Conversation
from device.talk.interpreter import Interpreter
from device.talk.sentences import BAD
from device.talk.turns import (
    Action,
    AwaitDelivery,
    Delivered,
    Emit,
    ExtraQuestion,
    Listen,
    Made,
    Nothing,
    Prompt,
    Say,
    Spoken,
    Start,
)
from device.understand.meaning import ILL, WELL

SHARES = {
    Intent.fine: 0.34,
    Intent.as_usual: 0.14,
    Intent.unwell: 0.16,
    Intent.pain: 0.12,
    Intent.emergency: 0.08,
    Intent.wants_talk: 0.05,
    Intent.going_out: 0.04,
    Intent.declined: 0.04,
    Intent.repeat: 0.02,
    Intent.unrelated: 0.01,
}
"""How residents are on a morning of the measurement: far more of them ill than in any town."""

_CLOSED = {
    Prompt.confirm_help: frozenset({Intent.emergency}),
    Prompt.confirm_fine: WELL,
    Prompt.confirm_unwell: BAD,
    Prompt.confirm_pain: frozenset({Intent.pain}),
    Prompt.confirm_talk: frozenset({Intent.wants_talk}),
    Prompt.confirm_going_out: frozenset({Intent.going_out}),
    Prompt.confirm_declined: frozenset({Intent.declined}),
}
_YES = ("はい", "はい、そうです", "うん", "ええ", "そうや", "そうです")
_NO = ("いいえ", "いいや", "ちがう", "ちがいます", "そうやない", "いや、ちがう")
_NOT_WELL = ("いいえ", "いいや", "ちがう", "ちがうて", "ちがいます", "そうやない")


class Manners(Struct, frozen=True, kw_only=True):
    """How residents behave, shares 0..1."""

    objecting: float = 1.0
    """Of those who are not well, object when they are taken to be."""
    silent: float = 0.03
    """Of all questions get no answer."""


class Ended(Struct, frozen=True):
    """One check-in, over."""

    truth: Intent
    first_words: str
    outcome: Outcome
    intent: Intent | None
    called: bool
    """An sos went out."""
    turns: int
    """How often the speaker listened."""
    read_back: bool
    """「お元気、ということですね」 was said."""
    asked_about_help: bool
    """「今、助けが必要ですか」 was asked."""

    @property
    def dangerous(self) -> bool:
        """Somebody ill or in need stands in the record as well."""
        return self.truth in ILL and self.intent in WELL


class Resident:
    """One person on one morning, in the words of one utterance."""

    def __init__(self, truth: Intent, words: Sequence[str], manners: Manners, random: Random) -> None:
        self.truth = truth
        self.words = random.choice(words)
        self._manners = manners
        self._random = random

    def answer(self, prompts: Sequence[str]) -> str | None:
        """What is said after these sentences; None is silence."""
        pick = self._random.choice
        if Prompt.read_back_fine in prompts:
            return self._at_read_back()
        if self._random.random() < self._manners.silent:
            return None
        for prompt, true_of in _CLOSED.items():
            if prompt in prompts:
                return self._closed(self.truth in true_of)
        if Prompt.recall_hint in prompts:
            return None if self.truth is Intent.emergency else pick(("まちがい", "まちがいやよ"))
        if Prompt.confirm_recall in prompts:
            return pick(_YES)
        return self.words

    def _closed(self, true: bool) -> str:
        pick = self._random.choice
        if self.truth is Intent.emergency:
            return pick((self.words, "助けて", f"いいえ、{self.words}"))
        if true:
            return pick((*_YES, f"はい、{self.words}"))
        return pick((*_NO, f"いいえ、{self.words}"))

    def _at_read_back(self) -> str | None:
        pick = self._random.choice
        if self.truth not in ILL:
            return pick((None, None, None, None, None, None, None, "はい", "そうです", self.words))
        if self._random.random() >= self._manners.objecting:
            return None
        return pick((*_NOT_WELL, self.words, f"いいえ、{self.words}", f"ちがう、{self.words}"))


def hold(resident: Resident, interpreter: Interpreter, rates: Rates, random: Random) -> Ended:
    """One check-in from the greeting to the end."""
    conversation = Conversation()
    extras = (ExtraQuestion("slept", worrying=False),)
    start = Start("2026-11-24/morning", 1, Prompt.good_morning, "how_are_you", False, False, extras)
    actions: deque[Action] = deque(conversation.step(start))
    prompts: Sequence[str] = ()
    check_ins: list[CheckIn] = []
    called, turns, read_back, about_help = False, 0, False, False
    while actions:
        match actions.popleft():
            case Say(prompts):
                read_back = read_back or Prompt.read_back_fine in prompts
                about_help = about_help or Prompt.confirm_help in prompts
                actions.extend(conversation.step(Spoken()))
            case Listen(_, extra):
                turns += 1
                said = "はい" if extra else resident.answer(prompts)
                if said is None:
                    actions.extend(conversation.step(Nothing("no_sound")))
                    continue
                sound = heard(said, rates, random)
                meant, _ = interpreter.meant(sound, 1.0, extra)
                actions.extend(conversation.step(meant))
            case Emit(body):
                called = called or isinstance(body, Sos)
                if isinstance(body, CheckIn):
                    check_ins.append(body)
                actions.extend(conversation.step(Made("id", body)))
            case AwaitDelivery(event_id, _):
                actions.extend(conversation.step(Delivered(event_id)))
    (check_in,) = check_ins
    return Ended(
        resident.truth,
        resident.words,
        check_in.outcome,
        check_in.intent,
        called,
        turns,
        read_back,
        about_help,
    )


def morning(utterances: Sequence[Utterance], random: Random, manners: Manners) -> Resident:
    """A resident drawn by `SHARES`."""
    (truth,) = random.choices(list(SHARES), list(SHARES.values()))
    return Resident(truth, [one.text for one in utterances if one.intent is truth], manners, random)


def figures(ended: Sequence[Ended]) -> dict[str, object]:
    """The counts and shares of a run."""
    ill = [one for one in ended if one.truth in ILL]
    need = [one for one in ended if one.truth is Intent.emergency]
    well = [one for one in ended if one.truth in WELL]
    outcomes = Counter(str(one.outcome) for one in ended)
    turns = sorted(one.turns for one in ended)
    return {
        "check_ins": len(ended),
        "ill_or_in_need": len(ill),
        "dangerous": sum(one.dangerous for one in ended),
        "ill_read_back_as_well": sum(one.read_back for one in ill),
        "help_recall_share": _share(sum(one.called for one in need), len(need)),
        "false_calls": sum(one.called for one in ended if one.truth is not Intent.emergency),
        "false_call_share": _share(
            sum(one.called for one in ended if one.truth is not Intent.emergency), len(ended) - len(need)
        ),
        "asked_about_help_share": _share(
            sum(one.asked_about_help for one in ended if one.truth is not Intent.emergency),
            len(ended) - len(need),
        ),
        "ill_told_to_staff_share": _share(sum(one.intent in ILL for one in ill), len(ill)),
        "well_counted_as_well_share": _share(sum(one.intent in WELL for one in well), len(well)),
        "well_told_as_ill_share": _share(sum(one.intent in ILL for one in well), len(well)),
        "as_meant_share": _share(sum(one.intent is one.truth for one in ended), len(ended)),
        "turns_mean": round(sum(turns) / len(turns), 2) if turns else None,
        "turns_p95": turns[int(len(turns) * 0.95)] if turns else None,
        "outcomes": dict(sorted(outcomes.items())),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
