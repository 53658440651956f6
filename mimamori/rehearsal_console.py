"""What `mimamori device --rehearse` shows, and where typed answers come from. Only here are words heard printed."""

import sys
from collections.abc import Callable

import msgspec
import numpy as np

from contract.events import Intent, Sos
from device.abandoned import Abandoned
from device.listen.ear import Listening, ListeningKind
from device.listen.recognizer import Heard
from device.speak.voice import RATE_OF_SPEECH, Clip
from device.steps import (
    Asked,
    AskingEnded,
    EventMade,
    HeardStep,
    NothingHeard,
    NotPlayed,
    Said,
    Step,
    Understood,
)
from mimamori.device_console import OUTCOMES

INTENTS = {
    Intent.fine: "元気",
    Intent.as_usual: "いつもどおり",
    Intent.unwell: "体調が悪い",
    Intent.pain: "痛みがある",
    Intent.emergency: "助けを求めている",
    Intent.wants_talk: "話がしたい",
    Intent.going_out: "出かける",
    Intent.declined: "今は話したくない",
    Intent.repeat: "聞き返し",
    Intent.unrelated: "返事ではない",
}
NOTHING = {
    "no_sound": "物音がしない",
    "no_words": "物音はするが、声ではない",
    "muted": "マイクが切ってある",
    "mic_fault": "マイクから音が来ない",
}
TYPED = {"/音": ListeningKind.no_words, "/消音": ListeningKind.muted, "/故障": ListeningKind.mic_fault}
"""What may be typed in the place of words."""


class TypedEar:
    """Whoever sits at the keyboard answers; an empty line is silence, the end of the input ends the rehearsal."""

    def __init__(self, read: Callable[[str], str] = input) -> None:
        self._read = read

    def listen(self, *, briefly: bool = False) -> Listening:
        """The ear's port."""
        asks = "ちがうときだけ返事を" if briefly else "返事を"
        try:
            line = self._read(f"    {asks}(Enter だけなら黙っている): ").strip()
        except EOFError:
            raise Abandoned from None
        if line in TYPED:
            return Listening(outcome_kind=TYPED[line])
        if not line:
            return Listening(outcome_kind=ListeningKind.no_sound)
        heard = Heard(text=line, confidence=1.0, milliseconds=0.0, engine="typed")
        return Listening(outcome_kind=ListeningKind.speech, heard=heard)


class SilentVoice:
    """For typed rehearsals: the sentences stand on the screen."""

    name = "silent"

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:  # noqa: ARG002
        """A clip of one sample."""
        return Clip(np.ones(1, dtype=np.int16), 16_000)


class NoLoudspeaker:
    """Plays nothing."""

    def play(self, clip: Clip) -> None:
        """The port."""


class RehearsalConsole:
    """An observer of steps: every step, with the words."""

    def __call__(self, step: Step) -> None:
        """Print one step."""
        if line := self._line(step):
            print(line, file=sys.stdout, flush=True)

    def _line(self, step: Step) -> str | None:
        match step:
            case Asked(_, _, text) | Said(text):
                return f"スピーカー「{text}」"
            case NotPlayed(text):
                return f"スピーカーから音が出ませんでした「{text}」"
            case HeardStep(text, confidence, milliseconds):
                return f"  聞き取り「{text}」 確かさ {confidence:.2f}、{milliseconds:.0f} ms"
            case NothingHeard(kind):
                return f"  聞き取りなし: {NOTHING.get(kind, kind)}"
            case Understood(meaning, milliseconds):
                sure = "" if meaning.certain else " (念のため確かめます)"
                why = f" — {meaning.because[0]}" if meaning.because else ""
                return f"  理解: {INTENTS[meaning.intent]} {meaning.confidence:.2f}{sure}、{milliseconds:.0f} ms{why}"
            case AskingEnded(check_in):
                said = f"・{INTENTS[check_in.intent]}" if check_in.intent else ""
                return f"  結果: {OUTCOMES[check_in.outcome]}{said}"
            case EventMade(event):
                mark = "緊急の知らせ" if isinstance(event.body, Sos) else "知らせ"
                body = msgspec.json.encode(event.body).decode()
                return f"  {mark} (練習なので送りません): {event.type} {body}"
            case _:
                return None
