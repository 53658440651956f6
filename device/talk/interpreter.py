"""From what the recognizer heard to what the conversation is told: one place, for homes and for measurements."""

from collections.abc import Mapping
from typing import Protocol

from contract.events import Intent
from device.listen.recognizer import SURE, Heard
from device.talk.manners import Manner, load_manners
from device.talk.prompts import Prompts
from device.talk.recall import RecallWords
from device.talk.turns import Meant
from device.understand.meaning import Meaning


class Understander(Protocol):
    """Whoever makes meaning of words; `device.understand.Understanding` in a home."""

    def understand(self, text: str, others: Mapping[str, float] | None = None, /) -> Meaning:
        """What an answer means that was heard as `text`, or may have been one of `others` (`Heard.others`)."""

    def yes_or_no(self, text: str) -> bool | None:
        """Whether an answer to a closed question was はい or いいえ; None when it was neither."""

    def may_be_cut(self, text: str) -> bool:
        """Whether a はい may be what is left of an いいえ that lost its end."""


class Interpreter:
    """Knows the words of one home."""

    def __init__(self, understanding: Understander, prompts: Prompts, recall_words: RecallWords) -> None:
        self._understanding = understanding
        self._prompts = prompts
        self._recall_words = recall_words
        self._manners = load_manners()

    def meant(
        self, heard: Heard, first_word_s: float | None = None, extra: str | None = None
    ) -> tuple[Meant, Meaning]:
        """What was meant, and why; `extra` is the further question that was asked, if one was."""
        meaning = self._understanding.understand(heard.text, heard.others)
        yes = self._prompts.answers(extra, heard.text) if extra else None
        if yes is None:
            yes = self._understanding.yes_or_no(heard.text)
        intent, certain = meaning.intent, meaning.certain
        manner = self._manners.of(heard.text)
        alarm = intent is Intent.emergency
        if manner is Manner.not_yet and not (alarm and certain):
            # A bare 「おはよう」 is like nothing the model knows. What is sure to be a call for help stays one.
            intent, certain = Intent.unrelated, False
        meant = Meant(
            intent=intent,
            # A chain is as strong as its weakest link.
            confidence=min(meaning.confidence, heard.confidence),
            certain=certain,
            text=heard.text,
            clear=heard.confidence >= SURE,
            yes=yes,
            may_be_cut=bool(yes) and self._understanding.may_be_cut(heard.text),
            manner=manner,
            takes_back=self._recall_words.takes_back(heard.text),
            delay_ms=None if first_word_s is None else round(first_word_s * 1000),
        )
        return meant, meaning
