"""Listening along for calls for help: while the box speaks, and between check-ins with the resident's consent.

Decided on final results only. Of what was heard nothing is kept but when; nothing is sent but the call itself. The
recognizer works a small share of the time at most, or a television would keep it at work for ever.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from device.abandoned import Abandoned
from device.listen.microphone import MicrophoneFault
from device.listen.overhear import Overhearing, Piece
from device.panel.presses import Pressed
from device.steps import ListeningAlong, OnStep
from device.talk.overheard import Mode, Overheard, Verdict

LOOK_AGAIN_SECONDS = 1.0
"""At a switch that is off, and at a microphone that gives nothing."""

log = structlog.get_logger()


@dataclass(frozen=True)
class _Job:
    piece: Piece
    mode: Mode
    ours: str


class HelpWatch:
    """Two threads of its own from `start` to `stop`: one listens, one understands."""

    def __init__(
        self,
        overhearing: Overhearing,
        overheard: Overheard,
        on_cry: Callable[[], None],
        on_doubt: Callable[[], None],
        on_recall: Callable[[], None],
        on_step: OnStep,
        counter: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_cry`, `on_doubt` and `on_recall` are called on the watch's own thread."""
        self._overhearing = overhearing
        self._overheard = overheard
        self._on_cry = on_cry
        self._on_doubt = on_doubt
        self._on_recall = on_recall
        self._on_step = on_step
        self._counter = counter
        self._changed = threading.Condition()
        self._mode = Mode.off
        self._ours = ""
        self._open = False
        self._ended = False
        self._said: Mode | None = None
        self._faulty = False
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=4)
        self.skipped = 0
        """Pieces that were not understood because the recognizer had worked enough."""
        self._threads = [
            threading.Thread(target=self._listen, name="help-watch", daemon=True),
            threading.Thread(target=self._understand, name="help-watch-words", daemon=True),
        ]

    def start(self) -> None:
        """Begin; nothing is listened to yet."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 3.0) -> None:
        """Let go of the microphone and end."""
        with self._changed:
            self._ended = True
            self._mode = Mode.off
            self._changed.notify_all()
        self._jobs.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(seconds)

    def listen_for(self, mode: Mode) -> None:
        """What to listen for while nothing else goes on; returns at once."""
        self._set(mode, "")

    @contextmanager
    def along(self, ours: str) -> Iterator[None]:
        """Listen while `ours` is being said; afterwards the microphone is free for the ear."""
        self._set(Mode.speaking, ours)
        try:
            yield
        finally:
            self.rest()

    def rest(self, seconds: float = 2.0) -> None:
        """Let go of the microphone; returns when it is free."""
        self._set(Mode.off, "")
        with self._changed:
            self._changed.wait_for(lambda: not self._open, seconds)

    def _set(self, mode: Mode, ours: str) -> None:
        with self._changed:
            self._mode, self._ours = mode, ours
            self._changed.notify_all()

    # ---- the thread that listens ----------------------------------------------------------------------------

    def _listen(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._mode is not Mode.off)
                if self._ended:
                    return
                mode, ours = self._mode, self._ours
                idle = self._overhearing.muted
                self._open = not idle
            try:
                if not idle:
                    self._say_open(mode)
                    for piece in self._overhearing.pieces(lambda: self._wanted(mode, ours), self._closed):  # noqa: B023
                        self._hand_over(_Job(piece, mode, ours))
                    self._faulty = False
            except MicrophoneFault:
                if not self._faulty:
                    log.warning("listening_along_without_microphone")
                self._faulty = idle = True
            except (Pressed, Abandoned):
                # Somebody else has the word now.
                idle = True
            finally:
                self._closed()
                self._say_open(None)
            if idle:
                # The switch is off, or the check-ins will report the fault: nothing to do but to look again.
                with self._changed:
                    self._changed.wait_for(lambda: self._ended or self._mode is Mode.off, LOOK_AGAIN_SECONDS)

    def _say_open(self, mode: Mode | None) -> None:
        if mode is not self._said:
            self._said = mode
            self._on_step(ListeningAlong(mode and str(mode)))

    def _wanted(self, mode: Mode, ours: str) -> bool:
        with self._changed:
            return not self._ended and (self._mode, self._ours) == (mode, ours)

    def _closed(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def _hand_over(self, job: _Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self.skipped += 1

    # ---- the thread that understands ------------------------------------------------------------------------

    def _understand(self) -> None:
        while (job := self._jobs.get()) is not None:
            match self._overheard.consider(job.piece, job.mode, job.ours, self._counter()):
                case Verdict.cry:
                    log.info("cry_heard", mode=str(job.mode))
                    self._on_cry()
                case Verdict.doubt:
                    self._on_doubt()
                case Verdict.recall:
                    self._on_recall()
                case Verdict.skipped:
                    self.skipped += 1
                case Verdict.nothing:
                    pass
