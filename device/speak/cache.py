"""Sentences that were rendered once need not be rendered again: a Pi speaks at once, also just after it was switched on."""

import hashlib
import os
import tempfile
import wave
from collections import OrderedDict
from pathlib import Path

import numpy as np
import structlog

from device.speak.voice import RATE_OF_SPEECH, Clip, Voice

KEPT_IN_MEMORY = 64
"""Clips; a prompt of five seconds at 48 kHz is half a megabyte."""

KEPT_ON_DISK = 200
"""Clips, about 100 MB; announcements come and go, and a card is small."""

log = structlog.get_logger()


class PromptCache:
    """A `Voice` that remembers, in memory and, when `folder` is given, on disk."""

    def __init__(self, voice: Voice, folder: Path | None = None) -> None:
        self._voice = voice
        self._folder = folder
        self._memory: OrderedDict[str, Clip] = OrderedDict()

    @property
    def name(self) -> str:
        """The voice's own."""
        return self._voice.name

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:
        """Speak `text`, from memory or disk if it was spoken before in this voice and at this rate."""
        key = hashlib.sha256(f"{self._voice.name}\n{rate:g}\n{text}".encode()).hexdigest()
        clip = self._memory.get(key) or self._read(key)
        if clip is None:
            clip = self._voice.render(text, rate)
            self._write(key, clip)
        self._memory[key] = clip
        self._memory.move_to_end(key)
        if len(self._memory) > KEPT_IN_MEMORY:
            self._memory.popitem(last=False)
        return clip

    def _read(self, key: str) -> Clip | None:
        """The clip on disk; None when there is none, or it is damaged and must be rendered again."""
        if not self._folder:
            return None
        try:
            with wave.open(str(self._folder / f"{key}.wav"), "rb") as file:
                frames, whole = file.readframes(file.getnframes()), file.getnframes() * 2
                if file.getnchannels() != 1 or file.getsampwidth() != 2 or len(frames) != whole or not whole:
                    return None
                return Clip(samples=np.frombuffer(frames, dtype=np.int16), rate=file.getframerate())
        except (OSError, EOFError, wave.Error):
            return None

    def _write(self, key: str, clip: Clip) -> None:
        """Whole or not at all. A disk that is full or read-only must not keep the speaker from speaking."""
        if not self._folder:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=self._folder, suffix=".partial")
            try:
                with os.fdopen(handle, "wb") as raw, wave.open(raw, "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(clip.rate)
                    file.writeframes(clip.samples.tobytes())
                Path(partial).replace(self._folder / f"{key}.wav")
            except OSError:
                Path(partial).unlink(missing_ok=True)
                raise
            self._prune()
        except OSError as error:
            log.warning("prompt_not_kept", reason=error.strerror)

    def _prune(self) -> None:
        """Drop the clips that were rendered first when there are too many."""
        assert self._folder
        kept = sorted(self._folder.glob("*.wav"), key=lambda path: path.stat().st_mtime_ns)
        for path in kept[:-KEPT_ON_DISK]:
            path.unlink()
