"""The phrase bank made ready for comparison, kept in a file because making it takes a minute.

The file is shipped beside the lexicon; a city that edits the phrases gets its own, made once and kept in the
cache. Both carry a digest of what they were made from, so that a stale one is never used.
"""

import hashlib
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import structlog

from contract.places import cache_folder
from device.understand.bank import Phrase, read_bank
from device.understand.encoder import DIMENSIONS, Encoder, Vectors
from device.understand.reading import phonemes, read

_FORMAT = 2
"""Raise it when reading, phonemes or the way of choosing change what the file holds."""

_EVERY = 2
"""Every how-manieth phrase gets a vector. Measured by `mimamori bench understanding`: all of them gain nothing."""

_SHIPPED = "examples.npz"

log = structlog.get_logger(__name__)


class Examples:
    """Phrases with how they sound and what they mean."""

    def __init__(self, phrases: list[Phrase], sounds: list[str], vectors: Vectors) -> None:
        """`vectors` has a row for every second phrase, starting with the first; no rows without an encoder."""
        self.phrases = phrases
        self.sounds = sounds
        self.vectors = vectors
        self.embedded: npt.NDArray[np.int64] = np.arange(0, len(phrases), _EVERY, dtype=np.int64)

    @classmethod
    def load(cls, folder: Path, encoder: Callable[[], Encoder | None]) -> "Examples":
        """The examples of the lexicon in `folder`: shipped, cached, or made now (a minute)."""
        source = folder / "phrases.toml"
        phrases = read_bank(source)
        digest = _digest(source)
        kept = cache_folder() / "understand" / f"examples-{digest[:16]}.npz"
        for path in (folder / _SHIPPED, kept):
            if examples := _read(path, phrases, digest):
                return examples
        engine = encoder()
        log.info("examples_are_made", phrases=len(phrases), with_meaning=engine is not None)
        examples = make(phrases, engine)
        if engine is not None:
            _write(kept, examples, digest)
        return examples


def make(phrases: list[Phrase], encoder: Encoder | None) -> Examples:
    """Read and embed every phrase."""
    sounds = [phonemes(read(phrase.text).kana) for phrase in phrases]
    texts = [phrase.text for phrase in phrases[::_EVERY]]
    vectors = encoder.encode(texts) if encoder else np.empty((0, DIMENSIONS), dtype=np.float32)
    return Examples(phrases, sounds, vectors)


def ship(folder: Path) -> Path:
    """Make the file that is shipped with the lexicon in `folder`."""
    source = folder / "phrases.toml"
    path = folder / _SHIPPED
    _write(path, make(read_bank(source), Encoder(threads=2)), _digest(source))
    return path


def _digest(source: Path) -> str:
    return hashlib.sha256(f"{_FORMAT} {_EVERY} ".encode() + source.read_bytes()).hexdigest()


def _read(path: Path, phrases: list[Phrase], digest: str) -> Examples | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            if bytes(file["digest"]).decode() != digest:
                return None
            sounds = bytes(file["sounds"]).decode().split("\n")
            vectors = file["vectors"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        log.warning("examples_unreadable", file=path.name, error=type(error).__name__)
        return None
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Examples(phrases, sounds, vectors)


def _write(path: Path, examples: Examples, digest: str) -> None:
    """Write whole or not at all. A byte per number is enough for a nearest neighbour."""
    peaks = np.abs(examples.vectors).max(axis=1, keepdims=True)
    small = np.round(examples.vectors / peaks * 127).astype(np.int8)
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        digest=np.frombuffer(digest.encode(), dtype=np.uint8),
        sounds=np.frombuffer("\n".join(examples.sounds).encode(), dtype=np.uint8),
        vectors=small,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(buffer.getvalue())
        part.replace(path)
    except OSError as error:
        log.warning("examples_not_kept", error=error.strerror)
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    print(ship(Path(__file__).parent / "lexicon"))
