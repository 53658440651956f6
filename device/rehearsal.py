"""A whole dialogue without hub, broker or data: what a home would go through, for whoever wants to try it first.

Everything is the real thing but the line. What would be sent is stored in a folder that is gone afterwards, and
counts as arrived at once, or as lost when the line is to be rehearsed as down.
"""

import tempfile
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from contract.envelope import Event
from contract.events import Body, CheckIn, Outcome
from contract.ids import uuid7
from contract.time import OFFICE_ZONE, Clock, office_date
from device.abandoned import Abandoned
from device.config import ClockSource
from device.faults import Faults
from device.line.outbox import Outbox
from device.line.post import Post
from device.memory import Memory
from device.speak.loudspeaker import Loudspeaker
from device.speak.voice import Voice
from device.steps import AskingEnded, OnStep
from device.store import Store
from device.talk.dialogue import Dialogue
from device.talk.greeting import greeting
from device.talk.hearing import Listener
from device.talk.interpreter import Understander
from device.talk.mouth import Mouth
from device.talk.prompts import Prompts
from device.talk.recall import load_recall_words
from device.talk.turns import Start
from device.timekeeper import Timekeeper

NAME = "rehearsal"


class NoLine:
    """The line of a rehearsal: everything arrives at once, or nothing does."""

    def __init__(self, outbox: Outbox, *, up: bool) -> None:
        self._outbox = outbox
        self._up = up

    def nudge(self) -> None:
        """Something waits."""
        if self._up:
            self._outbox.ack([each.event_id for each in self._outbox.waiting(1000)])

    def send_at_once(self, event_id: str) -> None:
        """A call for help."""
        if self._up:
            self._outbox.ack([event_id])


def rehearse(
    *,
    ear: Listener,
    voice: Voice,
    loudspeaker: Loudspeaker,
    understanding: Understander,
    prompts: Prompts,
    clock: Clock,
    on_step: OnStep,
    call_name: str = "",
    extras: Iterable[str] = (),
    question: str = "how_are_you",
    line_up: bool = True,
) -> list[Event]:
    """Hold one asking to its end; return what would have been sent, in order. An ear may end it by `Abandoned`."""
    made: list[Event] = []
    with tempfile.TemporaryDirectory(prefix="mimamori-rehearsal-") as folder:
        now = clock.now()
        with closing(Store.open(Path(folder), f"{now:%Y%m%dT%H%M%SZ}")) as store:
            memory, outbox = Memory(store), Outbox(store)
            line = NoLine(outbox, up=line_up)
            post = Post(
                NAME, uuid7(now), Timekeeper(clock, ClockSource.synced, None), memory, outbox, line, on_step
            )

            def emit(body: Body) -> Event:
                if not isinstance(body, CheckIn):
                    event = post.send(body)
                else:
                    answered = body.outcome is Outcome.answered
                    event = post.send(body, also=memory.ended(body.slot, answered=answered))
                    on_step(AskingEnded(body))
                made.append(event)
                return event

            dialogue = Dialogue(
                Mouth(voice, loudspeaker),
                ear,
                understanding,
                prompts,
                load_recall_words(),
                outbox,
                line,
                Faults(memory, post),
                emit,
                memory.keep,
                on_step,
                lambda: False,
            )
            dialogue.call_name = call_name
            slot = f"{office_date(now).isoformat()}/{NAME}"
            memory.begin(slot, 1, now)
            with suppress(Abandoned):
                dialogue.hold(
                    Start(
                        slot=slot,
                        attempt=1,
                        greeting=greeting(now.astimezone(OFFICE_ZONE).hour),
                        question=question,
                        last=True,
                        share_text=False,
                        extras=prompts.extra_questions(extras),
                    )
                )
    return made
