"""`python -m bench.recite`: says phrases of the bank aloud and writes down what the recognizer makes of them.

The learnt voice is taught from `heard.tsv` beside the bank, so that it knows how a recognizer really misspells the
valley's speech; no model of hearing errors comes near that. Voices, paces, rooms and noises are drawn (seeded) as in
the bench of understanding; the sentences are the bank's own, never a test's.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from msgspec import Struct

from bench.aloud import Engine, manners, plain
from bench.noises import LOOP_SECONDS, Noise, make
from bench.utterances import Utterance
from contract.events import Intent
from contract.places import models_folder
from demo.acoustics import at_level, impulse_response, reverberate, speech_level_db, to_samples, to_sound
from device.listen.choose import load_recognizer
from device.listen.microphone import FRAME, RATE, Samples
from device.listen.recognizer import Recognizer
from device.understand.bank import Phrase, read_bank
from device.understand.heard import FILE, HeardPhrase, write_heard
from device.understand.understanding import LEXICON

NOISES = ((Noise.clean, 35.0, 6), (Noise.music, 10.0, 2), (Noise.white, 10.0, 2), (Noise.television, 10.0, 1))
"""What sounds beside the voice, how far below it in dB, and how often in turn."""
_LEAD = np.zeros(round(0.4 * RATE))


@cache
def _recognizer() -> Recognizer:
    """One a process."""
    return load_recognizer(models_folder())


class Recital(Struct, frozen=True):
    """One phrase, and the seed of everything that is drawn for it."""

    phrase: Phrase
    seed: int


def choose(bank: Sequence[Phrase], per_intent: int, seed: int) -> list[Recital]:
    """One phrase of a line, so many lines of each intent, twice as many where a mistake costs most."""
    chance = random.Random(seed)
    lines: dict[Intent, dict[int, list[Phrase]]] = defaultdict(lambda: defaultdict(list))
    for phrase in bank:
        lines[phrase.intent][phrase.line].append(phrase)
    chosen = []
    for intent, of_line in lines.items():
        most = per_intent * (2 if intent in (Intent.emergency, Intent.unrelated) else 1)
        for line in chance.sample(sorted(of_line), min(most, len(of_line))):
            chosen.append(chance.choice(of_line[line]))
    return [Recital(phrase, seed * 100_000 + number) for number, phrase in enumerate(chosen)]


def recite(one: Recital) -> HeardPhrase:
    """Say it and hear it, in a process that keeps its recognizer."""
    utterance = _recognizer().utterance()
    samples = _aloud(one)
    for begin in range(0, samples.size - FRAME, FRAME):
        utterance.accept(samples[begin : begin + FRAME])
    return HeardPhrase(one.phrase.intent, one.phrase.text, utterance.finish().text.strip())


def _aloud(one: Recital) -> Samples:
    chance = random.Random(one.seed)
    rng = np.random.default_rng(one.seed)
    [how] = manners(
        [Utterance(one.phrase.intent, "bank", one.phrase.text)], [Engine.openjtalk], (0.8, 0.9, 1.0), one.seed
    )
    kind, snr_db, _ = chance.choices(NOISES, weights=[often for _, _, often in NOISES])[0]
    level = speech_level_db(how.room)
    voice = at_level(to_sound(plain(one.phrase.text, how)), level)
    said = np.concatenate([_LEAD, reverberate(voice, impulse_response(how.room, rng)), _LEAD])
    noise = make(kind, rng, lambda _: ()) * 10.0 ** ((level - snr_db) / 20.0)
    at = int(rng.integers(LOOP_SECONDS * RATE))
    return to_samples(said + np.take(noise, np.arange(said.size) + at, mode="wrap"))


def _all(chosen: Sequence[Recital], processes: int) -> Iterator[HeardPhrase]:
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(recite, chosen, chunksize=4)


def main() -> None:
    """Recite, with a line of progress, and replace `heard.tsv`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-intent", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--to", type=Path, default=LEXICON / FILE)
    asked = parser.parse_args()
    chosen = choose(read_bank(LEXICON), asked.per_intent, asked.seed)
    random.Random(asked.seed).shuffle(chosen)
    heard = []
    for number, one in enumerate(_all(chosen, asked.processes), start=1):
        heard.append(one)
        if number % 50 == 0 or number == len(chosen):
            write_heard(asked.to, heard)
            print(f"{number} of {len(chosen)} said", file=sys.stderr)


if __name__ == "__main__":
    main()
