"""「お変わりありませんか」 and what was answered: the question, the closed one, the read-back. A pure state machine.

It finds out how the resident is and reports nothing. Nobody is well here without an understood answer, and nobody who
was not told so and could not object: recognizers drop negations.
"""

from enum import StrEnum

from contract.events import Intent, Outcome
from device.talk.draft import Draft
from device.talk.ending import Counts, Ending, NoAnswer, Well
from device.talk.manners import Manner
from device.talk.read_back import Reaction, reaction
from device.talk.sentences import BAD, CONFIRM, NOTED
from device.talk.turns import DEAF, Action, Input, Listen, Meant, Nothing, Prompt, Say, Spoken
from device.understand.meaning import WELL

RE_ASKS = 2
"""How often one asking asks again because it did not understand; the closed question counts as one."""
REPEATS = 2
"""How often it says the question again because the resident asked for that."""
LISTENS = 6
"""How often one asking listens, whatever the reasons: nobody wants to be asked on and on. The next asking comes later."""
WAITS = 1
"""How often it waits a while because the resident asked for that; the next asking comes by itself."""


class Stage(StrEnum):
    """What was asked last."""

    question = "question"
    """The open question."""
    closed = "closed"
    """A question for はい or いいえ."""
    read_back = "read_back"
    """「お元気、ということですね」: whoever was misheard objects now; silence agrees."""


