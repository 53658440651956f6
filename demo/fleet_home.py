"""One simulated home: a real device core whose only untrue parts are the ear, the voice and the loudspeaker."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import numpy as np

from contract.commands import Config
from contract.events import Intent
from contract.time import Clock
from demo.line import Line
from device.app import Speaker
from device.config import BrokerConfig, ClockSource, DeviceConfig
from device.listen.ear import Listening, ListeningKind
from device.listen.recognizer import Heard
from device.memory import Memory
from device.speak.voice import RATE_OF_SPEECH, Clip
from device.steps import Step
from device.store import Store
from device.understand.meaning import Meaning


class Habit(StrEnum):
    """What the people of a home do when they are asked."""

    answers = "answers"
    unwell = "unwell"
    help = "help"
    mistaken = "mistaken"
    """Calls for help, and takes it back."""
    silent = "silent"
    muted = "muted"
    line_down = "line_down"
    """Answers, and the cable was pulled before the question."""
    away = "away"
    """Registered as away: nothing is asked."""


NOTHING_SAID = frozenset({Habit.silent, Habit.muted, Habit.away})

_SAYS = {
    Habit.answers: ("元気です",),
    Habit.line_down: ("元気です",),
    Habit.unwell: ("えらいで、ちょっと寝とる",),
    Habit.help: ("助けて、倒れた",),
    Habit.mistaken: ("助けて、倒れた", "ごめん、まちがいやった", "はい"),
}
_MEANS = {
    "元気です": Intent.fine,
    "えらいで、ちょっと寝とる": Intent.unwell,
    "助けて、倒れた": Intent.emergency,
}


class ScriptedEar:
    """Answers each question with the next line; says nothing after a read-back, or when the lines have run out.

    A line is what is said, or `muted`.
    """

    def __init__(self, lines: Iterable[str], wait: Callable[[], None] = lambda: None) -> None:
        self.lines = deque(lines)
        self._wait = wait

    def listen(self, *, briefly: bool = False) -> Listening:
        """The ear's port."""
        if briefly:
            return Listening(outcome_kind=ListeningKind.no_sound)
        self._wait()
        if not self.lines:
            return Listening(outcome_kind=ListeningKind.no_sound)
        line = self.lines.popleft()
        if line == "muted":
            return Listening(outcome_kind=ListeningKind.muted)
        heard = Heard(text=line, confidence=0.9, milliseconds=0.0, engine="script")
        return Listening(outcome_kind=ListeningKind.speech, heard=heard, first_word_s=1.2)


class ScriptedUnderstanding:
    """Knows the script's own lines; a fleet measures the core, not the understanding."""

    def understand(self, text: str, _others: Mapping[str, float] | None = None, /) -> Meaning:
        """What it means, certain if it stands in the script."""
        intent = _MEANS.get(text, Intent.unrelated)
        known = text in _MEANS
        return Meaning(
            intent=intent,
            confidence=0.9 if known else 0.1,
            reading=text,
            because=["script"],
            certain=known,
        )

    def yes_or_no(self, text: str) -> bool | None:
        """はい, いいえ, or neither."""
        return {"はい": True, "いいえ": False}.get(text)

    def may_be_cut(self, text: str) -> bool:  # noqa: ARG002
        """Its はい is whole."""
        return False


class NoVoice:
    """One sample a sentence."""

    name = "none"

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:  # noqa: ARG002
        """As good as silence, but not nothing."""
        return Clip(np.ones(1, dtype=np.int16), 16_000)


class NoLoudspeaker:
    """Takes no time."""

    def play(self, clip: Clip) -> None:
        """The port."""


class SimulatedHome:
    """A core on a thread of its own, from `start` to `end_stop`."""

    def __init__(
        self,
        device: str,
        habit: Habit,
        broker: BrokerConfig,
        folder: Path,
        clock: Clock,
        on_step: Callable[[str, Step], None],
        *,
        agreed: Config | None = None,
        answering: Callable[[], None] = lambda: None,
    ) -> None:
        """`agreed` is a configuration for a home without a hub; `answering` takes as long as people do."""
        self.device = device
        self.habit = habit
        self._line = Line((broker.host, broker.port)) if habit is Habit.line_down else None
        port = self._line.port if self._line else broker.port
        config = DeviceConfig(
            device=device,
            broker=_through(broker, port),
            data=folder / device,
            clock=ClockSource.synced,
        )
        if agreed is not None:
            _agree(config.data, agreed, clock.now())
        lines = ["muted"] * 9 if habit is Habit.muted else _SAYS.get(habit, ())
        self.ear = ScriptedEar(lines, answering)
        self.speaker = Speaker(
            config,
            ear=self.ear,
            voice=NoVoice(),
            loudspeaker=NoLoudspeaker(),
            understanding=ScriptedUnderstanding(),
            clock=clock,
            on_step=lambda step: on_step(device, step),
            recognizer="script",
        )
        self._thread = threading.Thread(target=self.speaker.run, name=f"home-{device}", daemon=True)

    def start(self) -> None:
        """Switch the speaker on."""
        self._thread.start()

    def cut_line(self) -> None:
        """Pull the cable, where there is one to pull."""
        if self._line:
            self._line.cut()

    def begin_stop(self) -> None:
        """Tell the core to end; returns at once."""
        self.speaker.stop(timeout_seconds=0.0)

    def end_stop(self, seconds: float) -> None:
        """Wait for it."""
        if self._thread.is_alive():
            self._thread.join(seconds)
        if self._line:
            self._line.close()


def _through(broker: BrokerConfig, port: int) -> BrokerConfig:
    return BrokerConfig(
        host="127.0.0.1" if port != broker.port else broker.host,
        port=port,
        user=broker.user,
        password=broker.password,
        ca_file=broker.ca_file,
        certificate_file=broker.certificate_file,
        key_file=broker.key_file,
        keepalive=broker.keepalive,
    )


def _agree(folder: Path, config: Config, now: datetime) -> None:
    """Leave a configuration in a core's memory, as an earlier run would have."""
    store = Store.open(folder, f"{now:%Y%m%dT%H%M%SZ}")
    try:
        Memory(store).keep_config(config, now)
    finally:
        store.close()
