"""A call for help as a pure state machine: out at once, then nothing but the truth about whether it got through.

Used by a check-in in which distress is heard; it asks nothing of the check-in, so a button can start it as well.
"""

from enum import StrEnum
from typing import Literal

from contract.events import Intent, Recall, Sos
from device.talk.turns import (
    Action,
    AwaitDelivery,
    Delivered,
    Emit,
    Finish,
    HelpPressed,
    Input,
    Listen,
    Made,
    Meant,
    Nothing,
    Prompt,
    Say,
    SendAgain,
    SpeakFailed,
    Spoken,
    Tick,
)

FIRST_WAIT_SECONDS = 3.0
"""For the hub's word, before the truth is told that there is none. P7 allows 2 s on a good line."""
NEXT_WAIT_SECONDS = 10.0
TOLD_AGAIN = 2
"""How often it says how it stands once more to somebody who speaks on."""
NOT_DELIVERED_TIMES = 3
"""How often it says that the call has not got through, before the dialogue ends and only the sending goes on."""


class Stage(StrEnum):
    """Where the call is."""

    making = "making"
    waiting = "waiting"
    """For the hub to store it."""
    told = "told"
    """The resident knows how it stands, and may take it back now."""
    looking = "looking"
    """Somebody asks or cries on: has it got through meanwhile?"""
    taking_back = "taking_back"
    """Asked whether it was a mistake."""
    closing = "closing"
    done = "done"


_UNTIL = (Stage.waiting, Stage.looking)
_SPEAKS_ON = frozenset({Intent.emergency, Intent.unwell, Intent.pain, Intent.wants_talk, Intent.repeat})
"""Afraid, in pain, 「いつ来てくれるの」, 「えっ」: whoever says so wants to hear how it stands."""


class HelpCall:
    """One call for help, from the event to the last sentence. Feed `step` as a conversation."""

    def __init__(
        self, trigger: Literal["voice", "button"], slot: str | None = None, text: str | None = None
    ) -> None:
        self.stage = Stage.making
        self.delivered = False
        self.recalled = False
        self._sos = Sos(trigger=trigger, slot=slot, text=text)
        self._event_id = ""
        self._untold = 0
        self._told_again = 0
        self._plainly = False

    def start(self) -> tuple[Action, ...]:
        """The event, before anything else."""
        return (Emit(self._sos),)

    def take_back(self, event_id: str) -> tuple[Action, ...]:
        """Begin where a call of a while ago is said to have been a mistake: ask once more."""
        self._event_id = event_id
        self.stage = Stage.taking_back
        return (Say((Prompt.confirm_recall,)),)

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now; what does not belong to the present stage changes nothing."""
        match event:
            case HelpPressed(event_id) if self.stage is Stage.making:
                return self.step(Made(event_id, self._sos))
            case Made(event_id, Sos()) if self.stage is Stage.making:
                self._event_id = event_id
                self.stage = Stage.waiting
                return (AwaitDelivery(event_id, FIRST_WAIT_SECONDS),)
            case Delivered(event_id) if self.stage in _UNTIL and event_id == self._event_id:
                self.delivered = True
                return self._tell(Prompt.help_delivered)
            case Tick() if self.stage is Stage.waiting:
                return self._not_delivered()
            case Tick() if self.stage is Stage.looking:
                return self._tell(Prompt.help_goes_on)
            case Spoken() | SpeakFailed() if self.stage is Stage.waiting:
                # Whether or not it could be said, the call matters more than the sentence.
                return (AwaitDelivery(self._event_id, NEXT_WAIT_SECONDS),)
            case Spoken() if self.stage in (Stage.told, Stage.taking_back):
                return (Listen(),)
            case Spoken() | SpeakFailed() if self.stage in (Stage.told, Stage.taking_back, Stage.closing):
                return self._finish()
            case Meant() if self.stage is Stage.told:
                return self._answer(event)
            case Meant() if self.stage is Stage.taking_back:
                return self._take_back(event)
            case Nothing() if self.stage is Stage.told:
                return self._finish()
            case Nothing() if self.stage is Stage.taking_back:
                return self._say_last(Prompt.help_stays)
        return ()

    def _not_delivered(self) -> tuple[Action, ...]:
        self._untold += 1
        again = SendAgain(self._event_id)
        if self._untold < NOT_DELIVERED_TIMES:
            return (again, Say((Prompt.help_not_delivered,)))
        return (again, *self._tell(Prompt.help_goes_on))

    def _tell(self, words: Prompt) -> tuple[Action, ...]:
        self.stage = Stage.told
        return (Say((words, Prompt.recall_hint), plainly=self._plainly),)

    def _answer(self, meant: Meant) -> tuple[Action, ...]:
        if meant.takes_back:
            self.stage = Stage.taking_back
            return (Say((Prompt.confirm_recall,)),)
        if meant.intent not in _SPEAKS_ON or self._told_again >= TOLD_AGAIN:
            return self._finish()
        self._told_again += 1
        self._plainly = meant.intent is Intent.repeat
        if self.delivered:
            return self._tell(Prompt.help_delivered)
        # It may have got through since that was said.
        self.stage = Stage.looking
        return (AwaitDelivery(self._event_id, 0.0),)

    def _take_back(self, meant: Meant) -> tuple[Action, ...]:
        if meant.intent is Intent.repeat and meant.yes is None and self._told_again < TOLD_AGAIN:
            self._told_again += 1
            return (Say((Prompt.confirm_recall,), plainly=True),)
        if meant.yes and meant.clear and meant.intent is not Intent.emergency:
            self.recalled = True
            return (Emit(Recall(event=self._event_id)), *self._say_last(Prompt.recalled))
        return self._say_last(Prompt.help_stays)

    def _say_last(self, words: Prompt) -> tuple[Action, ...]:
        self.stage = Stage.closing
        return (Say((words,)),)

    def _finish(self) -> tuple[Action, ...]:
        self.stage = Stage.done
        return (Finish(),)
