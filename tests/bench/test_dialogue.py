"""The measurement of whole check-ins: what it counts, and that it can see a dangerous one."""

from collections.abc import Mapping
from random import Random

from bench.dialogue import Ended, Manners, Resident, figures, hold
from bench.mishearing import Rates, heard
from contract.events import Intent, Outcome
from device.talk.interpreter import Interpreter
from device.talk.prompts import load_prompts
from device.talk.recall import load_recall_words
from device.understand.meaning import Meaning

PERFECT = Rates(dropped_negation=0.0, truncated=0.0, misheard_kana=0.0, unsure=0.0)
DEAF_TO_NEGATION = Rates(dropped_negation=1.0, truncated=0.0, misheard_kana=0.0, unsure=0.0)


class Literal:
    """An understanding of three sentences."""

    def understand(self, text: str, _others: Mapping[str, float] | None = None, /) -> Meaning:
        intent = {
            "大丈夫": Intent.fine,
            "大丈夫じゃない": Intent.unwell,
            "助けて": Intent.emergency,
        }.get(text, Intent.unrelated)
        known = intent is not Intent.unrelated
        return Meaning(intent=intent, confidence=0.9, reading=text, because=["literal"], certain=known)

    def yes_or_no(self, text: str) -> bool | None:
        if text.startswith(("はい", "うん", "ええ", "そうや", "そうです")) and "ない" not in text:
            return True
        return False if text.startswith(("いい", "いや", "ちが", "そうやない")) else None

    def may_be_cut(self, text: str) -> bool:
        return text.startswith("そう")


INTERPRETER = Interpreter(Literal(), load_prompts(), load_recall_words())


def check_in(truth: Intent, words: str, rates: Rates = PERFECT, seed: int = 1, **manners: float) -> Ended:
    random = Random(seed)
    resident = Resident(truth, [words], Manners(silent=0.0, **manners), random)
    return hold(resident, INTERPRETER, rates, random)


def test_a_dropped_negation_is_objected_to_and_told() -> None:
    for seed in range(20):
        ended = check_in(Intent.unwell, "大丈夫じゃない", DEAF_TO_NEGATION, seed)
        assert not ended.dangerous or ended.turns >= 3


def test_somebody_who_does_not_object_to_a_dropped_negation_is_counted_as_dangerous() -> None:
    ended = check_in(Intent.unwell, "大丈夫じゃない", DEAF_TO_NEGATION, objecting=0.0)
    assert ended.dangerous
    assert figures([ended])["dangerous"] == 1


def test_well_in_need_and_called() -> None:
    assert check_in(Intent.fine, "大丈夫").intent is Intent.fine
    called = check_in(Intent.emergency, "助けて")
    assert (called.called, called.intent, called.outcome) == (True, Intent.emergency, Outcome.answered)
    made = figures([called])
    assert (made["help_recall_share"], made["false_calls"]) == (1.0, 0)


def test_the_last_negation_is_what_is_lost() -> None:
    def without(words: str) -> str:
        return heard(words, DEAF_TO_NEGATION, Random(1)).text

    assert without("大丈夫じゃない") == "大丈夫"
    assert without("元気がないわ") == "元気わ"
    assert without("ご飯を食べとらん") == "ご飯を食べとる"
    assert without("元気です") == "元気です"
