"""One check-in as a pure state machine: what happened goes in, what to do comes out. No clock, no sound, no line.

It decides who has the word: the asking, the question about help, the call for help, the further questions. Three rules
hold whatever is fed in. A call for help is emitted before anything is said. Words that only may have been one are asked
about at once, and only a plain no lets them go. Every check-in is emitted exactly once, and before the sentence that
tells of it.
"""

from enum import StrEnum

from contract.events import Intent, Outcome
from device.talk.asking import Asking
from device.talk.draft import Draft
from device.talk.ending import Counts, NoAnswer, Well
from device.talk.extras import Ended, Extras
from device.talk.help_call import HelpCall
from device.talk.help_doubt import Answered, HelpDoubt
from device.talk.sentences import BAD, NOTED, without_answer
from device.talk.turns import (
    Action,
    Emit,
    Finish,
    HelpPressed,
    Input,
    Keep,
    Meant,
    Say,
    SpeakFailed,
    Spoken,
    Start,
)
from device.understand.meaning import WELL


class Stage(StrEnum):
    """Who has the word."""

    new = "new"
    asking = "asking"
    extras = "extras"
    """Well, and that is kept."""
    help_doubt = "help_doubt"
    """It may have been distress."""
    help = "help"
    """Distress was heard."""
    closing = "closing"
    """The last sentence."""
    done = "done"


