"""Keeps what was learned about this home's ears, and tells the mouth."""

from datetime import datetime
from typing import Protocol

import msgspec

from contract.events import Sos
from device.listen.home_microphone import HomeMicrophone
from device.memory import Memory
from device.speak.loudness import Learned, gain_db, learn, load_loudness_settings
from device.steps import EventMade, Step

ROOM_SHARE = 0.2
"""The level that a fifth of all frames stays below is the room, not somebody's voice."""


class HasGain(Protocol):
    """The mouth."""

    gain_db: float


class HomeVolume:
    """Told of steps; looked at in every tick."""

    def __init__(self, mouth: HasGain, memory: Memory, microphone: HomeMicrophone | None) -> None:
        self._mouth = mouth
        self._memory = memory
        self._microphone = microphone
        self._settings = load_loudness_settings()
        self._room: float | None = None
        self._learned = Learned()
        raw = memory.note("loudness")
        if raw:
            try:
                self._learned = msgspec.json.decode(raw, type=Learned)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                self._learned = Learned()

    def observe(self, step: Step) -> None:
        """One step of the speaker; from any thread."""
        if isinstance(step, EventMade) and isinstance(step.event.body, Sos):
            # Whoever calls for help at night must hear that it got through.
            self._mouth.gain_db = max(0.0, self._mouth.gain_db)
        learned = learn(self._learned, step, self._settings)
        if learned != self._learned:
            self._learned = learned
            self._memory.keep_note("loudness", msgspec.json.encode(learned))

    def tick(self, now: datetime) -> None:
        """One look, between dialogues."""
        level = self._microphone.levels.share(ROOM_SHARE) if self._microphone else None
        self._room = self._room if level is None else level
        self._mouth.gain_db = gain_db(self._learned, self._room, now, self._settings)
