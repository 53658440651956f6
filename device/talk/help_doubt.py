"""「今、助けが必要ですか」 within a check-in: words that may have been a call for help, a pure state machine.

Whoever was asked stands before the box, so only a plain no lets the call go: silence, a bad line, a dead loudspeaker
and words nobody understands send it. 「大丈夫」 may be what was heard of 「大丈夫じゃない」 and has to come twice.
"""

from enum import StrEnum

from contract.events import Intent
from device.talk.turns import Action, Input, Listen, Meant, Nothing, Prompt, Say, SpeakFailed, Spoken


class Answered(StrEnum):
    """How it came out."""

    help = "help"
    """The call goes out."""
    no = "no"


class HelpDoubt:
    """One question, asked twice at most. Feed `step` until `answered` is set."""

    def __init__(self, meant: Meant) -> None:
        self.meant = meant
        """The words in doubt."""
        self.answered: Answered | None = None
        self.last: Meant | None = None
        """What was said last."""
        self._again = False

    def start(self) -> tuple[Action, ...]:
        """The question."""
        return (Say((Prompt.confirm_help,)),)

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now; nothing more once it is answered."""
        match event:
            case Spoken():
                return (Listen(),)
            case Meant():
                self.last = event
                return self._meant(event)
            case Nothing() | SpeakFailed():
                self.answered = Answered.help
        return ()

    def _meant(self, meant: Meant) -> tuple[Action, ...]:
        # 「いいえ、鍋を焦がしただけや」 sounds as doubtful as before, and 「いいえ、動けんのや」 too: asked once more.
        plain = meant.certain and meant.clear and meant.intent is not Intent.unrelated
        plain_no = meant.pressed or (meant.clear and meant.yes is False)
        if meant.intent is Intent.emergency and (meant.certain or not plain_no):
            self.answered = Answered.help
        elif plain_no and (self._again or meant.intent is not Intent.emergency):
            self.answered = Answered.no
        elif meant.yes and not plain:
            self.answered = Answered.help
        elif self._again:
            self.answered = Answered.no if plain and meant.intent is not Intent.repeat else Answered.help
        else:
            self._again = True
            return (Say((Prompt.confirm_help,), plainly=meant.intent is Intent.repeat),)
        return ()
