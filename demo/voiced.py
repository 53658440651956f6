"""One voiced household: a real speaker in a virtual room, at the end of a line that can be cut."""

import threading
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from contract.time import Clock
from demo.cast import Household, Part
from demo.line import Line
from demo.pace import Pace
from demo.record import Reporter, Tell
from demo.resident import Resident
from demo.room import Room
from demo.voices import Utterance
from device.app import Speaker
from device.config import BrokerConfig, ClockSource, DeviceConfig
from device.listen.ear import Ear
from device.listen.microphone import Samples
from device.listen.recognizer import Recognizer
from device.listen.settings import EndpointSettings
from device.speak.loudspeaker import Loudspeaker
from device.speak.voice import RATE_OF_SPEECH, Clip, Voice
from device.steps import Asked, NotPlayed, Said, Step
from device.understand import Understanding


class SharedVoice:
    """One voice for many speakers of one process: the engine is not made for threads."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The voice's own."""
        return self._voice.name

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:
        """One sentence at a time."""
        with self._lock:
            return self._voice.render(text, rate)


class Engines(Struct, frozen=True, kw_only=True):
    """What all speakers of one process share, because it is large."""

    recognizer: Recognizer
    voice: Voice
    understanding: Understanding
    listening: EndpointSettings
    residents: Mapping[Utterance, Samples]
    mirror: Loudspeaker | None = None
    """A real loudspeaker that lets the visitor listen in."""


class VoicedHome:
    """A household of the cast, running."""

    def __init__(
        self,
        household: Household,
        engines: Engines,
        broker: tuple[str, int],
        password: str,
        folder: Path,
        clock: Clock,
        pace: Pace,
        tell: Tell,
        seed: int,
    ) -> None:
        self.household = household
        self.reporter = Reporter(household, clock, tell)
        self.line = Line(broker) if household.behaviour is Part.line_cut else None
        self._resident = Resident(household, engines.residents, self.reporter.resident_says)
        self.room = Room(
            household.acoustics,
            self._resident.answer,
            pace,
            seed,
            mirror=engines.mirror,
            on_sound=self.reporter.room_sounds,
        )
        host, port = ("127.0.0.1", self.line.port) if self.line else broker
        self._speaker = Speaker(
            DeviceConfig(
                device=household.device,
                broker=BrokerConfig(host=host, port=port, password=password),
                data=folder,
                clock=ClockSource.synced,
            ),
            ear=Ear(self.room.microphone, engines.recognizer, engines.listening),
            voice=engines.voice,
            loudspeaker=self.room.loudspeaker,
            understanding=engines.understanding,
            clock=clock,
            on_step=self._watch,
            recognizer=engines.recognizer.name,
        )
        self._thread = threading.Thread(
            target=self._speaker.run, name=f"demo-{household.device}", daemon=True
        )

    def start(self) -> None:
        """Switch the speaker on."""
        self._thread.start()

    def cut_line(self) -> None:
        """Pull the cable, where there is one to pull."""
        if self.line:
            self.line.cut()

    def begin_stop(self) -> None:
        """Tell the speaker to end; it does as soon as the room's pace is stopped."""
        self._speaker.stop(timeout_seconds=0.0)

    def end_stop(self, seconds: float) -> None:
        """Wait for its thread, then let go of the line."""
        if self._thread.is_alive():
            self._thread.join(seconds)
        if self.line:
            self.line.close()

    def _watch(self, step: Step) -> None:
        self._resident.watch(step)
        spoken = isinstance(step, Asked | Said | NotPlayed)
        self.reporter.watch(step, prompt_s=self.room.take_played_s() if spoken else 0.0)
