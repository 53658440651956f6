"""Listens to one answer, and says what it meant: by voice, or by the button that was pressed meanwhile."""

from collections.abc import Callable
from typing import Protocol

from contract.events import Intent
from device.abandoned import Abandoned
from device.faults import Faults
from device.listen.ear import Listening, ListeningKind
from device.listen.recognizer import Heard
from device.panel.presses import Pressed, Presses
from device.steps import HeardStep, NothingHeard, OnStep, Understood
from device.talk.interpreter import Interpreter
from device.talk.turns import Meant, Nothing, NothingKind

NOTHING: dict[ListeningKind, NothingKind] = {
    ListeningKind.no_sound: "no_sound",
    ListeningKind.no_words: "no_words",
    ListeningKind.muted: "muted",
    ListeningKind.mic_fault: "mic_fault",
}
BY_BUTTON = Meant(intent=Intent.fine, confidence=1.0, certain=True, text="", pressed=True)
"""「元気です」 by the button: no words, and no doubt."""
SETTLE_SECONDS = 15.0
"""For a press that interrupted a sentence to come to mean something; nobody holds a button for longer by chance."""


class Listener(Protocol):
    """Whoever listens to one answer; `device.listen.ear.Ear` in a home."""

    def listen(self, *, briefly: bool = False) -> Listening:
        """Listen to one answer; `briefly` waits less long for its first word. Never raise for a dead microphone."""


class Hearing:
    """The ear of a dialogue, and what it makes of what it hears."""

    def __init__(
        self,
        ear: Listener,
        interpreter: Interpreter,
        faults: Faults,
        on_step: OnStep,
        stopping: Callable[[], bool],
        presses: Presses,
        counter: Callable[[], float],
    ) -> None:
        """`counter` gives seconds, to measure how long understanding took."""
        self._ear = ear
        self._interpreter = interpreter
        self._faults = faults
        self._on_step = on_step
        self._stopping = stopping
        self._presses = presses
        self._counter = counter
        self.muted = False
        """What the last listening found."""

    def answer(self, *, briefly: bool, extra: str | None) -> Meant | Nothing | None:
        """What was answered; None when the button called for help meanwhile."""
        while True:
            try:
                if self._presses.waiting:
                    raise Pressed
                listening = self._ear.listen(briefly=briefly)
                break
            except Pressed:
                if self._stopping():
                    raise Abandoned from None
                self._presses.await_settled(SETTLE_SECONDS)
                if self._presses.help_waits:
                    return None
                if self._presses.take_fine():
                    return BY_BUTTON
        if self._stopping():
            raise Abandoned
        self.muted = listening.outcome_kind is ListeningKind.muted
        if listening.outcome_kind is ListeningKind.mic_fault:
            self._faults.broken("microphone", "no sound came from it")
        elif not self.muted:
            self._faults.mended("microphone")
        if listening.heard is None:
            kind = NOTHING[listening.outcome_kind]
            self._on_step(NothingHeard(kind))
            return Nothing(kind)
        self._on_step(
            HeardStep(
                listening.heard.text,
                listening.heard.confidence,
                listening.heard.milliseconds,
                listening.stage_ms,
            )
        )
        return self._meant(listening.heard, listening.first_word_s, extra)

    def _meant(self, heard: Heard, first_word_s: float | None, extra: str | None) -> Meant:
        began = self._counter()
        meant, meaning = self._interpreter.meant(heard, first_word_s, extra)
        self._on_step(Understood(meaning, (self._counter() - began) * 1000))
        return meant
