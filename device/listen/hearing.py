"""The whole way of one recording: frames, endpointer, recognizer, understanding. What `mimamori listen` prints."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from contract.datafile import Duration
from contract.events import Intent, Outcome
from device.listen.ear import Ear, Listening
from device.listen.recognizer import SURE, Counter, Recognizer
from device.listen.recording import FileMicrophone, read_recording, shown
from device.listen.settings import EndpointSettings
from device.understand.meaning import Meaning


class Understander(Protocol):
    """Whoever makes meaning of words; `device.understand.understanding.Understanding`."""

    def understand(self, text: str, others: Mapping[str, float] | None = None, /) -> Meaning:
        """What an answer means that was heard as `text`, or may have been one of `others` (`Heard.others`)."""


class HeardFile(Struct, frozen=True, kw_only=True):
    """What came of one recording."""

    file: str
    outcome: Outcome
    text: str
    """The words, as the recognizer spells them; empty when there were none."""
    reading: str
    """Katakana."""
    intent: Intent | None
    """None when there were no words."""
    confidence: float | None
    """Of the intent, 0 to 1."""
    certain: bool
    """Whether a speaker would act on it at once; otherwise it asks a closed question first."""
    heard_confidence: float | None
    """Of the words, 0 to 1."""
    first_word_s: float | None
    engine: str
    ms: dict[str, float]
    """Milliseconds of work: read, endpoint, recognize, understand, total."""


class FileHearing:
    """Listens to recordings as a speaker in a home would to its resident."""

    def __init__(
        self,
        recognizer: Recognizer,
        understanding: Understander,
        settings: EndpointSettings,
        counter: Counter = time.perf_counter,
    ) -> None:
        # No prompt was played before a recording, so nothing of it is skipped.
        microphone = msgspec.structs.replace(settings.microphone, open_after_prompt=Duration(0))
        self._settings = msgspec.structs.replace(settings, microphone=microphone)
        self._recognizer = recognizer
        self._understanding = understanding
        self._counter = counter

    def hear(self, path: Path) -> HeardFile:
        """Listen to one file; raise `BadRecording` when it cannot be listened to."""
        start = self._counter()
        samples = read_recording(path)
        read = self._counter()
        ear = Ear(FileMicrophone(samples), self._recognizer, self._settings, counter=self._counter)
        listening = ear.listen()
        heard = self._counter()
        words = listening.heard
        text = words.text if words else ""
        meaning = self._understanding.understand(text, words.others) if words and text else None
        end = self._counter()
        stages = listening.stage_ms
        return HeardFile(
            file=shown(path),
            outcome=_outcome(listening, meaning),
            text=text,
            reading=meaning.reading if meaning else "",
            intent=meaning.intent if meaning else None,
            confidence=meaning.confidence if meaning else None,
            certain=meaning is not None and acts_at_once(listening, meaning),
            heard_confidence=words.confidence if words else None,
            first_word_s=listening.first_word_s,
            engine=self._recognizer.name,
            ms={
                "read": (read - start) * 1000,
                "endpoint": stages.get("endpoint", 0.0),
                "recognize": stages.get("recognize", 0.0),
                "understand": (end - heard) * 1000,
                "total": (end - start) * 1000,
            },
        )


def _outcome(listening: Listening, meaning: Meaning | None) -> Outcome:
    if listening.heard is None:
        return Outcome(listening.outcome_kind.value)
    if meaning is None or meaning.intent is Intent.unrelated:
        return Outcome.not_understood
    return Outcome.answered


def acts_at_once(listening: Listening, meaning: Meaning) -> bool:
    """Whether a speaker acts on what it heard; otherwise it asks a closed question first."""
    if meaning.intent is Intent.emergency:
        return meaning.certain  # a call for help is let through however unclear the sound was
    clear = listening.heard is not None and listening.heard.confidence >= SURE
    return meaning.certain and clear and meaning.intent is not Intent.unrelated
