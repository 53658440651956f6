"""`python -m bench.phonemes`: teaches the second ear anew and replaces `device/listen/phonemes/head.npz`.

Needs the packages of `pip install 'mimamori[training]'` (lock/training.txt). Sounds and lessons are drawn with seeds.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from bench.phonemes.sounds import Lesson, lesson, load_model, natural_voice, plain_voice
from bench.phonemes.teach import Course, fit
from device.listen.phonemes.head import FILE, PhonemeHead
from device.listen.whisper_model import WhisperModel
from device.understand.bank import Phrase, read_bank
from device.understand.understanding import LEXICON

_NATURAL = 1_000_000
"""From this seed on Kokoro speaks."""


@cache
def _at_hand() -> tuple[WhisperModel, list[Phrase]]:
    """Once a process."""
    return load_model(), read_bank(LEXICON)


def _lesson(seed: int) -> Lesson | None:
    return lesson(natural_voice if seed >= _NATURAL else plain_voice, *_at_hand(), seed)


def _lessons(seeds: list[int], processes: int) -> Iterator[Lesson]:
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for number, made in enumerate(pool.map(_lesson, seeds, chunksize=4), start=1):
            if made:
                yield made
            if number % 50 == 0 or number == len(seeds):
                print(f"{number} of {len(seeds)} said", file=sys.stderr)


def main() -> None:
    """Say, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", type=int, default=8000, help="sounds in Open JTalk's voice")
    parser.add_argument("--natural", type=int, default=3000, help="sounds in Kokoro's")
    parser.add_argument("--epochs", type=int, default=Course().epochs)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--to", type=Path, default=FILE)
    asked = parser.parse_args()
    seeds = [*range(asked.plain), *range(_NATURAL, _NATURAL + asked.natural)]
    lessons = list(_lessons(seeds, asked.processes))
    weights = fit(lessons, Course(epochs=asked.epochs), lambda line: print(line, file=sys.stderr))
    PhonemeHead(weights).write(asked.to)


if __name__ == "__main__":
    main()
