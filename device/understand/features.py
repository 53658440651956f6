"""What the learnt voice looks at: pieces of sound, words and the grammar between them, and concepts in their forms."""

import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from device.understand.reading import Reading, phonemes
from device.understand.words import Hit

BUCKETS = 1 << 15
"""How many places the pieces are hashed to. Twice as many gained nothing on what was kept out."""

_BASE_LENGTHS = (1, 2, 3)
_ROLE_LENGTHS = (2, 3, 4)
_KANA_LENGTHS = (1, 2, 3, 4)
_PHONEME_LENGTHS = (3, 4, 5, 6)

_LONG = re.compile(r"([aiueo])\1+")

Pieces = npt.NDArray[np.int64]
"""Places of the pieces of one utterance, sorted, each once."""


def pieces(reading: Reading) -> Pieces:
    """The pieces of one utterance, with the two ends marked.

    1 to 4 kana tell words and endings apart; 3 to 6 phonemes forgive a recognizer that mistook one consonant or
    vowel, and a vowel drawn out or cut short (たすけてー, きゅうきゅしゃ, いたあ). 1 to 3 words in their dictionary form,
    and 2 with any word between, say the same of every inflection; 2 to 4 roles say who did it to whom and whether it
    is told, long ago or feared (隣のNがVたげな), whatever the words are.
    """
    spoken = f"^{reading.kana}$"
    sounds = _LONG.sub(r"\1", f"^{phonemes(reading.kana)}$")
    found = _runs("", spoken, _KANA_LENGTHS) + _runs("p", sounds, _PHONEME_LENGTHS)
    bases = ["^", *(word.base for word in reading.words), "$"]
    roles = ["^", *(word.role for word in reading.words), "$"]
    found += [f"f{'|'.join(run)}" for run in _windows(bases, _BASE_LENGTHS)]
    found += [f"g{first}|*|{last}" for first, last in zip(bases, bases[2:], strict=False)]
    found += [f"s{'|'.join(run)}" for run in _windows(roles, _ROLE_LENGTHS)]
    # A checksum, not Python's hash: the places are the same in every process and on every machine.
    return np.unique(np.array([zlib.crc32(one.encode()) % BUCKETS for one in found], dtype=np.int64))


def _runs(mark: str, letters: str, lengths: Sequence[int]) -> list[str]:
    return [mark + letters[at : at + size] for size in lengths for at in range(len(letters) - size + 1)]


def _windows(words: list[str], lengths: Sequence[int]) -> Iterator[list[str]]:
    for size in lengths:
        for at in range(len(words) - size + 1):
            yield words[at : at + size]


def tokens(hits: Sequence[Hit]) -> list[str]:
    """The concepts that were found, with their form and whose they are, each once."""
    return sorted({f"{hit.concept}:{hit.form}:{hit.whose}" for hit in hits})
