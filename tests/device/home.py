"""A home for the real speaker core: its ports, played by a resident who follows a script. No sound, no waiting."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import monotonic
from typing import TypeVar

import numpy as np

from contract.events import Intent
from device.config import BrokerConfig, ClockSource, DeviceConfig
from device.listen.ear import Listening, ListeningKind
from device.listen.recognizer import Heard
from device.speak.loudspeaker import SpeakerFault
from device.speak.voice import Clip
from device.steps import OnStep, Step, ignore
from device.understand.meaning import Meaning

NOTHING = {
    kind.value: Listening(outcome_kind=kind) for kind in ListeningKind if kind is not ListeningKind.speech
}

MEANINGS = {
    "元気です": Intent.fine,
    "いつもどおりです": Intent.as_usual,
    "えらいで、ちょっと寝とる": Intent.unwell,
    "助けて、倒れた": Intent.emergency,
    "タスケテ": Intent.emergency,
    "もごもご、倒れ": Intent.emergency,
}

T = TypeVar("T")


class Resident:
    """Answers one line of the script per question, and says nothing when it has run out.

    A line is what is said, or one of no_sound, no_words, muted, mic_fault.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.lines = deque(lines)
        self.before_answering: Callable[[], None] = lambda: None
        self.objecting = False
        """Whether the next line is also said after a read-back; otherwise silence agrees."""

    def listen(self, *, briefly: bool = False) -> Listening:
        """The ear's port. Nobody objects to a read-back unless told to."""
        self.before_answering()
        if briefly and not self.objecting:
            return NOTHING["no_sound"]
        line = self.lines.popleft() if self.lines else "no_sound"
        if line in NOTHING:
            return NOTHING[line]
        heard = Heard(text=line, confidence=0.9, milliseconds=1.0, engine="script")
        return Listening(outcome_kind=ListeningKind.speech, heard=heard, first_word_s=1.25)


class PhraseBook:
    """The understanding's port: knows `MEANINGS`, はい and いいえ."""

    def understand(self, text: str, _others: Mapping[str, float] | None = None, /) -> Meaning:
        """What it means, certain if it is in the book, and not mumbled."""
        intent = MEANINGS.get(text)
        return Meaning(
            intent=intent or Intent.unrelated,
            confidence=0.95 if intent is Intent.emergency else 0.8 if intent else 0.1,
            reading=text,
            because=["phrase book"],
            certain=intent is not None and not text.startswith("もごもご"),
        )

    def yes_or_no(self, text: str) -> bool | None:
        """はい, いいえ, or neither."""
        return {"はい": True, "いいえ": False}.get(text)

    def may_be_cut(self, text: str) -> bool:
        """Its はい is whole."""
        return False


class Loudspeaker:
    """Keeps what it played; `broken` makes it fail as a loose plug does."""

    def __init__(self) -> None:
        self.clips: list[Clip] = []
        self.broken = False
        self.while_playing: Callable[[], None] = lambda: None

    def play(self, clip: Clip) -> None:
        """The port."""
        if self.broken:
            raise SpeakerFault("no such sound card")
        self.while_playing()
        self.clips.append(clip)


class Beeper:
    """The voice's port: one sample a letter."""

    name = "beeper"

    def __init__(self) -> None:
        self.rates: dict[str, float] = {}

    def render(self, text: str, rate: float = 0.85) -> Clip:
        """As many samples as letters, all at 10,000."""
        self.rates[text] = rate
        return Clip(np.full(len(text), 10_000, dtype=np.int16), 16_000)


class Watcher:
    """Collects a speaker's steps, and lets a test wait for one of them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.on_step: OnStep = ignore
        self._changed = threading.Condition()

    def __call__(self, step: Step) -> None:
        with self._changed:
            self.steps.append(step)
            self.on_step(step)
            self._changed.notify_all()

    def all(self, kind: type[T]) -> list[T]:
        """The steps of one kind so far."""
        with self._changed:
            return [step for step in self.steps if isinstance(step, kind)]

    def wait_for(self, kind: type[T], count: int = 1, seconds: float = 20.0) -> T:
        """The `count`th step of a kind; fails the test when it does not come in time."""
        with self._changed:
            found = self._changed.wait_for(lambda: len(self._of(kind)) >= count, seconds)
            assert found, f"no {kind.__name__} number {count} within {seconds} s; seen: {self.steps}"
            return self._of(kind)[count - 1]

    def _of(self, kind: type[T]) -> list[T]:
        return [step for step in self.steps if isinstance(step, kind)]


def config(folder: Path, port: int, device: str = "sato-1") -> DeviceConfig:
    """A speaker's configuration against the test broker, where a password is the device's name."""
    return DeviceConfig(
        device=device,
        broker=BrokerConfig(host="127.0.0.1", port=port, password=device),
        data=folder / device,
        clock=ClockSource.synced,
    )


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether it comes true in time; for what has no step to wait for."""
    give_up = monotonic() + seconds
    pause = threading.Event()
    while not holds():
        if monotonic() > give_up:
            return False
        pause.wait(0.01)
    return True
