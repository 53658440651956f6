"""A virtual living room: one loudspeaker, one microphone, somebody who lives there, and one timeline of samples.

Everything happens at a sample: a clip of N samples takes N samples, the resident's first word comes exactly the
human delay after the prompt's last sample, if the microphone is open then. The timeline moves only by playing and
by reading frames, so what is heard does not depend on how busy the machine is; `Pace` only says how long a sample
takes by the wall clock.
"""

import contextlib
import threading
from collections.abc import Callable
from enum import StrEnum

import numpy as np
import soxr
from msgspec import Struct

from demo.acoustics import (
    Acoustics,
    Sound,
    at_level,
    impulse_response,
    noise,
    reverberate,
    speech_level_db,
    to_samples,
    to_sound,
)
from demo.pace import Pace, Stopped
from device.listen.microphone import FRAME, RATE, MicrophoneFault, Samples
from device.speak.loudspeaker import Loudspeaker, SpeakerFault
from device.speak.voice import Clip

_ECHO_DELAY = RATE // 100
"""Our own prompt reaches the microphone by way of the table and the wall, some 10 ms late."""
_IDLE_READER_SECONDS = 1.0


class Reply(Struct, frozen=True):
    """What a resident says, and how long they take before the first word."""

    samples: Samples
    delay_s: float


Answers = Callable[[], Reply | None]
"""Asked once per prompt, as soon as it has ended and the microphone is open: the answer, or None for silence."""


class Sounding(StrEnum):
    """What begins to happen in the room."""

    prompt = "prompt"
    """The loudspeaker sounds."""
    listening = "listening"
    """The microphone is open."""


class _Source(Struct):
    """A sound in the air, from `start` on."""

    start: int
    sound: Sound
    is_reply: bool = False


class Room:
    """One home's air. `microphone` and `loudspeaker` are the device's ports onto it."""

    def __init__(
        self,
        acoustics: Acoustics,
        resident: Answers,
        pace: Pace,
        seed: int,
        mirror: Loudspeaker | None = None,
        on_sound: Callable[[Sounding], None] = lambda _: None,
    ) -> None:
        rng = np.random.default_rng(seed)
        self._acoustics = acoustics
        self._resident = resident
        self._pace = pace
        self._response = impulse_response(acoustics, rng)
        self._noise = noise(acoustics, rng)
        self._air: list[_Source] = []
        self._position = 0
        self._anchor: tuple[float, int] = (pace.elapsed(), 0)
        self._mirror = mirror
        self._on_sound = on_sound
        self._played_s = 0.0
        self._prompt_end: int | None = None
        self._readers = 0
        self._moved = threading.Condition()
        self.microphone = RoomMicrophone(self)
        self.loudspeaker = RoomLoudspeaker(self)

    @property
    def position(self) -> int:
        """Samples since the room was built."""
        return self._position

    def play(self, clip: Clip) -> None:
        """Sound a clip, and wait until its last sample is out."""
        sound = to_sound(clip.samples)
        if clip.rate != RATE:
            sound = np.asarray(soxr.resample(sound, clip.rate, RATE), dtype=np.float64)
        self._on_sound(Sounding.prompt)
        echo = reverberate(sound * 10.0 ** (self._acoustics.echo_db / 20.0), self._response)
        with self._moved:
            # Nobody goes on talking when the box begins to speak.
            self._air = [source for source in self._air if not source.is_reply]
            begin = self._position
            self._air.append(_Source(begin + _ECHO_DELAY, echo))
            end = begin + len(sound)
            # While somebody listens, the frames they take are the time; an open microphone nobody reads is none.
            while self._readers and self._position < end and self._moved.wait(_IDLE_READER_SECONDS):
                pass
        if self._position < end:
            self._reanchor()
            if self._mirror:
                self._mirror.play(clip)  # takes its time by itself
            else:
                self._wait_for(end)
            with self._moved:
                self._position = max(self._position, end)
        with self._moved:
            self._prompt_end = end
            self._played_s += clip.seconds
            listening = self._readers > 0
        if listening:
            self._answer()

    def frame(self) -> Samples:
        """The next `FRAME` samples at the microphone, once their time has come."""
        with self._moved:
            begin = self._position
        self._wait_for(begin + FRAME)
        with self._moved:
            self._position = end = begin + FRAME
            heard = np.take(self._noise, np.arange(begin, end), mode="wrap")
            for source in self._air:
                first, last = max(begin, source.start), min(end, source.start + len(source.sound))
                if first < last:
                    heard[first - begin : last - begin] += source.sound[
                        first - source.start : last - source.start
                    ]
            self._air = [each for each in self._air if each.start + len(each.sound) > end]
            self._moved.notify_all()
        return to_samples(heard)

    def take_played_s(self) -> float:
        """Seconds of sound that left the loudspeaker since the last call."""
        with self._moved:
            played, self._played_s = self._played_s, 0.0
        return played

    def begin_reading(self) -> None:
        """Somebody opened the microphone: from here samples pass as the clock does."""
        with self._moved:
            self._readers += 1
        self._reanchor()
        self._on_sound(Sounding.listening)
        self._answer()

    def end_reading(self) -> None:
        """The microphone is closed; the timeline stands until the next sound."""
        with self._moved:
            self._readers = max(0, self._readers - 1)
            self._moved.notify_all()

    def _answer(self) -> None:
        """Put the resident's answer in the air. Nobody answers a thank-you, for which no microphone opens."""
        with self._moved:
            end, self._prompt_end = self._prompt_end, None
        reply = None if end is None else self._resident()
        if reply is None or end is None:
            return
        sound = reverberate(
            at_level(to_sound(reply.samples), speech_level_db(self._acoustics)), self._response
        )
        with self._moved:
            self._air.append(_Source(end + round(reply.delay_s * RATE), sound, is_reply=True))
        if self._mirror:
            self._let_hear(self._mirror, reply)

    def _let_hear(self, mirror: Loudspeaker, reply: Reply) -> None:
        """Play the resident's answer to the visitor too, at its time, while the microphone hears it."""

        def later() -> None:
            with contextlib.suppress(Stopped, SpeakerFault):
                self._pace.wait_until(self._pace.elapsed() + reply.delay_s)
                mirror.play(Clip(samples=reply.samples, rate=RATE))

        threading.Thread(target=later, name="demo-mirror", daemon=True).start()

    def _reanchor(self) -> None:
        self._anchor = (self._pace.elapsed(), self._position)

    def _wait_for(self, position: int) -> None:
        """Wait until the clock has come to `position`. Frames that are overdue come at once: nothing is dropped."""
        elapsed, origin = self._anchor
        self._pace.wait_until(elapsed + (position - origin) / RATE)


class RoomMicrophone:
    """The device's microphone port onto a room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._open = False
        self.muted = False

    def open(self) -> None:
        """Begin to hear."""
        if not self._open:
            self._open = True
            self._room.begin_reading()

    def close(self) -> None:
        """Stop hearing; safe to call twice."""
        if self._open:
            self._open = False
            self._room.end_reading()

    def frame(self) -> Samples:
        """The next frame; `MicrophoneFault` when it is closed, or when the demonstration ended."""
        if not self._open:
            raise MicrophoneFault("the microphone is closed")
        try:
            return self._room.frame()
        except Stopped:
            raise MicrophoneFault("the demonstration has ended") from None


class RoomLoudspeaker:
    """The device's loudspeaker port onto a room."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def play(self, clip: Clip) -> None:
        """Return when the last sample is out; `SpeakerFault` when the demonstration ended."""
        try:
            self._room.play(clip)
        except Stopped:
            raise SpeakerFault("the demonstration has ended") from None
