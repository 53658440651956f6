"""A process that forks parts of the hub and lets them die, and a test's hold on it: kill -9 at any moment.

The process reads one order a line. It forks a part that lives by it, writes its pid, and "gone" when it has died.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
"""How often somebody is killed; 20 at the gate."""
PATIENCE_SECONDS = 60.0


class Nursery:
    """Parts of the hub, one after the other, each of which dies; use as a context manager."""

    def __init__(self, module: str, *arguments: str) -> None:
        """`module` forks them by `fork_each`."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
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

    def start(self, order: str) -> None:
        """The next one, which lives by `order`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        self._pid = int(self._process.stdout.readline())
        self._gone = threading.Event()
        threading.Thread(target=self._await_end, args=(self._gone,), daemon=True).start()

    def _await_end(self, gone: threading.Event) -> None:
        assert self._process.stdout is not None
        if self._process.stdout.readline() == "gone\n":
            gone.set()

    def until(
        self, done: Callable[[], bool], seconds: float = PATIENCE_SECONDS, every_seconds: float = 0.002
    ) -> bool:
        """Wait until it has killed itself, or `done` is true, or for so long; whether it has killed itself."""
        give_up = time.monotonic() + seconds
        while not done() and time.monotonic() < give_up:
            if self._gone.wait(every_seconds):
                return True
        return self._gone.is_set()

    def kill(self) -> None:
        """As a power cut would."""
        if self._pid and not self._gone.is_set():
            with suppress(ProcessLookupError):  # it has killed itself, and the word of that is on its way
                os.kill(self._pid, signal.SIGKILL)
            assert self._gone.wait(PATIENCE_SECONDS)


def fork_each(live: Callable[[str], None]) -> None:
    """The process's side: fork for each order on standard input, and let the child `live` by it until it dies."""
    # Standard output is how we speak with the test.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                live(line)
            finally:
                os._exit(1)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("gone", flush=True)
