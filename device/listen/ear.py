"""The ear: one question's answer, from the microphone to words, or the honest reason why there are none."""

import time
from enum import StrEnum

import msgspec
import numpy as np
from msgspec import Struct

from device.listen.endpointer import Endpoint, Endpointer
from device.listen.microphone import FRAME, RATE, Microphone, MicrophoneFault, Samples
from device.listen.recognizer import Counter, Heard, Recognizer, Utterance
from device.listen.settings import EndpointSettings, MicrophoneSettings, in_samples
from device.listen.voice_activity import SileroDetector, VoiceDetector


class ListeningKind(StrEnum):
    """How one listening ended. The last two say nothing about the person."""

    speech = "speech"
    """Somebody spoke; `Listening.heard` says what, and may have found no words in it."""
    no_sound = "no_sound"
    no_words = "no_words"
    mic_fault = "mic_fault"
    muted = "muted"


class Listening(Struct, frozen=True, kw_only=True):
    """What one listening brought."""

    outcome_kind: ListeningKind
    heard: Heard | None = None
    """Given when somebody spoke, and only then."""
    first_word_s: float | None = None
    """Seconds from the end of the prompt to the first word."""
    stage_ms: dict[str, float] = {}
    """Milliseconds: `listen` and `silence` of sound (the whole listening; from the last word to its end),
    `endpoint` and `recognize` of work (the detector, all frames together; what was waited for the words)."""


class Ear:
    """Microphone, endpointer and recognizer, one question at a time."""

    def __init__(
        self,
        microphone: Microphone,
        recognizer: Recognizer,
        settings: EndpointSettings,
        detector: VoiceDetector | None = None,
        counter: Counter = time.perf_counter,
    ) -> None:
        self._microphone = microphone
        self._recognizer = recognizer
        self._settings = settings
        brief = msgspec.structs.replace(settings.speech, begins_within=settings.speech.objection_within)
        self._brief = msgspec.structs.replace(settings, speech=brief)
        self._detector = detector or SileroDetector()
        self._counter = counter

    def listen(self, *, briefly: bool = False) -> Listening:
        """Open the microphone when the prompt has ended and listen to one answer; never raises for a dead one.

        `briefly` waits only as long as an objection takes to begin.
        """
        if self._microphone.muted:
            return Listening(outcome_kind=ListeningKind.muted)
        try:
            self._microphone.open()
            return self._listen(self._brief if briefly else self._settings)
        except MicrophoneFault:
            return Listening(outcome_kind=ListeningKind.mic_fault)
        finally:
            self._microphone.close()

    def _listen(self, settings: EndpointSettings) -> Listening:
        dead = DeadMicrophone(settings.microphone)
        skipped = in_samples(settings.microphone.open_after_prompt)
        for _ in range(-(-skipped // FRAME)):
            dead.feed(self._microphone.frame())
        endpointer = Endpointer(settings, self._detector)
        utterance = self._recognizer.utterance()
        working = 0.0
        while True:
            if self._microphone.muted:
                return Listening(outcome_kind=ListeningKind.muted)
            frame = self._microphone.frame()
            dead.feed(frame)
            start = self._counter()
            endpoint = endpointer.feed(frame)
            working += self._counter() - start
            if endpointer.takes_back():
                utterance = self._recognizer.utterance()
            self._pass_on(endpointer, utterance)
            if endpoint:
                return self._over(endpoint, utterance, skipped / RATE, working)

    def _pass_on(self, endpointer: Endpointer, utterance: Utterance) -> None:
        fresh = endpointer.drain()
        for frame in fresh:
            utterance.accept(frame)
        if fresh and endpointer.pausing and self._settings.speech.decode_in_pause:
            utterance.pause()

    def _over(self, endpoint: Endpoint, utterance: Utterance, skipped_s: float, working: float) -> Listening:
        stages = {"listen": (skipped_s + endpoint.end_s) * 1000, "endpoint": working * 1000}
        kind = ListeningKind(endpoint.kind.value)
        if endpoint.first_word_s is None or endpoint.last_word_s is None:
            return Listening(outcome_kind=kind, stage_ms=stages)
        heard = utterance.finish()
        stages["silence"] = (endpoint.end_s - endpoint.last_word_s) * 1000
        stages["recognize"] = heard.milliseconds
        first_word_s = skipped_s + endpoint.first_word_s
        return Listening(outcome_kind=kind, heard=heard, first_word_s=first_word_s, stage_ms=stages)


class DeadMicrophone:
    """Raises `MicrophoneFault` when the same number has come for too long: a room is never that quiet."""

    def __init__(self, settings: MicrophoneSettings) -> None:
        self._limit = in_samples(settings.dead_after)
        self._steps = settings.dead_steps
        self._constant = 0

    def feed(self, frame: Samples) -> None:
        """Look at the next frame, shape (FRAME,)."""
        alive = int(np.max(frame)) - int(np.min(frame)) > self._steps
        self._constant = 0 if alive else self._constant + FRAME
        if self._constant >= self._limit:
            raise MicrophoneFault("the microphone gives the same number over and over")
