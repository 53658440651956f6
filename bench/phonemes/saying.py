"""Many lessons, said by several processes that each keep an encoder."""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from bench.phonemes.sounds import Lesson, lesson, load_model, natural_voice, plain_voice
from device.listen.whisper_model import WhisperModel
from device.understand.bank import Phrase, read_bank
from device.understand.understanding import LEXICON

NATURAL = 1_000_000
"""From this seed on Kokoro speaks."""


@cache
def _at_hand() -> tuple[WhisperModel, list[Phrase]]:
    """Once a process."""
    return load_model(), read_bank(LEXICON)


def _lesson(seed: int) -> Lesson | None:
    return lesson(natural_voice if seed >= NATURAL else plain_voice, *_at_hand(), seed)


def say(seeds: list[int], processes: int) -> Iterator[Lesson]:
    """The lessons of these seeds, in their order, with a line of progress now and then."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for number, made in enumerate(pool.map(_lesson, seeds, chunksize=4), start=1):
            if made:
                yield made
            if number % 50 == 0 or number == len(seeds):
                print(f"{number} of {len(seeds)} said", file=sys.stderr)
