"""One asking as a pure state machine: what happened goes in, what to do comes out. No clock, no sound, no line.

Three rules hold whatever is fed in. A call for help is emitted before anything is said. Every asking emits exactly
one check-in, and emits it before the sentence that tells of it. Nobody is `fine` without an understood answer.
"""

from enum import StrEnum

from contract.events import CheckIn, Intent, Outcome
from device.talk.help_call import HelpCall
from device.talk.turns import (
    Action,
    Emit,
    Finish,
    Input,
    Listen,
    Meant,
    Nothing,
    Prompt,
    Say,
    SpeakFailed,
    Spoken,
    Start,
)

RE_ASKS = 2
"""How often one asking asks again because it did not understand; the closed question counts as one."""
REPEATS = 2
"""How often it says the question again because the resident asked for that."""

_CONFIRM = {
    Intent.fine: Prompt.confirm_fine,
    Intent.as_usual: Prompt.confirm_fine,
    Intent.unwell: Prompt.confirm_unwell,
    Intent.pain: Prompt.confirm_pain,
    Intent.wants_talk: Prompt.confirm_talk,
    Intent.going_out: Prompt.confirm_going_out,
    Intent.declined: Prompt.confirm_declined,
}
_NOTED = {
    Intent.fine: (Prompt.read_back_fine, Prompt.thanks),
    Intent.as_usual: (Prompt.read_back_fine, Prompt.thanks),
    Intent.unwell: (Prompt.unwell_noted,),
    Intent.pain: (Prompt.pain_noted,),
    Intent.wants_talk: (Prompt.talk_noted,),
    Intent.going_out: (Prompt.going_out_noted,),
    Intent.declined: (Prompt.declined_noted,),
}
_WELL = frozenset({Intent.fine, Intent.as_usual})
_BAD = frozenset({Intent.unwell, Intent.pain})


class Stage(StrEnum):
    """Where the dialogue is."""

    new = "new"
    question = "question"
    """The open question is asked."""
    closed = "closed"
    """A question for はい or いいえ is asked."""
    help = "help"
    """Distress was heard; `HelpCall` has the word."""
    closing = "closing"
    done = "done"


