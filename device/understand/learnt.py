"""The learnt voice: a small network over pieces of sound, words, concepts and sentence meaning, in plain numpy.

It is trained off the device (`python -m device.understand.train`) and shipped as `model.npz`.
"""

import hashlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from contract.events import Intent
from contract.refusal import Refused
from device.understand.bank import sources
from device.understand.encoder import DIMENSIONS
from device.understand.features import Pieces
from device.understand.heard import FILE

FORMAT = 3
"""Raise it when reading, pieces or layout change what the file holds."""

MEANING_SCALE = 4.0
"""What the unit vectors of the encoder are multiplied by, to weigh as much as a handful of concepts."""

Numbers = npt.NDArray[np.float32]
Small = npt.NDArray[np.int8]


class Weights(Struct, frozen=True):
    """One hidden layer over everything, and a direct way from the pieces. Shapes: H hidden, C concepts, 10 intents."""

    pieces: Small
    """BUCKETS x H."""
    direct: Small
    """BUCKETS x 10."""
    dense: Numbers
    """(512 + C) x H."""
    hidden_bias: Numbers
    out: Numbers
    """H x 10."""
    bias: Numbers
    piece_scale: float
    """What one step of `pieces` is worth."""
    direct_scale: float


class Taught(Struct, frozen=True):
    """What it was trained from, kept so that a person can be told what an utterance comes close to."""

    digest: str
    texts: list[str]
    sounds: list[str]
    """`phonemes` of each text."""
    intents: list[Intent]


class Learnt:
    """Knows its weights; gives every intent its share."""

    def __init__(self, weights: Weights, concepts: list[str], taught: Taught, warmth: float) -> None:
        """`concepts` are the tokens in the order of the dense rows; `warmth` divides the logits (calibration)."""
        self.weights = weights
        self.taught = taught
        self._concepts = {token: DIMENSIONS + number for number, token in enumerate(concepts)}
        self._warmth = warmth
        self._by_intent: dict[Intent, tuple[list[str], list[str]]] = {intent: ([], []) for intent in Intent}
        for text, sound, intent in zip(taught.texts, taught.sounds, taught.intents, strict=True):
            self._by_intent[intent][0].append(text)
            self._by_intent[intent][1].append(sound)

    def shares(self, pieces: Pieces, tokens: list[str], meaning: Numbers | None) -> dict[Intent, float]:
        """How likely each intent is, adding up to 1. `meaning` is the sentence vector (512), or None without encoder."""
        weights = self.weights
        scale = 1 / np.sqrt(max(1, len(pieces)))
        before = weights.hidden_bias + weights.pieces[pieces].astype(np.float32).sum(0) * (
            weights.piece_scale * scale
        )
        rows = [self._concepts[token] for token in tokens if token in self._concepts]
        before = before + weights.dense[rows].sum(0)
        if meaning is not None:
            before = before + (meaning * MEANING_SCALE) @ weights.dense[:DIMENSIONS]
        direct = weights.direct[pieces].astype(np.float32).sum(0) * (weights.direct_scale * scale)
        logits = (np.maximum(before, 0) @ weights.out + weights.bias + direct) / self._warmth
        grown = np.exp(logits - logits.max())
        return dict(zip(Intent, (grown / grown.sum()).tolist(), strict=True))

    def nearest(self, sound: str, intent: Intent) -> tuple[str, float]:
        """The taught phrase of `intent` that sounds most like `sound`, and how much (0..1)."""
        texts, sounds = self._by_intent[intent]
        _, likeness, at = process.extractOne(sound, sounds, scorer=Levenshtein.normalized_similarity)
        return texts[at], float(likeness)

    @classmethod
    def read(cls, path: Path) -> "Learnt":
        """Read `model.npz`; raise `Refused` when it is missing, torn or of another format."""
        try:
            with path.open("rb") as stored, np.load(stored, allow_pickle=False) as file:
                if int(file["format"]) != FORMAT:
                    raise KeyError("format")
                taught = Taught(
                    digest=_text(file["digest"]),
                    texts=_text(file["texts"]).split("\n"),
                    sounds=_text(file["sounds"]).split("\n"),
                    intents=[Intent(one) for one in _text(file["intents"]).split("\n")],
                )
                weights = Weights(
                    pieces=file["pieces"],
                    direct=file["direct"],
                    dense=file["dense"].astype(np.float32),
                    hidden_bias=file["hidden_bias"],
                    out=file["out"],
                    bias=file["bias"],
                    piece_scale=float(file["piece_scale"]),
                    direct_scale=float(file["direct_scale"]),
                )
                return cls(weights, _text(file["concepts"]).split("\n"), taught, float(file["warmth"]))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise Refused(
                f"{path} を読めません ({type(error).__name__})。`python -m device.understand.train` で作り直してください。"
            ) from error

    def write(self, path: Path) -> None:
        """Write whole or not at all."""
        weights = self.weights
        part = path.with_name(f".{path.name}.part.npz")
        np.savez_compressed(
            part,
            format=FORMAT,
            digest=_bytes(self.taught.digest),
            texts=_bytes("\n".join(self.taught.texts)),
            sounds=_bytes("\n".join(self.taught.sounds)),
            intents=_bytes("\n".join(self.taught.intents)),
            concepts=_bytes("\n".join(self._concepts)),
            warmth=self._warmth,
            pieces=weights.pieces,
            direct=weights.direct,
            dense=weights.dense.astype(np.float16),
            hidden_bias=weights.hidden_bias,
            out=weights.out,
            bias=weights.bias,
            piece_scale=weights.piece_scale,
            direct_scale=weights.direct_scale,
        )
        part.replace(path)


def digest(folder: Path) -> str:
    """Of everything the model of the lexicon in `folder` is made from."""
    words = b"\0".join((folder / name).read_bytes() for name in ("words.tsv", "grammar.toml", "rules.toml"))
    heard = (folder / FILE).read_bytes() if (folder / FILE).exists() else b""
    made_from = b"\0".join([sources(folder), words, heard])
    return hashlib.sha256(f"{FORMAT} ".encode() + made_from).hexdigest()


def small(numbers: Numbers) -> tuple[Small, float]:
    """`numbers` in a byte each, and what one step is worth."""
    scale = float(np.abs(numbers).max()) / 127 or 1.0
    return np.round(numbers / scale).astype(np.int8), scale


def _text(stored: npt.NDArray[np.uint8]) -> str:
    return bytes(stored).decode()


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)
