"""Whisper as a recognizer: waits for the whole answer, then takes about a third of a second for it.

Its words are weighed against the sounds that a second ear hears in the same encoder output (`device.listen.hypotheses`).
"""

import re
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from device.listen.hypotheses import weigh
from device.listen.microphone import Samples
from device.listen.phonemes.head import PhonemeHead
from device.listen.recognizer import SURE, Counter, Recognizer, Words
from device.listen.whisper_model import WINDOW_FRAMES, WhisperModel

LOGPROB_LIMIT = -0.7
"""Mean log probability of a token from which an answer may be taken as heard; lies at confidence `SURE`."""

_LOOP = re.compile(r"(.{1,12}?)\1{4,}")
"""Something said five times or more in a row."""


class WhisperRecognizer(Recognizer):
    """One Whisper model in int8, on one thread of its own; utterances of several speakers take turns."""

    def __init__(
        self,
        folder: Path,
        name: str = "whisper-base",
        threads: int = 1,
        window_frames: int = WINDOW_FRAMES,
        counter: Counter = time.perf_counter,
    ) -> None:
        super().__init__(name, counter)
        self._model = WhisperModel(folder, threads, window_frames)
        self._head = PhonemeHead.read()
        # The pool's thread ends with the recognizer; nothing here outlives its owner.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"recognize-{name}")

    def _decoder(self) -> "_WhisperDecoder":
        return _WhisperDecoder(self)

    def submit(self, samples: Samples) -> "Future[Words]":
        """Have one answer decoded, shape (n,)."""
        return self._pool.submit(self._decode, samples)

    def _decode(self, samples: Samples) -> Words:
        found = self._model.hypotheses(samples)
        if not found.texts:
            return Words("", 0.0)
        spelled = without_loops(found.texts)
        confidence = confidence_of(found.logprob)
        if spelled[0] != found.texts[0]:
            confidence /= 2
        weighed = weigh(self._head, found.encoded, spelled)
        first, *others = weighed
        return Words(first, confidence, {text: weighed[text] for text in others})


class _WhisperDecoder:
    """Collects one answer. Starts to decode in a pause; takes that result if nothing more was said."""

    def __init__(self, recognizer: WhisperRecognizer) -> None:
        self._recognizer = recognizer
        self._frames: list[Samples] = []
        self._early: Future[Words] | None = None

    def accept(self, samples: Samples) -> None:
        self._frames.append(samples)
        if self._early:
            self._early.cancel()
            self._early = None

    def pause(self) -> None:
        if self._frames and not self._early:
            self._early = self._recognizer.submit(np.concatenate(self._frames))

    def finish(self) -> Words:
        self.pause()
        return self._early.result() if self._early else Words("", 0.0)


def confidence_of(logprob: float) -> float:
    """0 to 1 for a mean log probability (at most 0), with `SURE` at `LOGPROB_LIMIT`."""
    return float(SURE ** (logprob / LOGPROB_LIMIT))


def without_loops(texts: Sequence[str]) -> list[str]:
    """The texts, what is repeated five times or more cut down to twice.

    A loop is the engine's way to fail, but a frightened person repeats too: what was said stays readable.
    """
    return [_LOOP.sub(r"\1\1", text) for text in texts]
