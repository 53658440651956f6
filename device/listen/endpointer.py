"""Where an answer begins and where it is over. Time is samples of sound, so a test needs no clock.

Fed with frames it waits for speech, lets pauses inside an answer pass, and ends with one `Endpoint`.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from device.listen.background import Background
from device.listen.microphone import FRAME, RATE, Samples
from device.listen.settings import EndpointSettings, SoundSettings, in_samples
from device.listen.voice_activity import VoiceDetector


class EndpointKind(StrEnum):
    """How the listening ended."""

    speech = "speech"
    no_sound = "no_sound"
    """Nobody made a sound."""
    no_words = "no_words"
    """There was sound, and no speech, or not enough of it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Endpoint:
    """One listening, over. Times are seconds of sound since the first frame."""

    kind: EndpointKind
    samples: Samples
    """The answer with a little before and after it, shape (n,); empty unless `kind` is speech."""
    first_word_s: float | None
    """Where the answer began; None unless `kind` is speech."""
    last_word_s: float | None
    end_s: float
    """Where the listening ended."""
    capped: bool = False
    """Whether it ended because it had lasted too long."""


class Endpointer:
    """Listens to one answer. Make a new one, or `reset`, for the next."""

    def __init__(self, settings: EndpointSettings, detector: VoiceDetector) -> None:
        speech = settings.speech
        self._settings = settings
        self._detector = detector
        self._enough = in_samples(speech.at_least)
        self._silence = in_samples(speech.ends_after_silence)
        self._tail = in_samples(speech.tail)
        self._deadline = in_samples(speech.begins_within)
        self._longest = in_samples(speech.longest)
        self._background = Background(settings.background, -(-self._enough // FRAME), -(-self._tail // FRAME))
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next frame is the first of a new listening."""
        self._detector.reset()
        self._at = 0
        self._levels: list[float] = []
        self._lead: deque[Samples] = deque(maxlen=-(-in_samples(self._settings.speech.lead) // FRAME))
        self._forget()

    def _forget(self) -> None:
        """No word yet, or only a knock."""
        self._first: int | None = None
        self._last = 0
        self._spoken = 0
        self._kept: list[Samples] = []
        self._drained = 0
        self._withheld: list[Samples] = []
        self._takes_back = False

    @property
    def pausing(self) -> bool:
        """Whether an answer has begun and what `drain` gave so far may be all of it."""
        return self._is_answer and self._at - self._last >= self._tail

    @property
    def _is_answer(self) -> bool:
        return self._spoken >= self._enough

    def feed(self, frame: Samples) -> Endpoint | None:
        """Take the next frame, shape (FRAME,); return the `Endpoint` when the listening is over."""
        speech = self._settings.speech
        threshold = speech.begins_at if self._first is None or self._at > self._last else speech.goes_on_at
        self._levels.append(level_dbfs(frame))
        speaking = self._detector(frame) >= threshold and not self._background.is_behind(self._levels)
        if speaking:
            self._take_speech(frame)
        elif self._first is not None:
            self._take_pause(frame)
        else:
            self._lead.append(frame)
        self._at += FRAME
        if speaking:
            self._last = self._at
        return self._verdict()

    def drain(self) -> list[Samples]:
        """The frames of the answer that are new since the last call; nothing before there is speech enough.

        A pause is given as far as the tail; what comes after is given only when the speaker goes on.
        """
        if not self._is_answer:
            return []
        fresh = self._kept[self._drained :]
        self._drained = len(self._kept)
        return fresh

    def takes_back(self) -> bool:
        """Whether what was drained before the next `drain` was only the room; true once. Start over with what comes."""
        takes_back, self._takes_back = self._takes_back, False
        return takes_back

    def _take_speech(self, frame: Samples) -> None:
        if self._first is None:
            self._first = self._at
            self._kept = list(self._lead)
        self._kept += [*self._withheld, frame]
        self._withheld.clear()
        self._spoken += FRAME

    def _take_pause(self, frame: Samples) -> None:
        if self._at == self._last and self._is_answer:
            self._leave_out_the_room()
        if self._at - self._last < self._tail:
            self._kept.append(frame)
        else:
            self._withheld.append(frame)

    def _leave_out_the_room(self) -> None:
        """A television that spoke before the resident did is no part of the answer."""
        assert self._first is not None
        begins = self._background.voice_begins(self._levels, self._first // FRAME) * FRAME
        kept = (self._at - begins) // FRAME + (self._lead.maxlen or 0)
        if kept < len(self._kept):
            self._kept = self._kept[-kept:]
            self._first = begins
            self._takes_back = self._drained > 0
            self._drained = 0

    def _verdict(self) -> Endpoint | None:
        capped = self._at >= self._longest
        if self._first is not None and (capped or self._at - self._last >= self._silence):
            if self._is_answer:
                return self._answer(capped)
            for frame in (self._kept + self._withheld)[-(self._lead.maxlen or 1) :]:
                self._lead.append(frame)
            self._forget()
        if self._first is None and (capped or self._at >= self._deadline):
            sound = was_there_sound(self._levels, self._settings.sound)
            return Endpoint(
                kind=EndpointKind.no_words if sound else EndpointKind.no_sound,
                samples=np.zeros(0, dtype=np.int16),
                first_word_s=None,
                last_word_s=None,
                end_s=self._at / RATE,
                capped=capped,
            )
        return None

    def _answer(self, capped: bool) -> Endpoint:
        assert self._first is not None
        return Endpoint(
            kind=EndpointKind.speech,
            samples=np.concatenate(self._kept),
            first_word_s=self._first / RATE,
            last_word_s=self._last / RATE,
            end_s=self._at / RATE,
            capped=capped,
        )


def level_dbfs(frame: Samples) -> float:
    """Root mean square of a frame in decibels of full scale; -100 for electrical silence."""
    rms = float(np.sqrt(np.mean(np.square(frame.astype(np.float64)))))
    return max(-100.0, 20.0 * float(np.log10(max(rms, 1e-9) / 32768.0)))


def was_there_sound(levels: list[float], settings: SoundSettings) -> bool:
    """Whether enough frames were loud, or stood out from the quietest tenth of what was heard."""
    if not levels:
        return False
    quiet = float(np.percentile(levels, 10))
    stands_out = max(settings.faint, quiet + settings.above_the_quiet)
    heard = sum(FRAME for level in levels if level >= min(settings.loud, stands_out))
    return heard >= in_samples(settings.at_least)
