"""Many lessons, said by several processes that each keep an encoder."""

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from bench.phonemes.sounds import Lesson, lesson, load_model, natural_voice, plain_voice
from device.listen.whisper_model import WhisperModel
from device.understand.bank import Phrase, read_bank
from device.understand.understanding import LEXICON

FRESH = 500_000
"""From this seed on nothing is taught."""
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
    if processes == 1:
        yield from _told(map(_lesson, seeds), len(seeds))
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from _told(pool.map(_lesson, seeds, chunksize=4), len(seeds))


def _told(made: Iterable[Lesson | None], all_of_them: int) -> Iterator[Lesson]:
    for number, one in enumerate(made, start=1):
        if one:
            yield one
        if number % 50 == 0 or number == all_of_them:
            print(f"{number} of {all_of_them} said", file=sys.stderr)
