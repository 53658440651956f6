"""One asking as a pure state machine: what happened goes in, what to do comes out. No clock, no sound, no line.

Five rules hold whatever is fed in. A call for help is emitted before anything is said. Words that only may have been
one are asked about at once, and only a plain no lets them go. Every asking emits exactly one check-in, and emits it
before the sentence that tells of it. Nobody is `fine` without an understood answer. And nobody is `fine` who was not
told so and could not object: recognizers drop negations.
"""

from enum import StrEnum

from contract.events import Intent, Outcome
from device.talk.draft import Draft
from device.talk.extras import Ended, Extras
from device.talk.help_call import HelpCall
from device.talk.help_doubt import Answered, HelpDoubt
from device.talk.read_back import Reaction, reaction
from device.talk.sentences import BAD, CONFIRM, NOTED, without_answer
from device.talk.turns import (
    DEAF,
    Action,
    Emit,
    Finish,
    HelpPressed,
    Input,
    Keep,
    Listen,
    Meant,
    Nothing,
    Prompt,
    Say,
    SpeakFailed,
    Spoken,
    Start,
)
from device.understand.meaning import WELL

RE_ASKS = 2
"""How often one asking asks again because it did not understand; the closed question counts as one."""
REPEATS = 2
"""How often it says the question again because the resident asked for that."""


class Stage(StrEnum):
    """Where the dialogue is."""

    new = "new"
    question = "question"
    """The open question is asked."""
    closed = "closed"
    """A question for はい or いいえ is asked."""
    read_back = "read_back"
    """「お元気、ということですね」: whoever was misheard objects now; silence agrees."""
    extras = "extras"
    """Well, and that is kept; `Extras` has the word."""
    help_doubt = "help_doubt"
    """It may have been distress; `HelpDoubt` has the word."""
    help = "help"
    """Distress was heard; `HelpCall` has the word."""
    closing = "closing"
    done = "done"


_OPEN = (Stage.question, Stage.closed, Stage.read_back)