class Asking:
    """Feed `step` what happened, do what it returns; over when `ended` is set."""

    def __init__(self, draft: Draft) -> None:
        self.ended: Ending | None = None
        self._draft = draft
        self._stage = Stage.question
        self._asked: tuple[str, ...] = ()
        self._doubt = Intent.fine
        """What the closed question asks about."""
        self._well: Meant | None = None
        """The good answer that was read back."""
        self._worry: Counts | None = None
        """An uncertain sign that something is wrong, and how sure: it counts unless it is cleared up."""
        self._re_asks = 0
        self._repeats = 0
        self._listens = 0
        self._waits = 0
        self._silent = False
        """Silence was the last asking's first answer."""
        self._waiting = False
        """「ちょっと待って」 was the last word."""

    def start(self) -> tuple[Action, ...]:
        """The open question."""
        start = self._draft.start
        opening = start.greeting if start.attempt == 1 else Prompt.ask_again
        return self._ask(Stage.question, opening, start.question)

    def ask_after_doubt(self, worry: Counts) -> tuple[Action, ...]:
        """Whether all is well, of somebody who needs no help; unless that is cleared up, `worry` counts."""
        self._worry = self._worry or worry
        self._doubt = Intent.fine
        return self._ask(Stage.closed, CONFIRM[Intent.fine])

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now; nothing and `ended` when there is no more to ask."""
        match event:
            case Spoken():
                self._listens += 1
                return (Listen(briefly=self._stage is Stage.read_back and not self._waiting),)
            case Meant() | Nothing():
                waited, self._waiting = self._waiting, False
                asks = (
                    self._meant(event, waited) if isinstance(event, Meant) else self._nothing(event, waited)
                )
                return self._give_up(Outcome.not_understood) if asks and self._listens >= LISTENS else asks
        return ()

    def be_well(self, meant: Meant) -> tuple[Action, ...]:
        """There is no doubt that the resident is well."""
        self._worry = None
        return self._end(Well(self._well or meant))

    def break_off(self) -> None:
        """What was to be asked could not be said, so silence from here on says nothing (P2)."""
        self._end(self._worry or NoAnswer(Outcome.not_played))

    def _ask(self, stage: Stage, *prompts: str) -> tuple[Action, ...]:
        self._stage = stage
        self._asked = prompts
        return (Say(prompts),)

    # ---- answers ---------------------------------------------------------------------------------------

    def _meant(self, meant: Meant, waited: bool) -> tuple[Action, ...]:
        if meant.pressed:
            # No recognizer stood between: there is nothing to read back.
            return self.be_well(meant)
        if meant.intent not in BAD:
            if meant.manner is Manner.waits:
                return self._wait()
            if waited and not (meant.certain and meant.clear and meant.intent in NOTED):
                # Back again, and no more said than 「はい」.
                return self._go_on()
        if self._stage is Stage.read_back:
            return self._objection(meant)
        if meant.manner is Manner.not_yet:
            return self._not_understood()
        if self._stage is Stage.closed and meant.yes is not None:
            return self._yes_or_no(meant, meant.yes)
        return self._answer(meant)

    def _wait(self) -> tuple[Action, ...]:
        if self._waits >= WAITS:
            return self._give_up(Outcome.not_understood)
        self._waits += 1
        self._waiting = True
        return (Say((Prompt.will_wait,)),)

    def _go_on(self) -> tuple[Action, ...]:
        """Ask again what was asked before the wait."""
        return (Say(self._asked),)

    def _answer(self, meant: Meant) -> tuple[Action, ...]:
        if meant.intent is Intent.repeat:
            return self._repeat()
        if meant.intent not in NOTED:
            return self._not_understood(Prompt.say_again)
        if not (meant.certain and meant.clear):
            return self._doubtful(meant.intent, meant)
        if meant.intent in WELL:
            return self._read_back(meant)
        return self._count(meant)

    def _doubtful(self, intent: Intent, meant: Meant, *before: Prompt) -> tuple[Action, ...]:
        if intent in BAD:
            self._worry = self._worry or Counts(intent, meant.confidence)
        if self._re_asks >= RE_ASKS:
            return self._give_up(Outcome.not_understood)
        self._re_asks += 1
        self._doubt = intent
        return self._ask(Stage.closed, *before, CONFIRM[intent])

    def _yes_or_no(self, meant: Meant, yes: bool) -> tuple[Action, ...]:
        if meant.certain and meant.clear and meant.intent in BAD:
            # 「はい、でも痛いです」: what is wrong outweighs the politeness before it.
            return self._count(meant)
        if not meant.clear:
            return self._doubtful(self._doubt, meant)
        if yes and self._doubt in WELL and (meant.may_be_cut or (meant.certain and meant.intent in WELL)):
            # 「大丈夫」 may be what was heard of 「大丈夫じゃない」; a はい is not so easily misheard.
            return self._read_back(meant)
        if yes:
            return self.be_well(meant) if self._doubt in WELL else self._count(meant, self._doubt)
        if self._doubt not in WELL:
            self._worry = None
            return self._doubtful(Intent.fine, meant)
        if meant.certain and meant.intent in WELL:
            # 「いいえ、元気です」 can be either.
            return self._doubtful(Intent.fine, meant)
        return self._count(meant, Intent.unwell)

    def _not_understood(self, *before: Prompt) -> tuple[Action, ...]:
        if self._re_asks >= RE_ASKS:
            return self._give_up(Outcome.not_understood)
        self._re_asks += 1
        if self._stage is Stage.question and self._re_asks < RE_ASKS:
            return self._ask(Stage.question, *before, self._draft.start.question)
        # はい and いいえ are far easier to hear than an open answer.
        if self._stage is Stage.question:
            self._doubt = Intent.fine
        return self._ask(Stage.closed, *before, CONFIRM[self._doubt])

    def _repeat(self) -> tuple[Action, ...]:
        if self._repeats >= REPEATS:
            return self._give_up(Outcome.not_understood)
        self._repeats += 1
        return (Say(self._asked, plainly=True),)

    def _nothing(self, nothing: Nothing, waited: bool) -> tuple[Action, ...]:
        if nothing.kind in DEAF:
            # An objection could not have been heard either, so what was read back does not count.
            return self._give_up(Outcome(nothing.kind))
        if waited:
            return self._go_on()
        if self._stage is Stage.read_back and self._well:
            return self.be_well(self._well)
        if self._draft.start.last and not self._draft.has_words and not self._silent:
            # Before silence becomes somebody's errand: an answer over our own voice was not heard, nor was one that
            # came too late, nor perhaps the question.
            self._silent = True
            return (Say((self._draft.start.question,), plainly=True),)
        return self._give_up(Outcome.not_understood if self._draft.has_words else Outcome(nothing.kind))

    # ---- well ------------------------------------------------------------------------------------------

    def _read_back(self, meant: Meant) -> tuple[Action, ...]:
        if self._well:
            # Read back once, and said again since: that is as sure as words can be.
            return self.be_well(meant)
        self._well = meant
        return self._ask(Stage.read_back, Prompt.read_back_fine)

    def _objection(self, meant: Meant) -> tuple[Action, ...]:
        match reaction(meant):
            case Reaction.agrees:
                return self.be_well(self._well or meant)
            case Reaction.wrong | Reaction.more:
                return self._count(meant)
            case Reaction.maybe_wrong:
                return self._doubtful(meant.intent, meant, Prompt.sorry_misheard)
            case Reaction.objects:
                return self._doubtful(Intent.unwell, meant, Prompt.sorry_misheard)
            case Reaction.repeat:
                return self._repeat()
            case Reaction.unclear:
                # Whatever it was, はい is easier to hear.
                return self._doubtful(Intent.fine, meant)

    # ---- ends ------------------------------------------------------------------------------------------

    def _count(self, meant: Meant, intent: Intent | None = None) -> tuple[Action, ...]:
        return self._end(Counts(intent or meant.intent, meant.confidence))

    def _give_up(self, outcome: Outcome) -> tuple[Action, ...]:
        # Said once that something is wrong, and it could not be cleared up: somebody should ask.
        return self._end(self._worry or NoAnswer(outcome))

    def _end(self, how: Ending) -> tuple[Action, ...]:
        self.ended = how
        return ()
