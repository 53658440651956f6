"""What a word is worth where it stands: denied, over, somebody else's, heard on television, long ago."""

import re

import msgspec
from msgspec import Struct

from device.understand.reading import Reading, fold
from device.understand.words import Hit

_TRAILING = 2
"""Kana after a cry that are only its breath (「助けてよお」); what goes on longer reports it (「助けてと言っとる」)."""


class Scope(Struct, forbid_unknown_fields=True):
    """The first part of `rules.toml`, in hiragana as the city edits it."""

    masks: list[str]
    positive: list[str]
    denied_after: list[str]
    not_denied_after: list[str]
    recoverable: list[str]
    between: str
    clause_breaks: list[str]
    never_others: list[str]


class Scoping:
    """Applies a `Scope` to the hits of one reading."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._masks = frozenset(scope.masks)
        self._positive = frozenset(scope.positive)
        self._recoverable = frozenset(scope.recoverable)
        self._denied = tuple(map(fold, scope.denied_after))
        self._not_denied = tuple(map(fold, scope.not_denied_after))
        between = "".join(fold(part) for part in re.split(r"([()|?]+)", scope.between))
        self._between = re.compile(between.replace("(", "(?:"))
        self._break = re.compile("|".join(fold(one).replace("、", "") for one in scope.clause_breaks))

    def apply(self, hits: list[Hit], reading: Reading) -> list[Hit]:
        """The hits as they count here; those inside a set phrase are gone."""
        masked = [hit for hit in hits if not self._is_masked(hit, hits)]
        denied = [self._deny(hit, reading) for hit in masked]
        over = [self._recover(hit, denied, reading) for hit in denied]
        return [self._attribute(hit, over, reading) for hit in over]

    def _is_masked(self, hit: Hit, hits: list[Hit]) -> bool:
        return hit.concept not in self._masks and any(
            other.concept in self._masks and other.start <= hit.start < other.end for other in hits
        )

    def _deny(self, hit: Hit, reading: Reading) -> Hit:
        if hit.concept not in self._positive or hit.form != "said":
            return hit
        rest = reading.kana[hit.end :]
        if rest.startswith(self._denied) and not rest.startswith(self._not_denied):
            return msgspec.structs.replace(hit, form="denied")
        return hit

    def _recover(self, hit: Hit, hits: list[Hit], reading: Reading) -> Hit:
        if hit.concept not in self._recoverable or hit.form not in ("said", "linking"):
            return hit
        for other in hits:
            if (
                other.concept == "recovered"
                and other.form in ("said", "linking", "possible")
                and other.start >= hit.end
                and self._between.fullmatch(reading.kana[hit.end : other.start])
            ):
                return msgspec.structs.replace(hit, form="over")
        return hit

    def _attribute(self, hit: Hit, hits: list[Hit], reading: Reading) -> Hit:
        concepts = {other.concept for other in hits}
        if "media" in concepts and not self._cries_out_after_a_pause(hit, reading):
            return msgspec.structs.replace(hit, whose="told")
        for other in hits:
            if other.start >= hit.start or other.end > hit.start:
                continue
            broken = self._break.search(reading.kana[other.end : hit.start])
            if other.concept == "other_person" and not broken and hit.concept not in self._scope.never_others:
                return msgspec.structs.replace(hit, whose="other")
            if other.concept == "past" and not broken and not reading.kana[other.end :].startswith("カラ"):
                return msgspec.structs.replace(hit, whose="past")
            if other.concept == "if" and hit.form in ("said", "linking") and not broken:
                return msgspec.structs.replace(hit, form="imagined")
        return hit

    def _cries_out_after_a_pause(self, hit: Hit, reading: Reading) -> bool:
        """Whether this is a cry of one's own that ends the answer: 「テレビで見て怖なった、助けて」."""
        return (
            hit.concept in self._scope.never_others
            and len(reading.kana) - hit.end <= _TRAILING
            and any(0 < pause <= hit.start for pause in reading.pauses)
        )