class Conversation:
    """One asking, from the greeting to the thanks. Feed `step` what happened, do what it returns, in order."""

    def __init__(self) -> None:
        self.stage = Stage.new
        self._draft: Draft | None = None
        self._asked: tuple[str, ...] = ()
        self._doubt = Intent.fine
        """What the closed question asks about."""
        self._well: Meant | None = None
        """The good answer that was read back."""
        self._worry: tuple[Intent, float] | None = None
        """An uncertain sign that something is wrong, and how sure: it counts unless it is cleared up."""
        self._re_asks = 0
        self._repeats = 0
        self._extras: Extras | None = None
        self._call: HelpCall | None = None
        self._help_doubt: HelpDoubt | None = None
        self._reported = False

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now. What does not belong to the present stage changes nothing and returns nothing."""
        if self._call:
            return self._during_call(self._call, event)
        if isinstance(event, HelpPressed) and self.stage not in (Stage.new, Stage.done):
            return self._help_pressed(event)
        if self.stage is Stage.help_doubt and self._help_doubt:
            return self._during_doubt(self._help_doubt, event)
        if isinstance(event, Meant) and self.stage in (*_OPEN, Stage.extras):
            self._begun.heard(event)
            if event.intent is Intent.emergency:
                # A second sign after a no is one too many.
                at_once = event.certain or self._help_doubt
                return self._call_for_help(event) if at_once else self._ask_first(event)
        if self.stage is Stage.extras and self._extras:
            return self._during_extras(self._extras, event)
        match event:
            case Start() if self.stage is Stage.new:
                self._draft = Draft(event)
                opening = event.greeting if event.attempt == 1 else Prompt.ask_again
                return self._ask(Stage.question, opening, event.question)
            case Spoken() if self.stage in _OPEN:
                return (Listen(briefly=self.stage is Stage.read_back),)
            case SpeakFailed() if self.stage in _OPEN:
                # The resident may not have heard what is asked, so silence from here on says nothing (P2).
                said_before = self._report(Outcome.answered, *self._worry) if self._worry else ()
                return (*(said_before or self._report(Outcome.not_played)), *self._finish())
            case Spoken() | SpeakFailed() if self.stage is Stage.closing:
                return self._finish()
            case Meant(pressed=True) if self.stage in _OPEN:
                # No recognizer stood between: there is nothing to read back.
                return self._well_again(event)
            case Meant() if self.stage is Stage.read_back:
                return self._objection(event)
            case Meant() if self.stage is Stage.closed and event.yes is not None:
                return self._yes_or_no(event, event.yes)
            case Meant() if self.stage in (Stage.question, Stage.closed):
                return self._answer(event)
            case Nothing() if self.stage in _OPEN:
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
            case Answered.no if doubt.last:
                return self._no_help(doubt.meant, doubt.last)
        return actions

    def _no_help(self, doubted: Meant, said: Meant) -> tuple[Action, ...]:
        if self._extras and self._well:
            return self._count(self._well_intent, self._well.confidence)
        if said.pressed:
            return self._well_again(said)
        if said.certain and said.clear and said.intent in BAD:
            return self._count(said.intent, said.confidence)
        # Something was the matter all the same, until it is cleared up.
        self._worry = self._worry or (Intent.unwell, doubted.confidence)
        self._doubt = Intent.fine
        return self._ask(Stage.closed, CONFIRM[Intent.fine])

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

    # ---- answers ---------------------------------------------------------------------------------------

    def _answer(self, meant: Meant) -> tuple[Action, ...]:
        if meant.intent is Intent.repeat:
            return self._repeat()
        if meant.intent not in NOTED:
            return self._not_understood()
        if not (meant.certain and meant.clear):
            return self._doubtful(meant.intent, meant)
        if meant.intent in WELL:
            return self._read_back(meant)
        return self._count(meant.intent, meant.confidence)

    def _doubtful(self, intent: Intent, meant: Meant, *before: Prompt) -> tuple[Action, ...]:
        if intent in BAD:
            self._worry = self._worry or (intent, meant.confidence)
        if self._re_asks >= RE_ASKS:
            return self._give_up(Outcome.not_understood)
        self._re_asks += 1
        self._doubt = intent
        return self._ask(Stage.closed, *before, CONFIRM[intent])

    def _yes_or_no(self, meant: Meant, yes: bool) -> tuple[Action, ...]:
        if meant.certain and meant.clear and meant.intent in BAD:
            # 「はい、でも痛いです」: what is wrong outweighs the politeness before it.
            return self._count(meant.intent, meant.confidence)
        if not meant.clear:
            return self._doubtful(self._doubt, meant)
        if yes and self._doubt in WELL and (meant.may_be_cut or (meant.certain and meant.intent in WELL)):
            # 「大丈夫」 may be what was heard of 「大丈夫じゃない」; a はい is not so easily misheard.
            return self._read_back(meant)
        if yes:
            return (
                self._well_again(meant) if self._doubt in WELL else self._count(self._doubt, meant.confidence)
            )
        if self._doubt not in WELL:
            self._worry = None
            return self._doubtful(Intent.fine, meant)
        if meant.certain and meant.intent in WELL:
            # 「いいえ、元気です」 can be either.
            return self._doubtful(Intent.fine, meant)
        return self._count(Intent.unwell, meant.confidence)

    def _not_understood(self) -> tuple[Action, ...]:
        if self._re_asks >= RE_ASKS:
            return self._give_up(Outcome.not_understood)
        self._re_asks += 1
        if self.stage is Stage.question and self._re_asks < RE_ASKS:
            return self._ask(Stage.question, Prompt.say_again, self._begun.start.question)
        # はい and いいえ are far easier to hear than an open answer.
        if self.stage is Stage.question:
            self._doubt = Intent.fine
        return self._ask(Stage.closed, Prompt.say_again, CONFIRM[self._doubt])

    def _repeat(self) -> tuple[Action, ...]:
        if self._repeats >= REPEATS:
            return self._give_up(Outcome.not_understood)
        self._repeats += 1
        return (Say(self._asked, plainly=True),)

    def _nothing(self, nothing: Nothing) -> tuple[Action, ...]:
        if nothing.kind in DEAF:
            # An objection could not have been heard either, so what was read back does not count.
            return self._give_up(Outcome(nothing.kind))
        if self.stage is Stage.read_back and self._well:
            return self._well_again(self._well)
        return self._give_up(Outcome.not_understood if self._begun.has_words else Outcome(nothing.kind))

    # ---- well ------------------------------------------------------------------------------------------

    def _read_back(self, meant: Meant) -> tuple[Action, ...]:
        if self._well:
            # Read back once, and said again since: that is as sure as words can be.
            return self._well_again(meant)
        self._well = meant
        return self._ask(Stage.read_back, Prompt.read_back_fine)

    def _objection(self, meant: Meant) -> tuple[Action, ...]:
        match reaction(meant):
            case Reaction.agrees:
                return self._well_again(self._well or meant)
            case Reaction.wrong | Reaction.more:
                return self._count(meant.intent, meant.confidence)
            case Reaction.maybe_wrong:
                return self._doubtful(meant.intent, meant, Prompt.sorry_misheard)
            case Reaction.objects:
                return self._doubtful(Intent.unwell, meant, Prompt.sorry_misheard)
            case Reaction.repeat:
                return self._repeat()
            case Reaction.unclear:
                # Whatever it was, はい is easier to hear.
                return self._doubtful(Intent.fine, meant)

    def _well_again(self, meant: Meant) -> tuple[Action, ...]:
        self._worry = None
        self._well = self._well or meant
        if not self._begun.start.extras:
            return self._count(self._well_intent, self._well.confidence)
        self.stage = Stage.extras
        self._extras = Extras(self._begun.start.extras)
        check_in = self._begun.check_in(Outcome.answered, self._well_intent, self._well.confidence)
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

    def _give_up(self, outcome: Outcome) -> tuple[Action, ...]:
        if self._worry:
            # Said once that something is wrong, and it could not be cleared up: somebody should ask.
            return self._count(*self._worry)
        return (*self._report(outcome), *self._say_last(without_answer(outcome, last=self._begun.start.last)))

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
