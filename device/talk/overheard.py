"""One piece of speech that was overheard: is it worth understanding, and what is it? Time is an argument."""

from enum import StrEnum

import msgspec

from device.listen.overhear import Piece
from device.listen.recognizer import Recognizer
from device.talk.cry import Judge, When
from device.talk.interpreter import Interpreter
from device.talk.own_words import without_ours


class Mode(StrEnum):
    """Why the microphone is open, if it is."""

    off = "off"
    speaking = "speaking"
    """The box itself speaks."""
    waiting = "waiting"
    """Between check-ins, with consent."""
    recall = "recall"
    """After a call for help: 「まちがい」 takes it back, and a second cry changes nothing."""


class Verdict(StrEnum):
    """What a piece of speech was."""

    cry = "cry"
    doubt = "doubt"
    """It may have been a cry: worth a question."""
    recall = "recall"
    nothing = "nothing"
    skipped = "skipped"
    """The recognizer had worked enough."""


class Budget:
    """How much the recognizer may work: `share` of the time, `at_once` seconds in one go."""

    def __init__(self, share: float, at_once: float) -> None:
        self._share = share
        self._most = at_once
        self._left = at_once
        self._at: float | None = None

    def allows(self, now: float) -> bool:
        """Whether there is any left at `now`, seconds on a clock that only goes forward."""
        since = 0.0 if self._at is None else now - self._at
        self._left = min(self._most, self._left + since * self._share)
        self._at = now
        return self._left > 0.0

    def spend(self, seconds: float) -> None:
        """So much was worked."""
        self._left -= seconds


class Overheard:
    """Understands pieces; of what was said nothing stays behind."""

    def __init__(
        self, recognizer: Recognizer, interpreter: Interpreter, judge: Judge, budget: Budget
    ) -> None:
        self._recognizer = recognizer
        self._interpreter = interpreter
        self._judge = judge
        self._budget = budget

    def consider(self, piece: Piece, mode: Mode, ours: str, now: float) -> Verdict:
        """What this was; `ours` is what the box itself was saying meanwhile."""
        if mode is not Mode.speaking and not self._budget.allows(now):
            # Our own prompts are short and few; a television is neither.
            return Verdict.skipped
        utterance = self._recognizer.utterance()
        utterance.accept(piece.samples)
        heard = utterance.finish()
        self._budget.spend(heard.milliseconds / 1000)
        if ours:
            heard = msgspec.structs.replace(heard, text=without_ours(heard.text, ours), others={})
        meant, _ = self._interpreter.meant(heard)
        if mode is Mode.recall and meant.takes_back:
            return Verdict.recall
        when = When.speaking if mode is Mode.speaking else When.waiting
        if self._judge.is_cry(meant, when, now):
            return Verdict.cry
        asks = mode is Mode.waiting and self._judge.may_be_cry(meant, when)
        return Verdict.doubt if asks else Verdict.nothing
