"""The box: everything a speaker is made of, wired together."""

from typing import Protocol

from contract.time import Clock, SystemClock
from device.config import DeviceConfig
from device.listen.ear import Listening
from device.speak.loudspeaker import Loudspeaker
from device.speak.voice import Voice
from device.steps import OnStep, ignore
from device.understand.meaning import Meaning


class Listener(Protocol):
    """Whoever listens to one answer; `device.listen.ear.Ear` in a home."""

    def listen(self) -> Listening:
        """Listen to one answer; never raise for a dead microphone."""


class Understander(Protocol):
    """Whoever makes meaning of words; `device.understand.Understanding` in a home."""

    def understand(self, text: str) -> Meaning:
        """What an answer means."""

    def yes_or_no(self, text: str) -> bool | None:
        """Whether an answer to a closed question was はい or いいえ; None when it was neither."""


class Speaker:
    """One speaker in one home. `run()` blocks until `stop()`; several may run in one process, a thread each."""

    def __init__(
        self,
        config: DeviceConfig,
        *,
        ear: Listener,
        voice: Voice,
        loudspeaker: Loudspeaker,
        understanding: Understander,
        clock: Clock | None = None,
        on_step: OnStep = ignore,
    ) -> None:
        self.config = config
        self._clock = clock or SystemClock()

    def run(self) -> None:
        """Connect, ask what is due, until `stop()`. Never returns because of a dead line or a dead sound card."""
        raise NotImplementedError

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Say goodbye on the line and end `run()`; a question under way is asked again after the next start."""
        raise NotImplementedError
