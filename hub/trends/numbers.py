"""Robust statistics on a few dozen numbers. Pure, exact where counts are, no libraries."""

import math
from collections.abc import Sequence

MAD_AS_DEVIATION = 1.4826
"""The median absolute deviation of a normal distribution times this is its standard deviation."""


def median(values: Sequence[float]) -> float:
    """The middle; the mean of the two middle ones of an even number. ValueError for none."""
    if not values:
        raise ValueError("no median of nothing")
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def spread(values: Sequence[float]) -> float:
    """A standard deviation that a few wild values do not move: the scaled median absolute deviation."""
    centre = median(values)
    return MAD_AS_DEVIATION * median([abs(value - centre) for value in values])


def share_chance(hits: int, of: int, usual_hits: int, usual_of: int) -> float:
    """How probable at least `hits` of `of` are, if they came from one urn with the usual ones (Fisher, one-sided).

    Exact: the tail of the hypergeometric distribution. 1.0 when there is nothing to compare.
    """
    if of == 0 or usual_of == 0:
        return 1.0
    everything, marked = of + usual_of, hits + usual_hits
    ways = math.comb(everything, of)
    tail = sum(
        math.comb(marked, drawn) * math.comb(everything - marked, of - drawn)
        for drawn in range(hits, min(marked, of) + 1)
    )
    return tail / ways


def rank_chance(values: Sequence[float], usual: Sequence[float]) -> float:
    """How probable values as high as these are, if they came from where the usual ones do (Mann-Whitney, one-sided).

    By the normal approximation with ties, which for few values in the far tail says too much rather than too little.
    """
    n, m = len(values), len(usual)
    if n == 0 or m == 0:
        return 1.0
    ordered = sorted([(value, True) for value in values] + [(value, False) for value in usual])
    ranks, ties, at = 0.0, 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        alike = end - at
        ranks += sum(mine for _, mine in ordered[at:end]) * (at + 1 + end) / 2
        ties += alike**3 - alike
        at = end
    total = n + m
    above = ranks - n * (n + 1) / 2
    variance = n * m / 12 * ((total + 1) - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return 0.5 * math.erfc((above - n * m / 2 - 0.5) / math.sqrt(2 * variance))
