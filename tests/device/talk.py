"""Drives the pure conversation as a resident, a loudspeaker and a hub would, and writes down what it did."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from contract.events import CheckIn, Intent, Recall, Sos
from device.talk.conversation import Conversation
from device.talk.dialogue import Machine
from device.talk.manners import Manner
from device.talk.turns import (
    Action,
    AwaitDelivery,
    Delivered,
    Emit,
    Finish,
    Listen,
    Made,
    Meant,
    Nothing,
    Prompt,
    Say,
    SpeakFailed,
    Spoken,
    Start,
    Tick,
)

MORNING = Start(
    slot="2026-11-24/morning",
    attempt=1,
    greeting=Prompt.good_morning,
    question="how_are_you",
    last=False,
    share_text=False,
)
LAST = replace(MORNING, attempt=3, last=True)

SILENCE = Nothing("no_sound")
NOISE = Nothing("no_words")
MUTED = Nothing("muted")
DEAF = Nothing("mic_fault")


def said(
    intent: Intent, text: str = "…", *, certain: bool = True, clear: bool = True, yes: bool | None = None
) -> Meant:
    """One utterance as the understanding would report it."""
    return Meant(
        intent=intent, confidence=0.9, certain=certain, text=text, clear=clear, yes=yes, delay_ms=1500
    )


FINE = said(Intent.fine, "元気です")
MAYBE_FINE = said(Intent.fine, "だいじょうぶ", certain=False)
MUMBLED_FINE = said(Intent.fine, "元気です", clear=False)
UNWELL = said(Intent.unwell, "えらいで、ちょっと寝とる")
MAYBE_UNWELL = said(Intent.unwell, "えらい", certain=False)
HELP = said(Intent.emergency, "助けて、倒れた")
MAYBE_HELP = said(Intent.emergency, "倒れとるんやて", certain=False)
REPEAT = said(Intent.repeat, "もう一度言って")
TELEVISION = said(Intent.unrelated, "今日の天気は", certain=False)
YES = said(Intent.unrelated, "はい", certain=False, yes=True)
NO = said(Intent.unrelated, "いいえ", certain=False, yes=False)
PAIN = said(Intent.pain, "腰が痛い")
GOOD_MORNING = replace(
    said(Intent.unrelated, "はい、おはようございます", certain=False), manner=Manner.not_yet
)
WAIT = replace(said(Intent.repeat, "ちょっと待って", certain=False), manner=Manner.waits)
MISTAKE = replace(said(Intent.unrelated, "まちがい", certain=False), takes_back=True)


@dataclass
class Talk:
    """What a conversation did, in order."""

    actions: list[Action] = field(default_factory=list)

    @property
    def check_ins(self) -> list[CheckIn]:
        return [
            each.body for each in self.actions if isinstance(each, Emit) and isinstance(each.body, CheckIn)
        ]

    @property
    def check_in(self) -> CheckIn:
        (only,) = self.check_ins
        return only

    @property
    def calls(self) -> list[Sos]:
        return [each.body for each in self.actions if isinstance(each, Emit) and isinstance(each.body, Sos)]

    @property
    def recalls(self) -> list[Recall]:
        return [
            each.body for each in self.actions if isinstance(each, Emit) and isinstance(each.body, Recall)
        ]

    @property
    def prompts(self) -> list[str]:
        return [prompt for each in self.actions if isinstance(each, Say) for prompt in each.prompts]

    @property
    def finished(self) -> bool:
        return self.actions[-1] == Finish()


def hold(
    replies: Iterable[Meant | Nothing],
    *,
    start: Start = MORNING,
    plays: Iterable[bool] = (),
    delivered: Iterable[bool] = (),
    limit: int = 100,
) -> Talk:
    """One conversation; when a list runs out the resident is silent, sentences play and the hub answers."""
    conversation = Conversation()
    return carry_out(conversation, conversation.step(start), replies, plays, delivered, limit)


def carry_out(
    machine: Machine,
    first: Iterable[Action],
    replies: Iterable[Meant | Nothing],
    plays: Iterable[bool] = (),
    delivered: Iterable[bool] = (),
    limit: int = 100,
) -> Talk:
    """The same with any machine, from its `first` actions on."""
    talk = Talk()
    reply, play, delivery = iter(replies), iter(plays), iter(delivered)
    actions = deque(first)
    while actions and len(talk.actions) < limit:
        action = actions.popleft()
        talk.actions.append(action)
        match action:
            case Say():
                actions.extend(machine.step(Spoken() if next(play, True) else SpeakFailed()))
            case Listen():
                actions.extend(machine.step(next(reply, SILENCE)))
            case Emit(body):
                actions.extend(machine.step(Made(f"id-{len(talk.actions)}", body)))
            case AwaitDelivery(event_id):
                arrived = next(delivery, True)
                actions.extend(machine.step(Delivered(event_id) if arrived else Tick()))
    return talk
