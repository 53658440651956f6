"""Engines of a few lines behind our ports, so that a test decides what a detector says and a recognizer hears."""

from collections.abc import Sequence

import numpy as np

from device.listen.microphone import FRAME, FRAME_SECONDS, MicrophoneFault, Samples
from device.listen.recognizer import Decoder, Recognizer, Words


def frames(seconds: float) -> int:
    """How many frames so many seconds are, rounded up."""
    return -(-round(seconds * 1000) // round(FRAME_SECONDS * 1000))


class Marked:
    """A detector that hears speech in frames whose first sample is `VOICE` and remembers nothing."""

    VOICE = 12_345

    def __init__(self) -> None:
        self.resets = 0

    def __call__(self, frame: Samples) -> float:
        return 0.9 if frame[0] == self.VOICE else 0.1

    def reset(self) -> None:
        self.resets += 1


def marked(speaking: bool, number: int = 0, level: int = 8) -> Samples:
    """One frame for `Marked`; `number` tells it from others, `level` is how loud it hisses."""
    frame = np.full(FRAME, level, dtype=np.int16)
    frame[1::2] = -level
    frame[0] = Marked.VOICE if speaking else 0
    frame[2] = number % 30_000
    return frame


class Script:
    """A microphone that gives what it is told: frames, and then a fault, or silence without end."""

    def __init__(self, script: Sequence[Samples], fault_at_end: bool = False) -> None:
        self.script = list(script)
        self.fault_at_end = fault_at_end
        self.fault_at_open = False
        self.muted = False
        self.mute_at: int | None = None
        self.opened = self.closed = 0
        self._at = 0

    def open(self) -> None:
        if self.fault_at_open:
            raise MicrophoneFault("no card")
        self.opened += 1

    def close(self) -> None:
        self.closed += 1

    def frame(self) -> Samples:
        at = self._at
        self._at += 1
        if self._at == self.mute_at:
            self.muted = True
        if at < len(self.script):
            return self.script[at]
        if self.fault_at_end:
            raise MicrophoneFault("unplugged")
        return marked(False, at)


class Notebook(Recognizer):
    """A recognizer that writes down what it is given and always hears the same."""

    def __init__(self, text: str = "はい", confidence: float = 0.8) -> None:
        super().__init__("notebook")
        self.text, self.confidence = text, confidence
        self.taken: list[list[Samples]] = []
        self.pauses: list[int] = []
        """How many samples there were when a pause was said."""

    def _decoder(self) -> Decoder:
        self.taken.append([])
        return _Page(self)

    def samples(self, question: int = -1) -> Samples:
        """All that was given for one question."""
        taken = self.taken[question]
        return np.concatenate(taken) if taken else np.zeros(0, dtype=np.int16)


class _Page:
    def __init__(self, book: Notebook) -> None:
        self._book = book
        self._taken = book.taken[-1]

    def accept(self, samples: Samples) -> None:
        self._taken.append(samples)

    def pause(self) -> None:
        self._book.pauses.append(sum(each.size for each in self._taken))

    def finish(self) -> Words:
        return Words(self._book.text, self._book.confidence)
