"""Whisper through faster-whisper: waits for the whole answer, then takes about a quarter of a second for it.

Every setting here was measured; decision 0011 has the figures.
"""

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from contract.refusal import Refused
from device.listen.microphone import RATE, Samples
from device.listen.recognizer import SURE, Counter, Recognizer

WINDOW_FRAMES = 1000
"""10 s of features, 10 ms each. Stock Whisper computes 30 s whatever was said, which costs five times as much."""

LOGPROB_LIMIT = -0.7
"""Mean log probability of a token from which an answer may be taken as heard; lies at confidence `SURE`."""

FEWEST_TOKENS = 48
TOKENS_PER_SECOND = 10.0
"""The first stops repetition loops early in short answers. The second is more than anybody can say, because a
call for help at the end of a long story must not be cut off."""
MOST_TOKENS = 220
"""The engine's own limit is 448 with the prompt; 30 s of speech need fewer."""

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
        self._model = _load(folder, threads, window_frames)
        # The pool's thread ends with the recognizer; nothing here outlives its owner.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"recognize-{name}")

    def _decoder(self) -> "_WhisperDecoder":
        return _WhisperDecoder(self)

    def submit(self, samples: Samples) -> "Future[tuple[str, float]]":
        """Have one answer decoded, shape (n,); the future holds text and confidence."""
        return self._pool.submit(self._decode, samples)

    def _decode(self, samples: Samples) -> tuple[str, float]:
        sound: npt.NDArray[np.float32] = samples.astype(np.float32) / 32768.0
        seconds = sound.size / RATE
        segments, _ = self._model.transcribe(
            sound,
            language="ja",
            beam_size=5,
            temperature=0.0,  # one deterministic pass; what it is not sure of is asked again
            without_timestamps=True,
            condition_on_previous_text=False,
            max_new_tokens=min(MOST_TOKENS, max(FEWEST_TOKENS, round(TOKENS_PER_SECOND * seconds))),
            # No initial_prompt and no vad_filter: the one invents answers out of silence, the other cuts short ones.
        )
        heard = list(segments)
        text = "".join(segment.text for segment in heard)
        tokens = sum(len(segment.tokens) for segment in heard)
        if not tokens:
            return "", 0.0
        logprob = sum(segment.avg_logprob * len(segment.tokens) for segment in heard) / tokens
        return without_loop(text, confidence_of(logprob))


class _WhisperDecoder:
    """Collects one answer. Starts to decode in a pause; takes that result if nothing more was said."""

    def __init__(self, recognizer: WhisperRecognizer) -> None:
        self._recognizer = recognizer
        self._frames: list[Samples] = []
        self._early: Future[tuple[str, float]] | None = None

    def accept(self, samples: Samples) -> None:
        self._frames.append(samples)
        if self._early:
            self._early.cancel()
            self._early = None

    def pause(self) -> None:
        if self._frames and not self._early:
            self._early = self._recognizer.submit(np.concatenate(self._frames))

    def finish(self) -> tuple[str, float]:
        self.pause()
        return self._early.result() if self._early else ("", 0.0)


def confidence_of(logprob: float) -> float:
    """0 to 1 for a mean log probability (at most 0), with `SURE` at `LOGPROB_LIMIT`."""
    return float(SURE ** (logprob / LOGPROB_LIMIT))


def without_loop(text: str, confidence: float) -> tuple[str, float]:
    """Cut what is repeated five times or more down to twice, and halve the confidence in it.

    A loop is the engine's way to fail, but a frightened person repeats too: what was said stays readable.
    """
    cut = _LOOP.sub(r"\1\1", text)
    return (text, confidence) if cut == text else (cut, confidence / 2)


def _load(folder: Path, threads: int, window_frames: int) -> Any:
    from faster_whisper import WhisperModel

    class BoundedWhisper(WhisperModel):  # type: ignore[misc]  # the package ships no types
        """Encodes no more than the window when the speech is shorter than that."""

        def encode(self, features: npt.NDArray[np.float32]) -> Any:
            return super().encode(bounded(features, window_frames))

    if not (folder / "model.bin").is_file():
        raise Refused(
            f"{folder} に Whisper のモデルがありません。mimamori provision models を実行してください。"
        )
    try:
        load = partial(BoundedWhisper, str(folder), device="cpu", compute_type="int8", local_files_only=True)
        return load(cpu_threads=threads, num_workers=1)
    except (RuntimeError, ValueError, OSError) as error:
        raise Refused(
            f"{folder} のモデルを読み込めません。フォルダーを消して mimamori provision models を実行してください。"
        ) from error


def bounded(features: npt.NDArray[np.float32], window_frames: int = WINDOW_FRAMES) -> npt.NDArray[np.float32]:
    """Features without the padding beyond the window, shape (mels, 3000) to (mels, at least `window_frames`).

    The padding is columns of exact zeros, which no sound gives.
    """
    filled = np.flatnonzero(features.any(axis=0))
    content = int(filled[-1]) + 1 if filled.size else 0
    return np.ascontiguousarray(features[:, : max(window_frames, content)])
