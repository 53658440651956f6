"""What age reads from and writes to: pieces as a file, a file that remembers its error, a thread that decrypts."""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pyrage
from pyrage import x25519

from contract.refusal import Refused
from hub.backup.watcher import Watcher


class Reader:
    """An iterator of pieces as a file to read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""
        self.error: OSError | None = None
        """What the pieces met."""

    def read(self, most: int = -1) -> bytes:
        """The next bytes; none at the end."""
        while not self._left:
            try:
                piece = next(self._pieces, None)
            except OSError as error:
                self.error = error
                raise
            if piece is None:
                return b""
            self._left = piece
        cut = len(self._left) if most < 0 else most
        taken, self._left = self._left[:cut], self._left[cut:]
        return taken


class Noticing:
    """A file to write that remembers what went wrong: age's library tells only that something did."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: OSError | None = None
        """What the disk said."""

    def write(self, data: bytes) -> int:
        """As the file does."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """As the file does."""
        self._file.flush()


class Opener(threading.Thread):
    """Decrypts into a pipe."""

    def __init__(
        self, path: Path, identities: Sequence[x25519.Identity], pipe: int, watcher: Watcher
    ) -> None:
        super().__init__(name="backup-opener", daemon=True)
        self._path = path
        self._identities = identities
        self._pipe = pipe
        self._watcher = watcher
        self._error: Exception | None = None
        self._abandoned = False

    def run(self) -> None:
        """Until the end of the file, or until nobody reads any more."""
        pipe = os.fdopen(self._pipe, "wb")
        sink = Noticing(pipe)
        try:
            with self._path.open("rb") as file:
                self._watcher.start("バックアップを開いています", os.fstat(file.fileno()).st_size)
                pyrage.decrypt_io(_Watched(file, self._watcher), sink, list(self._identities))
        except Exception as error:
            self._error = error
            self._abandoned = isinstance(sink.error, BrokenPipeError)
        with contextlib.suppress(BrokenPipeError):
            pipe.close()

    def refusal(self) -> Refused | None:
        """Why it could not be opened; None when it could, or when the reader gave up first."""
        if self._error is None or self._abandoned:
            return None
        if isinstance(self._error, pyrage.DecryptError) and "No matching keys" in str(self._error):
            return Refused(
                f"この鍵では {self._path} を開けません。バックアップを作ったときの公開鍵と対の鍵を渡してください。"
            )
        if isinstance(self._error, OSError) and self._error.errno is not None:
            return Refused(
                f"{self._path} を読めません ({self._error.strerror})。場所と権限を確かめてください。"
            )
        return Refused(
            f"{self._path} は見守りのバックアップではないか、壊れているか、途中で切れています。"
            "別のバックアップを使ってください。何も戻していません。"
        )


class _Watched:
    """A file to read whose progress is shown."""

    def __init__(self, file: IO[bytes], watcher: Watcher) -> None:
        self._file = file
        self._watcher = watcher
        self._here = 0

    def read(self, most: int = -1) -> bytes:
        data = self._file.read(most)
        self._here += len(data)
        self._watcher.moved(self._here)
        return data
