"""Carries out what the panel says: help at once on the panel's own thread, everything else when the speaker has time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from contract.commands import Config
from contract.envelope import Event
from contract.events import Activity, Body, CheckIn, Intent, Outcome, Sos, TestPress
from contract.time import Clock
from device.line.outbox import Outbox
from device.line.post import Post
from device.memory import Memory
from device.panel.lights import BoxFacts, LightState, light_for
from device.panel.panel import Panel
from device.panel.press import Sign
from device.panel.presses import Presses
from device.schedule import answerable
from device.speak.interject import Interjections
from device.steps import Asked, AskingEnded, EventAcked, ListeningAlong, Step
from device.talk.dialogue import Dialogue
from device.talk.mouth import Mouth
from device.talk.prompts import Prompts
from device.talk.turns import Prompt

ALOUD = {
    Sign.hold_on: Prompt.button_hold_on,
    Sign.help: Prompt.button_help,
    Sign.once_more: Prompt.button_once_more,
    Sign.test: Prompt.button_test,
}
"""What is said at once, over whatever is being said. 「元気です」 is answered in its turn."""


class Attendant:
    """Between the panel and the rest of the box. Started and asked by the speaker; a box without a panel has none."""

    def __init__(
        self,
        panel: Panel,
        presses: Presses,
        interjections: Interjections,
        post: Post,
        mouth: Mouth,
        prompts: Prompts,
        clock: Clock,
        memory: Memory,
        outbox: Outbox,
        listening: Callable[[], bool],
        counter: Callable[[], float] = time.monotonic,
    ) -> None:
        self._panel = panel
        self._presses = presses
        self._interjections = interjections
        self._post = post
        self._mouth = mouth
        self._prompts = prompts
        self._clock = clock
        self._memory = memory
        self._outbox = outbox
        self._listening = listening
        self._counter = counter
        self._last: dict[str, datetime] = {}
        self._asking = False
        self._acked_at: float | None = None
        self._along: str | None = None
        """Why the microphone is open outside of an answer."""

    def start(self) -> None:
        """Begin to watch the panel."""
        self._interjections.start()
        self._panel.start(self.signed, self._presses.busy, self.moved, self.light)

    def stop(self) -> None:
        """Let go of the panel."""
        self._panel.stop()
        self._interjections.stop()

    # ---- on the panel's thread ------------------------------------------------------------------------------

    def signed(self, sign: Sign) -> None:
        """The button said something."""
        if sign is Sign.help:
            self._presses.called_for_help(self._post.send(Sos(trigger="button")).id)
        if words := ALOUD.get(sign):
            self._interjections.say(lambda: self._mouth.clip(self._prompts.text(words, "")))
        if sign is Sign.test:
            self._post.send(TestPress())
        if sign is Sign.fine:
            self._presses.said_fine()

    def moved(self) -> None:
        """The motion sensor saw something."""
        if self._worth_telling("motion", self._panel.settings.motion.at_most_every):
            self._post.send(Activity(source="motion"))

    # ---- on the speaker's thread ----------------------------------------------------------------------------

    def attend(
        self, config: Config | None, since: datetime, dialogue: Dialogue, emit: Callable[[Body], Event]
    ) -> None:
        """Take up what was pressed outside of a question."""
        if calls := self._presses.take_calls():
            dialogue.follow_up(calls)
        if not self._presses.take_fine():
            return
        now, askings = self._clock.now(), self._memory.askings
        button = self._panel.settings.button
        slot = answerable(config, since, askings, now, button.early_answer) if config else None
        if slot:
            attempts = askings[slot].attempts if slot in askings else 1
            self._memory.begin(slot, attempts, now)
            emit(
                CheckIn(
                    slot=slot,
                    outcome=Outcome.answered,
                    intent=Intent.fine,
                    confidence=1.0,
                    attempts=attempts,
                )
            )
        elif self._worth_telling("button", button.at_most_every):
            self._post.send(Activity(source="button"))
        dialogue.speak(Prompt.button_fine)

    def observe(self, step: Step) -> None:
        """A step of the speaker, for the light; from any thread."""
        match step:
            case Asked():
                self._asking = True
            case AskingEnded():
                self._asking = False
            case ListeningAlong(why):
                self.attentive = why in ("waiting", "recall")
            case ListeningAlong(mode):
                self._along = mode
            case EventAcked():
                self._acked_at = self._counter()

    def light(self) -> LightState:
        """What to show now; asked on the panel's thread."""
        acked_at = self._acked_at
        return light_for(
            BoxFacts(
                help_under_way=self._outbox.holds_urgent,
                listening=self._listening() and self._along is None,
                asking=self._asking,
                muted=self._panel.muted,
                fault=bool(self._memory.broken),
                waiting_seconds=self._outbox.waiting_seconds,
                delivered_seconds=None if acked_at is None else self._counter() - acked_at,
                attentive=self._along in ("waiting", "recall"),
            )
        )

    def _worth_telling(self, what: str, every: timedelta) -> bool:
        """Whether this was not told within `every`; a clock that jumped back tells again."""
        now, last = self._clock.now(), self._last.get(what)
        if last is not None and timedelta(0) <= now - last < every:
            return False
        self._last[what] = now
        return True
