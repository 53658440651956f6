"""`python -m device.understand.train`: teach the learnt voice from the lexicon again, and ship it as `model.npz`."""

import random
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from contract.events import Intent
from device.listen.phonemes.spelling import kana_of, phonemes_of
from device.understand.bank import Phrase, read_bank
from device.understand.encoder import DIMENSIONS, Encoder
from device.understand.features import Pieces, pieces, tokens
from device.understand.finder import Finder
from device.understand.fit import Course, Lessons, fit
from device.understand.heard import HeardPhrase, read_heard, teachable
from device.understand.learnt import MEANING_SCALE, Learnt, Taught, digest
from device.understand.mishear import vary
from device.understand.reading import phonemes, read

_PLAIN = 8
"""Of one line at most so many examples are taught as they are written."""

_VARIED = 5
"""And so many in other ways they may arrive."""

_RARE = 3
"""A concept token that occurs less often teaches nothing."""

_WARMTH = 1.0

_INTENTS = list(Intent)


class Sample(Struct, frozen=True):
    """One utterance to learn from."""

    text: str
    intent: Intent
    line: int
    pieces: Pieces
    tokens: list[str]


def samples(
    bank: Sequence[Phrase], finder: Finder, heard: Sequence[HeardPhrase] = (), seed: int = 1
) -> list[Sample]:
    """A fixed selection of the bank, as written, varied, and as a recognizer heard it; read and searched for concepts."""
    chance = random.Random(seed)
    lines: dict[int, list[Phrase]] = {}
    for phrase in bank:
        lines.setdefault(phrase.line, []).append(phrase)
    misheard: dict[tuple[Intent, str], list[str]] = {}
    for one in teachable(heard, bank):
        misheard.setdefault((one.intent, one.text), []).append(one.heard)
    out = []
    for line, phrases in lines.items():
        intent = phrases[0].intent
        texts = [one.text for one in phrases]
        chosen = chance.sample(texts, min(_PLAIN, len(texts)))
        varied = (vary(chance.choice(texts), intent, chance) for _ in range(_VARIED))
        spoken = [text for phrase in phrases for text in misheard.get((intent, phrase.text), ())]
        # The second ear writes as it sounds: わ for は, えー as ええ.
        sounding = kana_of(phonemes_of(chance.choice(texts)))
        for text in dict.fromkeys([*chosen, *varied, sounding, *spoken]):
            reading = read(text)
            if reading.kana:
                out.append(Sample(text, intent, line, pieces(reading), tokens(finder.find(reading))))
    return out


def lessons(chosen: Sequence[Sample], encoder: Encoder, concepts: Sequence[str]) -> Lessons:
    """The samples as numbers."""
    dense = np.zeros((len(chosen), DIMENSIONS + len(concepts)), dtype=np.float32)
    for begin in range(0, len(chosen), 128):
        texts = [one.text for one in chosen[begin : begin + 128]]
        dense[begin : begin + 128, :DIMENSIONS] = encoder.encode(texts) * MEANING_SCALE
    column = {token: DIMENSIONS + number for number, token in enumerate(concepts)}
    for row, one in enumerate(chosen):
        dense[row, [column[token] for token in one.tokens if token in column]] = 1
    of_line = Counter(one.line for one in chosen)
    weights = np.array([1 / of_line[one.line] for one in chosen], dtype=np.float32)
    return Lessons(
        pieces=[one.pieces for one in chosen],
        dense=dense,
        intents=np.array([_INTENTS.index(one.intent) for one in chosen], dtype=np.int64),
        weights=weights / weights.mean(),
        intent_count=len(_INTENTS),
    )


def known_concepts(chosen: Sequence[Sample]) -> list[str]:
    """The tokens worth a row, in a fixed order."""
    seen = Counter(token for one in chosen for token in one.tokens)
    return sorted(token for token, count in seen.items() if count >= _RARE)


def train(folder: Path, course: Course, tell: Callable[[str], None]) -> Learnt:
    """Teach the lexicon in `folder`; raise `Refused` naming the line of it that is wrong."""
    made_from = digest(folder)
    bank = read_bank(folder)
    finder = Finder.read(folder)
    tell(f"{len(bank)} phrases are read")
    chosen = samples(bank, finder, read_heard(folder))
    concepts = known_concepts(chosen)
    tell(f"{len(chosen)} samples with {len(concepts)} concepts are embedded")
    made = lessons(chosen, Encoder(), concepts)
    weights = fit(made, course, lambda epoch: tell(f"epoch {epoch} of {course.epochs}"))
    taught = Taught(
        digest=made_from,
        texts=[one.text for one in bank],
        sounds=[phonemes(read(one.text).kana) for one in bank],
        intents=[one.intent for one in bank],
    )
    return Learnt(weights, concepts, taught, _WARMTH)


if __name__ == "__main__":
    ArgumentParser(description="Teach the lexicon's phrases anew into its model.npz.").parse_args()
    target = Path(__file__).parent / "lexicon"
    train(target, Course(), lambda line: print(line, file=sys.stderr)).write(target / "model.npz")
