"""The wait of a service for its end: a signal, or a word from one of its own threads."""

import os
import signal
from collections.abc import Sequence

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Made once, in the main thread, before what takes long: a signal that comes earlier than `wait` is not lost.

    A pipe that the system's own signal handler writes to, and no `threading.Event` that Python's sets: Python runs
    handlers in the main thread between any two of its instructions. Where it was about to wait for the event, `set`
    stood before the same lock for ever; where it was about to call the system, it slept before it ran the handler.
    """

    def __init__(self, signals: Sequence[signal.Signals] = SIGNALS) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, lambda _number, _frame: None)

    def come(self) -> None:
        """It is over; from any thread."""
        os.write(self._writing, b"\x00")

    def wait(self) -> None:
        """Until a signal has come or somebody has said so."""
        os.read(self._reading, 1)
