"""What an utterance comes nearest to: by its sound and by its meaning."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from rapidfuzz import fuzz, process

from contract.events import Intent
from device.understand.encoder import Encoder
from device.understand.examples import Examples

_NEIGHBOURS = 3
"""How many neighbours of each intent are averaged; one alone follows a single odd phrase."""

_SOUND, _MEANING = 2 / 3, 1 / 3
"""Weights of the two similarities. Measured by `mimamori bench understanding`; flat around here."""


class Likeness(Struct, frozen=True):
    """How near an utterance comes to each intent's examples, 0..1, and the nearest example of each."""

    scores: dict[Intent, float]
    nearest: dict[Intent, str]
    with_meaning: bool
    """False where only the sound was compared."""

    def best(self) -> Intent:
        """The intent of the nearest examples."""
        return max(self.scores, key=lambda intent: self.scores[intent])

    def explain(self, intent: Intent) -> str:
        """A few words: the nearest example of `intent`."""
        by = "sound and meaning" if self.with_meaning else "sound only, no sentence encoder"
        return f"nearest {intent} 「{self.nearest[intent]}」 {self.scores[intent]:.2f} ({by})"


class Neighbours:
    """Compares with every example."""

    def __init__(self, examples: Examples, encoder: Encoder | None) -> None:
        self._examples = examples
        self._encoder = encoder if len(examples.vectors) else None
        all_intents = np.array([phrase.intent for phrase in examples.phrases])
        self._rows = {
            intent: np.flatnonzero(all_intents == intent) for intent in Intent if intent in all_intents
        }
        embedded = all_intents[examples.embedded]
        self._embedded_rows = {intent: np.flatnonzero(embedded == intent) for intent in self._rows}

    def compare(self, text: str, sound: str) -> Likeness:
        """Compare `text`, whose phonemes are `sound`, with the examples."""
        heard = process.cdist([sound], self._examples.sounds, scorer=fuzz.ratio, dtype=np.float32)[0] / 100
        meant: npt.NDArray[np.float32] | None = None
        if self._encoder is not None:
            meant = self._examples.vectors @ self._encoder.encode([text])[0]
        scores: dict[Intent, float] = {}
        nearest: dict[Intent, str] = {}
        for intent, rows in self._rows.items():
            by_sound = heard[rows]
            score = _top(by_sound)
            closest = int(rows[int(by_sound.argmax())])
            if meant is not None:
                by_meaning = meant[self._embedded_rows[intent]]
                score = _SOUND * score + _MEANING * _top(by_meaning)
                if by_meaning.max() > by_sound.max():
                    row = self._embedded_rows[intent][int(by_meaning.argmax())]
                    closest = int(self._examples.embedded[row])
            scores[intent] = float(score)
            nearest[intent] = self._examples.phrases[closest].text
        return Likeness(scores, nearest, meant is not None)


def _top(similarities: npt.NDArray[np.float32]) -> float:
    count = min(_NEIGHBOURS, len(similarities))
    return float(np.sort(similarities)[-count:].mean()) if count else 0.0