class Conversation:
    """One asking, from the greeting to the thanks. Feed `step` what happened, do what it returns, in order."""

    def __init__(self) -> None:
        self.stage = Stage.new
        self._start: Start | None = None
        self._asked: tuple[str, ...] = ()
        self._doubt = Intent.fine
        """What the closed question asks about."""
        self._worry: Meant | None = None
        """An uncertain sign that something is wrong: it counts unless it is cleared up."""
        self._re_asks = 0
        self._repeats = 0
        self._words: list[str] = []
        self._delay_ms: int | None = None
        self._call: HelpCall | None = None

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now. What does not belong to the present stage changes nothing and returns nothing."""
        if self._call:
            return self._during_call(self._call, event)
        match event:
            case Start() if self.stage is Stage.new:
                self._start = event
                opening = event.greeting if event.attempt == 1 else Prompt.ask_again
                return self._ask(Stage.question, opening, event.question)
            case Spoken() if self.stage in (Stage.question, Stage.closed):
                return (Listen(),)
            case SpeakFailed() if self.stage in (Stage.question, Stage.closed):
                # The resident may not have heard what is asked, so silence from here on says nothing (P2).
                return (*self._report(Outcome.not_played), *self._finish())
            case Spoken() | SpeakFailed() if self.stage is Stage.closing:
                return self._finish()
            case Meant() if self.stage in (Stage.question, Stage.closed):
                return self._meant(event)
            case Nothing() if self.stage in (Stage.question, Stage.closed):
                return self._nothing(event)
        return ()

    # ---- asking ----------------------------------------------------------------------------------------

    def _ask(self, stage: Stage, *prompts: str) -> tuple[Action, ...]:
        self.stage = stage
        self._asked = prompts
        return (Say(prompts),)

    # ---- help ------------------------------------------------------------------------------------------

    def _call_for_help(self, meant: Meant) -> tuple[Action, ...]:
        self.stage = Stage.help
        start = self._started
        self._call = HelpCall("voice", start.slot, meant.text if start.share_text else None)
        # One asking, one check-in: it is settled in the same breath, so that nobody is asked again.
        return (*self._call.start(), *self._report(Outcome.answered, Intent.emergency, meant.confidence))

    def _during_call(self, call: HelpCall, event: Input) -> tuple[Action, ...]:
        actions = call.step(event)
        if Finish() in actions:
            self.stage = Stage.done
        return actions

    # ---- answers ---------------------------------------------------------------------------------------

    def _meant(self, meant: Meant) -> tuple[Action, ...]:
        self._words.append(meant.text)
        if self._delay_ms is None:
            self._delay_ms = meant.delay_ms
        if meant.intent is Intent.emergency:
            return self._call_for_help(meant)
        if self.stage is Stage.closed and meant.yes is not None:
            return self._yes_or_no(meant, meant.yes)
        return self._answer(meant)

    def _answer(self, meant: Meant) -> tuple[Action, ...]:
        if meant.intent is Intent.repeat:
            return self._repeat()
        if meant.intent not in _NOTED:
            return self._not_understood()
        if meant.certain and meant.clear:
            return self._count(meant.intent, meant)
        return self._doubtful(meant.intent, meant)

    def _doubtful(self, intent: Intent, meant: Meant) -> tuple[Action, ...]:
        if intent in _BAD:
            self._worry = meant
        if self._re_asks >= RE_ASKS:
            return self._give_up(Outcome.not_understood)
        self._re_asks += 1
        self._doubt = intent
        return self._ask(Stage.closed, _CONFIRM[intent])

    def _yes_or_no(self, meant: Meant, yes: bool) -> tuple[Action, ...]:
        if meant.certain and meant.clear and meant.intent in _BAD:
            # 「はい、でも痛いです」: what is wrong outweighs the politeness before it.
            return self._count(meant.intent, meant)
        if not meant.clear:
            return self._doubtful(self._doubt, meant)
        if yes:
            return self._count(self._doubt, meant)
        if self._doubt not in _WELL:
            self._worry = None
            return self._doubtful(Intent.fine, meant)
        if meant.certain and meant.intent in _WELL:
            # 「いいえ、元気です」 can be either.
            return self._doubtful(Intent.fine, meant)
        return self._count(Intent.unwell, meant)

    def _not_understood(self) -> tuple[Action, ...]:
        if self._re_asks >= RE_ASKS:
            return self._give_up(Outcome.not_understood)
        self._re_asks += 1
        if self.stage is Stage.question and self._re_asks < RE_ASKS:
            return self._ask(Stage.question, Prompt.say_again, self._started.question)
        # はい and いいえ are far easier to hear than an open answer.
        if self.stage is Stage.question:
            self._doubt = Intent.fine
        return self._ask(Stage.closed, Prompt.say_again, _CONFIRM[self._doubt])

    def _repeat(self) -> tuple[Action, ...]:
        if self._repeats >= REPEATS:
            return self._give_up(Outcome.not_understood)
        self._repeats += 1
        return (Say(self._asked, plainly=True),)

    def _nothing(self, nothing: Nothing) -> tuple[Action, ...]:
        deaf = nothing.kind in ("muted", "mic_fault")
        if self._words and not deaf:
            return self._give_up(Outcome.not_understood)
        return self._give_up(Outcome(nothing.kind))

    # ---- ends ------------------------------------------------------------------------------------------

    def _count(self, intent: Intent, meant: Meant) -> tuple[Action, ...]:
        report = self._report(Outcome.answered, intent, meant.confidence)
        return (*report, *self._say_last(*_NOTED[intent]))

    def _give_up(self, outcome: Outcome) -> tuple[Action, ...]:
        if self._worry:
            # Said once that something is wrong, and it could not be cleared up: somebody should ask.
            return self._count(self._worry.intent, self._worry)
        match outcome:
            case Outcome.mic_fault:
                words = Prompt.cannot_hear
            case Outcome.muted:
                words = Prompt.muted
            case _:
                words = Prompt.no_answer if self._started.last else Prompt.later
        return (*self._report(outcome), *self._say_last(words))

    def _report(
        self, outcome: Outcome, intent: Intent | None = None, confidence: float | None = None
    ) -> tuple[Action, ...]:
        start = self._started
        text = "／".join(self._words)[:2000] if start.share_text and self._words else None
        return (
            Emit(
                CheckIn(
                    slot=start.slot,
                    outcome=outcome,
                    intent=intent,
                    confidence=confidence,
                    attempts=start.attempt,
                    answer_delay_ms=self._delay_ms,
                    text=text,
                )
            ),
        )

    def _say_last(self, *prompts: str) -> tuple[Action, ...]:
        self.stage = Stage.closing
        return (Say(prompts),)

    def _finish(self) -> tuple[Action, ...]:
        self.stage = Stage.done
        return (Finish(),)

    @property
    def _started(self) -> Start:
        if self._start is None:
            raise RuntimeError("the conversation has not been started")
        return self._start
