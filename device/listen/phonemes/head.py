"""The taught network with its weights: frames of Whisper's encoder in, what they may say in kana out."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from contract.refusal import Refused
from device.listen.phonemes import network
from device.listen.phonemes.search import Frames, likeliest, likelihood
from device.listen.phonemes.spelling import PHONEMES, kana_of, phonemes_of

FORMAT = 1
"""Raise it when the layers or the phonemes change what the file holds."""
FILE = Path(__file__).parent / "head.npz"
"""Made by `python -m bench.phonemes`."""

Encoded = npt.NDArray[np.float32]
"""Whisper base's encoder output for one answer, shape (frames, 512), 20 ms a frame."""


class PhonemeHead:
    """Hears which sounds were made; knows no words."""

    def __init__(self, weights: dict[str, npt.NDArray[np.float32]]) -> None:
        self._weights = weights

    @classmethod
    def read(cls, path: Path = FILE) -> "PhonemeHead":
        """Read `head.npz`; raise `Refused` when it is missing, torn or of another format."""
        try:
            with path.open("rb") as stored, np.load(stored, allow_pickle=False) as file:
                if int(file["format"]) != FORMAT:
                    raise KeyError("format")
                weights = {name: file[name].astype(np.float32) for name in file.files if name != "format"}
            _check(weights)
            return cls(weights)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise Refused(
                f"{path} を読めません ({type(error).__name__})。`python -m bench.phonemes` で作り直してください。"
            ) from error

    def write(self, path: Path) -> None:
        """Write whole or not at all, two bytes a number."""
        part = path.with_name(f".{path.name}.part.npz")
        halves = {name: values.astype(np.float16) for name, values in self._weights.items()}
        np.savez_compressed(part, allow_pickle=False, format=FORMAT, **halves)
        part.replace(path)

    def listen(self, encoded: Encoded) -> Frames:
        """Log probabilities of blank and phonemes in each frame, shape (frames, 1 + phonemes)."""
        scores = network.logits(self._weights, encoded)
        scores = scores - scores.max(-1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(-1, keepdims=True)), dtype=np.float32)


def _check(weights: network.Weights) -> None:
    """Raise `ValueError` for what would fail, or hear nothing, only when somebody answers."""
    asked = network.shapes(weights["bias0"].size, len(PHONEMES))
    if {name: values.shape for name, values in weights.items()} != asked:
        raise ValueError("shapes")
    if not all(np.isfinite(values).all() for values in weights.values()):
        raise ValueError("not finite")


def heard(frames: Frames, most: int) -> list[tuple[str, float]]:
    """At most so many ways to write what the frames say, in hiragana, with their log likelihood, likeliest first."""
    return [
        (kana_of([PHONEMES[column - 1] for column in sequence]), chance)
        for sequence, chance in likeliest(frames, most)
    ]


def fits(frames: Frames, text: str) -> float:
    """Log likelihood that the frames say `text`, read as Open JTalk reads it."""
    return likelihood(frames, [PHONEMES.index(one) + 1 for one in phonemes_of(text)])
