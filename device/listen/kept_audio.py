"""Answers kept as sound, only with the resident's written consent: encrypted on the spot, at home, for some days.

The box can write them and cannot read them: it holds the public half of a key whose other half the office keeps. Sound
is never on the disk in the clear, not even for a moment.
"""

import io
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import structlog

from contract.ids import uuid7
from contract.refusal import Refused
from contract.time import Clock
from device.listen.microphone import RATE, Samples
from device.listen.recognizer import Decoder, Recognizer, Words

log = structlog.get_logger()

MOST_FILES = 500
"""An answer of ten seconds is about 200 kB."""
LOOK_EVERY = timedelta(minutes=10)
_STAMP = "%Y%m%dT%H%M%SZ"


class AudioArchive:
    """A folder of encrypted answers; off until `tick` says that the resident consents."""

    def __init__(self, folder: Path, recipient: str, keep_for: timedelta, clock: Clock) -> None:
        """Raise `Refused` when `recipient` is no public key of age (`age1…`)."""
        import pyrage

        try:
            self._recipient = pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError as error:
            raise Refused(
                "[privacy] の audio_recipient が age の公開鍵 (age1…) ではありません。鍵を確かめてください。"
            ) from error
        self._folder = folder
        self._keep_for = keep_for
        self._clock = clock
        self._consented = False
        self._looked_at: datetime | None = None

    def tick(self, consented: bool, now: datetime) -> None:
        """What holds now. A consent that is taken back takes along what was kept under it; what is old goes."""
        self._consented = consented
        looked = self._looked_at
        if not consented:
            self._drop(self._files())
        elif looked is None or not timedelta(0) <= now - looked < LOOK_EVERY:
            self._looked_at = now
            files = self._files()
            old = [path for path in files if not timedelta(0) <= now - _made_at(path) < self._keep_for]
            self._drop([*old, *sorted(set(files) - set(old))[:-MOST_FILES]])

    def keep(self, samples: Samples) -> None:
        """Encrypt one answer and write it; nothing without consent, and never a reason to fail."""
        if not self._consented or not samples.size:
            return
        import pyrage
        import soundfile

        sound = io.BytesIO()
        soundfile.write(sound, samples, RATE, format="FLAC")
        sealed = pyrage.encrypt(sound.getvalue(), [self._recipient])
        now = self._clock.now()
        path = self._folder / f"{now:{_STAMP}}-{uuid7(now)}.flac.age"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
        except OSError as error:
            log.warning("audio_not_kept", why=error.strerror)

    def _files(self) -> list[Path]:
        try:
            return sorted(self._folder.glob("*.flac.age"))
        except OSError:
            return []

    @staticmethod
    def _drop(paths: list[Path]) -> None:
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _made_at(path: Path) -> datetime:
    try:
        return datetime.strptime(path.name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)  # none of ours, and not to be kept


class KeepingRecognizer(Recognizer):
    """Another recognizer, whose answers' sound goes to the archive once they are over."""

    def __init__(self, recognizer: Recognizer, archive: AudioArchive) -> None:
        super().__init__(recognizer.name)
        self._recognizer = recognizer
        self._archive = archive

    def _decoder(self) -> Decoder:
        return _Keeping(self._recognizer._decoder(), self._archive)


class _Keeping:
    def __init__(self, decoder: Decoder, archive: AudioArchive) -> None:
        self._decoder = decoder
        self._archive = archive
        self._pieces: list[Samples] = []

    def accept(self, samples: Samples) -> None:
        self._pieces.append(samples)
        self._decoder.accept(samples)

    def pause(self) -> None:
        self._decoder.pause()

    def finish(self) -> Words:
        if self._pieces:
            self._archive.keep(np.concatenate(self._pieces))
        return self._decoder.finish()
