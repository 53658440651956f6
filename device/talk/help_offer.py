"""「今、助けが必要ですか」: after something that may have been a cry, a pure state machine. Only a はい or distress calls."""

from contract.events import Intent
from device.talk.help_call import HelpCall
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


class HelpOffer:
    """One question. Silence calls nobody: most of what is asked about is a television."""

    def __init__(self) -> None:
        self._call: HelpCall | None = None
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
            case Meant(intent=Intent.emergency) | Meant(yes=True, clear=True):
                self._call = HelpCall("voice")
                return self._call.start()
            case Meant():
                self._closing = True
                return (Say((Prompt.help_not_needed,)),)
            case Spoken() | SpeakFailed() | Nothing():
                return (Finish(),)
        return ()
