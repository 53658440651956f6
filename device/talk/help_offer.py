"""「今、助けが必要ですか」: after something that may have been a cry, a pure state machine.

A はい, distress, or pain said twice calls. Silence calls nobody: most of what is asked about is a television.
"""

from contract.events import Intent
from device.talk.help_call import HelpCall
from device.talk.sentences import BAD
from device.talk.turns import (
    Action,
    Finish,
    HelpPressed,
    Input,
    Listen,
    Meant,
    Nothing,
    Prompt,
    Say,
    SpeakFailed,
    Spoken,
)
from device.understand.meaning import WELL


class HelpOffer:
    """One question, asked twice at most."""

    def __init__(self) -> None:
        self._call: HelpCall | None = None
        self._again = False
        self._closing = False

    def start(self) -> tuple[Action, ...]:
        """The question."""
        return (Say((Prompt.offer_help,)),)

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now; what does not belong here changes nothing."""
        if self._call:
            return self._call.step(event)
        match event:
            case HelpPressed():
                self._call = HelpCall("button")
                return self._call.step(event)
            case Spoken() if not self._closing:
                return (Listen(),)
            case Meant() if not self._closing:
                return self._answer(event)
            case Spoken() | SpeakFailed() | Nothing():
                return (Finish(),)
        return ()

    def _answer(self, meant: Meant) -> tuple[Action, ...]:
        plain = meant.certain and meant.clear
        if (
            meant.intent is Intent.emergency
            or (meant.yes and meant.clear and not (plain and meant.intent in WELL))
            or (self._again and plain and meant.intent in BAD)
        ):
            self._call = HelpCall("voice")
            return self._call.start()
        if meant.pressed or (meant.yes is False and meant.clear and meant.intent not in BAD):
            return self._say_last(Prompt.help_not_needed)
        if plain and meant.intent in (*WELL, Intent.declined):
            return self._say_last(Prompt.help_not_needed)
        if self._again or (plain and meant.intent is Intent.unrelated):
            return self._say_last(Prompt.help_if_needed)
        self._again = True
        return (Say((Prompt.offer_help,), plainly=meant.intent is Intent.repeat),)

    def _say_last(self, words: Prompt) -> tuple[Action, ...]:
        self._closing = True
        return (Say((words,)),)
