"""Sends numbers about the box every few minutes. They may be lost; nothing in them is about the person."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from contract.state import Telemetry, encode
from device.health.numbers import machine_numbers
from device.health.settings import TelemetrySettings
from device.line.outbox import Outbox
from device.listen.home_microphone import HomeMicrophone
from device.steps import HeardStep, Step

ROOM_SHARE = 0.2
"""The level that a fifth of all frames stays below is the room, not somebody's voice."""
VOICE_SHARE = 0.95


class Reporter:
    """Told of steps and looked at in every tick."""

    def __init__(
        self,
        settings: TelemetrySettings,
        data: Path,
        outbox: Outbox,
        microphone: HomeMicrophone | None,
        publish: Callable[[bytes], object],
        line_up: Callable[[], bool],
        counter: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._data = data
        self._outbox = outbox
        self._microphone = microphone
        self._publish = publish
        self._line_up = line_up
        self._counter = counter
        self._began = counter()
        self._sent_at: float | None = None
        self._slowest_ms: float | None = None

    def observe(self, step: Step) -> None:
        """Take note of how long the recognizer took."""
        if isinstance(step, HeardStep):
            self._slowest_ms = max(self._slowest_ms or 0.0, step.milliseconds)

    def tick(self, now: datetime) -> None:
        """Send, if it is time and there is a line."""
        at = self._counter()
        due = self._sent_at is None or at - self._sent_at >= self._settings.every.total_seconds()
        if due and self._line_up():
            self._sent_at = at
            self._publish(encode(Telemetry(at=now, values=self.numbers())))

    def numbers(self) -> dict[str, float]:
        """Everything there is to tell now; what is counted is counted anew afterwards."""
        values = machine_numbers(self._data)
        values["uptime_seconds"] = round(self._counter() - self._began)
        values["outbox_waiting"] = len(self._outbox)
        if self._slowest_ms is not None:
            values["recognizer_longest_ms"] = round(self._slowest_ms, 1)
            self._slowest_ms = None
        if self._microphone:
            values |= self._of(self._microphone)
        return values

    @staticmethod
    def _of(microphone: HomeMicrophone) -> dict[str, float]:
        levels = microphone.levels
        found = {
            "microphone_level_dbfs": levels.share(ROOM_SHARE),
            "microphone_loudest_dbfs": levels.share(VOICE_SHARE),
            "microphone_overflows": microphone.overflows,
            "microphone_reopened": microphone.reopened,
        }
        levels.forget()
        return {name: float(value) for name, value in found.items() if value is not None}
