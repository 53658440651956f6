"""The nursery as a test holds it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import msgspec

from tests.crash.nursery import Order

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
"""How often somebody is killed; 20 at the gate."""
PATIENCE_SECONDS = 60.0


class Nursery:
    """Parts of the hub, one after the other, each of which dies."""

    def __init__(self, part: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery", part, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._pid = 0
        self._gone = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)
        self._process.stdout.close()

    def start(self, line: int = 0, at: datetime | None = None) -> None:
        """The next one, which kills itself at its n-th line of hub/."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(Order(line, at or datetime.now(UTC))).decode() + "\n")
        self._process.stdin.flush()
        self._pid = int(self._process.stdout.readline())
        self._gone = threading.Event()
        threading.Thread(target=self._await_end, args=(self._gone,), daemon=True).start()

    def _await_end(self, gone: threading.Event) -> None:
        assert self._process.stdout is not None
        self._process.stdout.readline()
        gone.set()

    def until(self, done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait until it has killed itself, or `done` is true, or for so long; whether it has killed itself."""
        give_up = time.monotonic() + seconds
        while not done() and time.monotonic() < give_up:
            if self._gone.wait(0.002):
                return True
        return self._gone.is_set()

    def kill(self) -> None:
        """As a power cut would."""
        if self._pid and not self._gone.is_set():
            os.kill(self._pid, signal.SIGKILL)
            assert self._gone.wait(PATIENCE_SECONDS)
