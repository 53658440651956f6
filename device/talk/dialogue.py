"""Carries a conversation out: what it asks for is said, heard, understood and sent, and it is told what came of it."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import structlog

from contract.envelope import Event
from contract.events import Body, CheckIn, Recall, Sos
from device.abandoned import Abandoned
from device.faults import Faults
from device.line.outbox import Outbox
from device.line.post import Sender
from device.panel.presses import Presses
from device.speak.loudspeaker import CutShort, SpeakerFault
from device.steps import Asked, NotPlayed, OnStep, Said
from device.talk.conversation import Conversation
from device.talk.hearing import SETTLE_SECONDS, Hearing, Listener
from device.talk.help_call import HelpCall
from device.talk.help_offer import HelpOffer
from device.talk.interpreter import Interpreter, Understander
from device.talk.mouth import Mouth, Unspeakable
from device.talk.prompts import Prompts
from device.talk.recall import RecallWords
from device.talk.turns import (
    Action,
    AwaitDelivery,
    Delivered,
    Emit,
    Finish,
    HelpPressed,
    Input,
    Keep,
    Listen,
    Made,
    Say,
    SendAgain,
    SpeakFailed,
    Spoken,
    Start,
    Tick,
)

log = structlog.get_logger()


class Machine(Protocol):
    """Whoever says what comes next: a conversation, a call for help."""

    def step(self, event: Input) -> tuple[Action, ...]:
        """What to do now that this has happened."""


class Dialogue:
    """Holds one conversation at a time, on the thread that calls it."""

    def __init__(
        self,
        mouth: Mouth,
        ear: Listener,
        understanding: Understander,
        prompts: Prompts,
        recall_words: RecallWords,
        outbox: Outbox,
        sender: Sender,
        faults: Faults,
        emit: Callable[[Body], Event],
        keep: Callable[[CheckIn], None],
        on_step: OnStep,
        stopping: Callable[[], bool],
        presses: Presses | None = None,
        counter: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._mouth = mouth
        self._prompts = prompts
        self._outbox = outbox
        self._sender = sender
        self._faults = faults
        self._emit = emit
        self._keep = keep
        self._on_step = on_step
        self._stopping = stopping
        self._presses = presses or Presses()
        interpreter = Interpreter(understanding, prompts, recall_words)
        self._hearing = Hearing(ear, interpreter, faults, on_step, stopping, self._presses, counter)
        self.call_name = ""
        self.untold: set[str] = set()
        """Calls for help of which the resident has not heard yet that they got through."""
        self.along: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext()
        """Wraps whatever is being said: somebody may cry for help meanwhile."""
        self.slot: str | None = None
        """Whose question is open."""
        self.talking = False
        """Whether a conversation goes on, not only an announcement."""

    @property
    def muted(self) -> bool:
        """Whether the microphone was switched off at the last listening."""
        return self._hearing.muted

    def hold(self, start: Start) -> None:
        """Hold one asking to its end; raise `Abandoned` when the speaker stops in between."""
        conversation = Conversation()
        self.slot = start.slot
        try:
            self._carry_out(conversation, conversation.step(start), start)
        finally:
            self.slot = None

    def follow_up(self, calls: list[str]) -> None:
        """Talk about calls for help that the button made outside of a conversation: their event ids."""
        call = HelpCall("button")
        self.untold.update(calls)
        self._carry_out(call, call.step(HelpPressed(calls[-1])))

    def offer_help(self) -> None:
        """Ask whether help is needed, after something that may have been a cry."""
        offer = HelpOffer()
        self._carry_out(offer, offer.start())

    def take_back(self, event_id: str) -> bool:
        """Ask whether this call for help was a mistake; whether it was taken back."""
        call = HelpCall("voice")
        self._carry_out(call, call.take_back(event_id))
        return call.recalled

    def _carry_out(self, machine: Machine, first: Iterable[Action], start: Start | None = None) -> None:
        self.talking = True
        try:
            self._talk(machine, first, start)
        finally:
            self.talking = False

    def _talk(self, machine: Machine, first: Iterable[Action], start: Start | None) -> None:
        actions = deque(first)
        later: list[str] = []
        while True:
            if calls := self._presses.take_calls():
                self.untold.update(calls)
                if instead := machine.step(HelpPressed(calls[-1])):
                    # What was to be said or heard gives way; what happened is still reported.
                    reports = [action for action in actions if isinstance(action, Emit)]
                    actions = deque([*reports, *instead])
                else:
                    later = calls
            if not actions:
                break
            action = actions.popleft()
            if isinstance(action, Say):
                answer: Input | None = self._say(action, start)
                start = None  # only what is said first is the question
            else:
                answer = self._do(action)
            if self._stopping():
                raise Abandoned
            if answer is not None:
                actions.extend(machine.step(answer))
        if later:
            self.follow_up(later)

    def speak(self, *prompts: str) -> bool:
        """Say prompts outside of a conversation; whether they left the loudspeaker."""
        return isinstance(self._say(Say(prompts), None), Spoken)

    def read_out(self, text: str) -> Spoken | SpeakFailed:
        """Say somebody else's words; whether they left the loudspeaker."""
        return self._play([text], plainly=False, start=None, asks=False)

    def _do(self, action: Action) -> Input | None:
        match action:
            case Listen(briefly, extra):
                return self._hearing.answer(briefly=briefly, extra=extra)
            case Keep(check_in):
                self._keep(check_in)
            case Emit(body):
                event_id = self._emit(body).id
                if isinstance(body, Sos):
                    self.untold.add(event_id)
                elif isinstance(body, Recall):
                    # 「伝わりました」 out of the blue would only frighten.
                    self.untold.discard(body.event)
                return Made(event_id, body)
            case SendAgain(event_id):
                self._sender.send_at_once(event_id)
            case AwaitDelivery(event_id, seconds):
                if not self._outbox.await_stored(event_id, seconds):
                    return Tick()
                self.untold.discard(event_id)
                return Delivered(event_id)
            case Say() | Finish():
                pass
        return None

    def _say(self, say: Say, start: Start | None) -> Spoken | SpeakFailed:
        texts = [self._prompts.text(key, self.call_name) for key in say.prompts]
        return self._play([text for text in texts if text], plainly=say.plainly, start=start)

    def _play(
        self, texts: list[str], *, plainly: bool, start: Start | None, asks: bool = True
    ) -> Spoken | SpeakFailed:
        text = "".join(texts)
        try:
            with self.along(text):
                self._mouth.say(texts, plainly=plainly)
        except CutShort:
            self._on_step(NotPlayed(text))
            if self._presses.await_settled(SETTLE_SECONDS):
                # The button has answered, and nobody waits for the rest of a question.
                return Spoken() if asks else SpeakFailed()
            return self._play(texts, plainly=plainly, start=start, asks=asks)
        except SpeakerFault as fault:
            if self._stopping():
                # The box is being switched off in mid-sentence; the loudspeaker is not broken.
                raise Abandoned from fault
            self._on_step(NotPlayed(text))
            self._faults.broken("speaker", str(fault))
            return SpeakFailed()
        except Unspeakable as error:
            log.warning("nothing_to_say", why=str(error))
            self._on_step(NotPlayed(text))
            return SpeakFailed(hopeless=True)
        self._on_step(Asked(start.slot, start.attempt, text) if start else Said(text))
        self._faults.mended("speaker")
        return Spoken()
