"""Further questions for somebody who is well, as a pure state machine: closed, at most a few, none of them pressed.

The check-in is safe already when these begin. Silence or a refusal ends them; what is wrong is handed up at once.
"""

from enum import StrEnum
from typing import Literal

from contract.events import ExtraAnswer, Intent
from device.talk.sentences import BAD
from device.talk.turns import (
    DEAF,
    Action,
    ExtraQuestion,
    Input,
    Listen,
    Meant,
    Nothing,
    Prompt,
    Say,
    SpeakFailed,
    Spoken,
)

Word = Literal["yes", "no", "unclear", "no_answer"]


class Ended(StrEnum):
    """How the further questions ended; None of these while they last."""

    asked = "asked"
    """All of them, or as many as the resident cared for."""
    wrong = "wrong"
    """Something is wrong after all: `Extras.wrong` says what was heard."""


class Extras:
    """Feed `step` what happened, do what it returns; over when `ended` is set."""

    def __init__(self, questions: tuple[ExtraQuestion, ...]) -> None:
        self.answers: list[ExtraAnswer] = []
        self.ended: Ended | None = None
        self.wrong: Meant | None = None
        self._left = list(questions)
        self._again = False
        """This question was asked twice already, for whatever reason: no third time."""

    def start(self) -> tuple[Action, ...]:
        """The first question."""
        return self._ask(Prompt.extras_intro)

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now; nothing and `ended` when there is no more to ask."""
        match event:
            case Spoken():
                return (Listen(extra=self._left[0].key),)
            case SpeakFailed():
                # Nobody heard it, so there is nothing to say about an answer.
                return self._end(Ended.asked)
            case Meant():
                return self._meant(event)
            case Nothing(kind):
                if kind not in DEAF:
                    self._note("no_answer")
                return self._end(Ended.asked)
        return ()

    def _meant(self, meant: Meant) -> tuple[Action, ...]:
        if meant.intent in BAD and meant.certain and meant.clear:
            self._note("unclear" if meant.yes is None else "yes" if meant.yes else "no")
            self.wrong = meant
            return self._end(Ended.wrong)
        if meant.yes is not None and meant.clear:
            self._note("yes" if meant.yes else "no")
        elif meant.pressed or (meant.intent is Intent.declined and meant.certain):
            self._note("no_answer")
            return self._end(Ended.asked)
        elif not self._again:
            self._again = True
            plainly = meant.intent is Intent.repeat
            words = (self._left[0].key,) if plainly else (Prompt.extra_again, self._left[0].key)
            return (Say(words, plainly=plainly),)
        else:
            self._note("unclear")
        return self._ask() if self._left else self._end(Ended.asked)

    def _ask(self, *before: Prompt) -> tuple[Action, ...]:
        self._again = False
        return (Say((*before, self._left[0].key)),)

    def _note(self, answer: Word) -> None:
        question = self._left.pop(0)
        worrying = answer == ("yes" if question.worrying else "no")
        self.answers.append(ExtraAnswer(question=question.key, answer=answer, worrying=worrying))

    def _end(self, how: Ended) -> tuple[Action, ...]:
        self.ended = how
        return ()
