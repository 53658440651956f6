"""What the learnt voice looks at: pieces of sound, and concepts in their forms."""

import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from device.understand.reading import phonemes
from device.understand.words import Hit

BUCKETS = 1 << 15
"""How many places the pieces are hashed to. Twice as many gained nothing in cross-validation."""

_KANA_LENGTHS = (1, 2, 3, 4)
_PHONEME_LENGTHS = (3, 4, 5, 6)

_LONG = re.compile(r"([aiueo])\1+")

Pieces = npt.NDArray[np.int64]
"""Places of the pieces of one utterance, sorted, each once."""


def pieces(kana: str) -> Pieces:
    """The pieces of folded katakana: 1 to 4 kana, and 3 to 6 phonemes, with the two ends marked.

    Kana tell words and endings apart; phonemes forgive a recognizer that mistook one consonant or vowel, and
    a vowel drawn out or cut short (たすけてー, きゅうきゅしゃ, いたあ).
    """
    spoken = f"^{kana}$"
    sounds = _LONG.sub(r"\1", f"^{phonemes(kana)}$")
    found = [spoken[at : at + size] for size in _KANA_LENGTHS for at in range(len(spoken) - size + 1)]
    found += [
        f"p{sounds[at : at + size]}" for size in _PHONEME_LENGTHS for at in range(len(sounds) - size + 1)
    ]
    # A checksum, not Python's hash: the places are the same in every process and on every machine.
    return np.unique(np.array([zlib.crc32(one.encode()) % BUCKETS for one in found], dtype=np.int64))


def tokens(hits: Sequence[Hit]) -> list[str]:
    """The concepts that were found, with their form and whose they are, each once."""
    return sorted({f"{hit.concept}:{hit.form}:{hit.whose}" for hit in hits})
