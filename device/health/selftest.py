"""Speaker to microphone, once a day: two tones are played and listened for, before anybody's silence could mislead."""

import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from contract.commands import Config
from contract.time import OFFICE_ZONE, office_date, office_instant
from device.abandoned import Abandoned
from device.faults import Part
from device.health.settings import SelfTestSettings
from device.health.tone import chime, heard_db
from device.listen.ear import DeadMicrophone
from device.listen.microphone import FRAME, FRAME_SECONDS, Microphone, MicrophoneFault, Samples
from device.listen.settings import MicrophoneSettings
from device.panel.presses import Pressed
from device.speak.loudspeaker import CutShort, Loudspeaker, SpeakerFault

AFTER_SECONDS = 0.5
"""Listened on after the last tone: sound and drivers take their time."""
DAY_BEGINS, DAY_ENDS = timedelta(hours=7), timedelta(hours=20)
"""A box switched on after the first question still tests itself, but wakes nobody."""


@dataclass(frozen=True)
class Tested:
    """What one self-test found."""

    passed: bool
    heard_db: float | None = None
    part: Part | None = None
    """What is broken when it did not pass."""
    detail: str = ""


def due(config: Config | None, settings: SelfTestSettings, last: date | None, now: datetime) -> bool:
    """Whether today's self-test should be made now."""
    today = office_date(now)
    if config is None or last == today or (config.paused_until is not None and now < config.paused_until):
        return False
    times = [plan.at for plan in config.slots if today.isoweekday() in plan.weekdays]
    if not times:
        return False
    hours, minutes = (int(part) for part in min(times).split(":")[:2])
    first = office_instant(today, timedelta(hours=hours, minutes=minutes))
    if first - settings.before_first_slot <= now < first:
        return True
    local = now.astimezone(OFFICE_ZONE)
    of_day = timedelta(hours=local.hour, minutes=local.minute)
    return now >= first and DAY_BEGINS <= of_day < DAY_ENDS


class SelfTester:
    """Plays and listens at the same time, so it has a thread of its own while it lasts."""

    def __init__(
        self,
        microphone: Microphone,
        loudspeaker: Loudspeaker,
        settings: SelfTestSettings,
        dead: MicrophoneSettings,
    ) -> None:
        self._microphone = microphone
        self._loudspeaker = loudspeaker
        self._settings = settings
        self._dead = dead

    def run(self) -> Tested | None:
        """One test; None when it could not be made: muted, or somebody at the button. Raises `Abandoned`."""
        if self._microphone.muted:
            return None
        recorder = _Recorder(self._microphone, DeadMicrophone(self._dead))
        recorder.start()
        try:
            recorder.await_seconds(self._settings.quiet.total_seconds())
            begins = recorder.frames * FRAME
            self._loudspeaker.play(chime(self._settings))
            recorder.await_seconds(recorder.seconds + AFTER_SECONDS)
        except SpeakerFault as fault:
            return Tested(False, part="speaker", detail=str(fault))
        except CutShort:
            return None
        finally:
            recorder.stop()
        if isinstance(recorder.error, MicrophoneFault):
            return Tested(False, part="microphone", detail=str(recorder.error))
        if recorder.error:
            return None
        sound = recorder.sound()
        heard, level = heard_db(sound[:begins], sound[begins:], self._settings)
        if heard:
            return Tested(True, heard_db=round(level, 1))
        return Tested(
            False, heard_db=round(level, 1), part="speaker", detail="the microphone did not hear the tones"
        )


class _Recorder:
    """Reads frames into memory until told to stop; what is kept is a few seconds of our own tones."""

    def __init__(self, microphone: Microphone, dead: DeadMicrophone) -> None:
        self._microphone = microphone
        self._dead = dead
        self._frames: list[Samples] = []
        self._changed = threading.Condition()
        self._ended = False
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="selftest", daemon=True)

    @property
    def frames(self) -> int:
        return len(self._frames)

    @property
    def seconds(self) -> float:
        return self.frames * FRAME_SECONDS

    def start(self) -> None:
        self._thread.start()

    def await_seconds(self, seconds: float) -> None:
        """Until so much was recorded; a microphone that fails ends the wait."""
        with self._changed:
            self._changed.wait_for(lambda: self.error or self.seconds >= seconds, 30.0)

    def stop(self) -> None:
        self._ended = True
        self._thread.join(30.0)
        if isinstance(self.error, Abandoned):
            raise self.error

    def sound(self) -> Samples:
        return np.concatenate(self._frames)

    def _run(self) -> None:
        try:
            self._microphone.open()
            while not self._ended:
                frame = self._microphone.frame()
                self._dead.feed(frame)
                with self._changed:
                    self._frames.append(frame)
                    self._changed.notify_all()
        except (MicrophoneFault, Pressed, Abandoned) as error:
            with self._changed:
                self.error = error
                self._changed.notify_all()
        finally:
            self._microphone.close()
