"""A resident goes for good: everything that is theirs leaves the store, and the numbers of the year stay.

`belongings.of` finds what belongs to a person, `counting` adds up what the year's figures need of it, `erasing.erase` does
it in the caller's transaction. `records.known` answers who was erased when: the number alone is kept, for the audit and
so that no old roster brings the person back.
"""

from hub.erasure import belongings, disk
from hub.erasure.belongings import Belongings, Line, listed, of
from hub.erasure.counting import Count, counts
from hub.erasure.erasing import Why, erase
from hub.erasure.records import Erasure, known, speakers_told

__all__ = [
    "Belongings",
    "Count",
    "Erasure",
    "Line",
    "Why",
    "belongings",
    "counts",
    "disk",
    "erase",
    "known",
    "listed",
    "of",
    "speakers_told",
]