class Conversation:
    """One check-in, from the greeting to the thanks. Feed `step` what happened, do what it returns, in order."""

    def __init__(self) -> None:
        self.stage = Stage.new
        self._draft: Draft | None = None
        self._asking: Asking | None = None
        self._extras: Extras | None = None
        self._help_doubt: HelpDoubt | None = None
        self._call: HelpCall | None = None
        self._well: Meant | None = None
        """The good answer that counts, while there are further questions."""
        self._reported = False

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now. What does not belong to the present stage changes nothing and returns nothing."""
        if self._call:
            return self._during_call(self._call, event)
        if isinstance(event, Start) and self.stage is Stage.new:
            return self._start(event)
        if isinstance(event, HelpPressed) and self.stage not in (Stage.new, Stage.done):
            return self._help_pressed(event)
        if self.stage is Stage.help_doubt and self._help_doubt:
            return self._during_doubt(self._help_doubt, event)
        if isinstance(event, Meant) and self.stage in (Stage.asking, Stage.extras):
            self._begun.heard(event)
            if event.intent is Intent.emergency:
                # A second sign after a no is one too many.
                at_once = event.certain or self._help_doubt
                return self._call_for_help(event) if at_once else self._ask_first(event)
        if self.stage is Stage.asking and self._asking:
            return self._while_asking(self._asking, event)
        if self.stage is Stage.extras and self._extras:
            return self._during_extras(self._extras, event)
        if self.stage is Stage.closing and isinstance(event, Spoken | SpeakFailed):
            return self._finish()
        return ()

    # ---- asking ----------------------------------------------------------------------------------------

    def _start(self, start: Start) -> tuple[Action, ...]:
        self.stage = Stage.asking
        self._draft = Draft(start)
        self._asking = Asking(self._draft)
        return self._asking.start()

    def _while_asking(self, asking: Asking, event: Input) -> tuple[Action, ...]:
        if isinstance(event, SpeakFailed):
            asking.break_off()
            return (*self._report_ended(asking), *self._finish())
        return self._went_on(asking, asking.step(event))

    def _went_on(self, asking: Asking, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        match asking.ended:
            case Well(meant):
                return self._be_well(meant)
            case Counts(intent, _):
                return (*self._report_ended(asking), *self._say_last(NOTED[intent]))
            case NoAnswer(outcome):
                words = without_answer(outcome, last=self._begun.start.last)
                return (*self._report_ended(asking), *self._say_last(words))
        return actions

    def _report_ended(self, asking: Asking) -> tuple[Action, ...]:
        match asking.ended:
            case Counts(intent, confidence):
                return self._report(Outcome.answered, intent, confidence)
            case NoAnswer(outcome):
                return self._report(outcome)
        return ()

    # ---- help ------------------------------------------------------------------------------------------

    def _call_for_help(self, meant: Meant) -> tuple[Action, ...]:
        self.stage = Stage.help
        start = self._begun.start
        self._call = HelpCall("voice", start.slot, meant.text if start.share_text else None)
        # One asking, one check-in: it is settled in the same breath, so that nobody is asked again.
        return (*self._call.start(), *self._report(Outcome.answered, Intent.emergency, meant.confidence))

    def _ask_first(self, meant: Meant) -> tuple[Action, ...]:
        self.stage = Stage.help_doubt
        self._help_doubt = HelpDoubt(meant)
        # Were the power cut before the answer, the emergency would stand all the same.
        kept = self._begun.check_in(Outcome.answered, Intent.emergency, meant.confidence)
        return (Keep(kept), *self._help_doubt.start())

    def _during_doubt(self, doubt: HelpDoubt, event: Input) -> tuple[Action, ...]:
        if isinstance(event, Meant):
            self._begun.heard(event)
        actions = doubt.step(event)
        match doubt.answered:
            case Answered.help:
                return self._call_for_help(doubt.meant)
            case Answered.no if doubt.last and self._asking:
                return self._no_help(self._asking, doubt.meant, doubt.last)
        return actions

    def _no_help(self, asking: Asking, doubted: Meant, said: Meant) -> tuple[Action, ...]:
        if self._well:
            return self._count(self._well_intent, self._well.confidence)
        self.stage = Stage.asking
        if said.pressed:
            return self._went_on(asking, asking.be_well(said))
        if said.certain and said.clear and said.intent in BAD:
            return self._count(said.intent, said.confidence)
        # Something was the matter all the same, until it is cleared up.
        return asking.ask_after_doubt(Counts(Intent.unwell, doubted.confidence))

    def _help_pressed(self, pressed: HelpPressed) -> tuple[Action, ...]:
        self.stage = Stage.help
        self._call = HelpCall("button", self._begun.start.slot)
        report = () if self._reported else self._report(Outcome.answered, Intent.emergency, 1.0)
        return (*report, *self._call.step(pressed))

    def _during_call(self, call: HelpCall, event: Input) -> tuple[Action, ...]:
        actions = call.step(event)
        if Finish() in actions:
            self.stage = Stage.done
        return actions

    # ---- well ------------------------------------------------------------------------------------------

    def _be_well(self, meant: Meant) -> tuple[Action, ...]:
        self._well = meant
        if not self._begun.start.extras:
            return self._count(self._well_intent, meant.confidence)
        self.stage = Stage.extras
        self._extras = Extras(self._begun.start.extras)
        check_in = self._begun.check_in(Outcome.answered, self._well_intent, meant.confidence)
        return (Keep(check_in), *self._extras.start())

    @property
    def _well_intent(self) -> Intent:
        return self._well.intent if self._well and self._well.intent in WELL else Intent.fine

    def _during_extras(self, extras: Extras, event: Input) -> tuple[Action, ...]:
        actions = extras.step(event)
        self._begun.extras = extras.answers
        match extras.ended:
            case Ended.wrong if extras.wrong:
                return self._count(extras.wrong.intent, extras.wrong.confidence)
            case Ended.asked if self._well:
                return self._count(self._well_intent, self._well.confidence)
        return actions

    # ---- ends ------------------------------------------------------------------------------------------

    def _count(self, intent: Intent, confidence: float) -> tuple[Action, ...]:
        report = self._report(Outcome.answered, intent, confidence)
        return (*report, *self._say_last(NOTED[intent]))

    def _report(
        self, outcome: Outcome, intent: Intent | None = None, confidence: float | None = None
    ) -> tuple[Action, ...]:
        self._reported = True
        return (Emit(self._begun.check_in(outcome, intent, confidence)),)

    def _say_last(self, *prompts: str) -> tuple[Action, ...]:
        self.stage = Stage.closing
        return (Say(prompts),)

    def _finish(self) -> tuple[Action, ...]:
        self.stage = Stage.done
        return (Finish(),)

    @property
    def _begun(self) -> Draft:
        if self._draft is None:
            raise RuntimeError("the conversation has not been started")
        return self._draft
