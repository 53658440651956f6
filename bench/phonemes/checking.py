"""How many phonemes a head gets wrong."""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from bench.phonemes.sounds import Lesson
from device.listen.phonemes.head import PhonemeHead
from device.listen.phonemes.search import likeliest


def error(head: PhonemeHead, lessons: Sequence[Lesson]) -> float:
    """Phonemes that are missing, wrong or too many, of those that were said; above 1 for a head that babbles."""
    wrong = 0
    for one in lessons:
        [(columns, _)] = likeliest(head.listen(one.frames), 1)
        wrong += Levenshtein.distance(columns, one.columns)
    return wrong / sum(len(one.columns) for one in lessons)
