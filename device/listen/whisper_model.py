"""Whisper's model through faster-whisper, asked for its encoder's output and for all that its search found.

`transcribe` keeps both to itself. Every setting here was measured; decision 0011 has the figures.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from contract.refusal import Refused
from device.listen.microphone import RATE, Samples
from device.listen.phonemes.head import Encoded

WINDOW_FRAMES = 1000
"""10 s of features, 10 ms each. Stock Whisper computes 30 s whatever was said, which costs five times as much."""
_ENCODED_SAMPLES = 320
"""A frame of the encoder's output: 20 ms."""

FEWEST_TOKENS = 48
TOKENS_PER_SECOND = 10.0
"""The first stops repetition loops early in short answers. The second is more than anybody can say, because a
call for help at the end of a long story must not be cut off."""
MOST_TOKENS = 220
"""The engine's own limit is 448 with the prompt; 30 s of speech need fewer."""

HYPOTHESES = 5
"""As many as the beam is wide; they come with the search."""
_SILENT, _AT_LEAST = 0.6, -1.0
"""Whisper's own test for silence: so probable that nobody spoke, and so little sure of the words."""


class Hypotheses(Struct, frozen=True):
    """What Whisper makes of one answer."""

    texts: list[str]
    """Likeliest first; empty when nobody spoke."""
    logprob: float
    """Mean log probability of a token of the first one, at most 0."""
    encoded: Encoded
    """The encoder's output without the padding, shape (frames, 512 for the base model)."""


class WhisperModel:
    """The int8 model on `threads` threads; encodes no more than the window when the speech is shorter than that."""

    def __init__(self, folder: Path, threads: int, window_frames: int) -> None:
        """Raise `Refused` when there is no model in `folder`, or none that loads."""
        from faster_whisper import WhisperModel as Engine
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        if not (folder / "model.bin").is_file():
            raise Refused(
                f"{folder} に Whisper のモデルがありません。mimamori provision models を実行してください。"
            )
        try:
            self._engine = Engine(
                str(folder),
                device="cpu",
                compute_type="int8",
                local_files_only=True,
                cpu_threads=threads,
                num_workers=1,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise Refused(
                f"{folder} のモデルを読み込めません。フォルダーを消して mimamori provision models を実行してください。"
            ) from error
        self._window_frames = window_frames
        self._tokens = Tokenizer(self._engine.hf_tokenizer, True, task="transcribe", language="ja")
        # No words before it: a prompt invents answers out of silence.
        self._prompt = self._engine.get_prompt(self._tokens, [], without_timestamps=True)
        self._suppressed = list(get_suppressed_tokens(self._tokens, [-1]) or ())

    def hypotheses(self, samples: Samples) -> Hypotheses:
        """What int16 samples, shape (n,), at most 30 s, may have said."""
        encoded = self._encode(samples)
        [found] = self._engine.model.generate(
            encoded,
            [self._prompt],
            beam_size=HYPOTHESES,
            num_hypotheses=HYPOTHESES,
            max_length=len(self._prompt) + most_tokens(samples.size / RATE),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )
        tokens, score = found.sequences_ids[0], found.scores[0]
        logprob = score * len(tokens) / (len(tokens) + 1)
        silent = found.no_speech_prob > _SILENT and logprob <= _AT_LEAST
        texts = (self._tokens.decode(one).strip() for one in found.sequences_ids)
        return Hypotheses(
            texts=[] if silent else [text for text in dict.fromkeys(texts) if text],
            logprob=float(logprob),
            encoded=_frames(encoded, samples),
        )

    def encoded(self, samples: Samples) -> Encoded:
        """The encoder's output alone, as `hypotheses` gives it, without the search that takes most of the time."""
        return _frames(self._encode(samples), samples)

    def _encode(self, samples: Samples) -> Any:
        sound: npt.NDArray[np.float32] = samples.astype(np.float32) / 32768.0
        # The last column looks beyond the sound.
        features = self._engine.feature_extractor(sound)[:, :-1]
        return self._engine.encode(padded(features, self._window_frames))


def most_tokens(seconds: float) -> int:
    """Where the search stops in so many seconds of sound."""
    return min(MOST_TOKENS, max(FEWEST_TOKENS, round(TOKENS_PER_SECOND * seconds)))


def padded(features: npt.NDArray[np.float32], window_frames: int = WINDOW_FRAMES) -> npt.NDArray[np.float32]:
    """Features with zeros up to the window, shape (mels, n) to (mels, at least `window_frames`, at most 3000)."""
    cut = features[:, :3000]
    return np.ascontiguousarray(np.pad(cut, ((0, 0), (0, max(0, window_frames - cut.shape[1])))))


def _frames(encoded: Any, samples: Samples) -> Encoded:
    """Without the padding."""
    frames: Encoded = np.array(encoded, dtype=np.float32)[0]
    return frames[: -(-samples.size // _ENCODED_SAMPLES)]
