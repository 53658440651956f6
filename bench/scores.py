"""Counting: what was made of utterances, as shares with the range in which the truth lies, and as a confusion table."""

import math
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from bench.report import percentile
from bench.utterances import Utterance
from contract.events import Intent
from device.understand.meaning import ILL, WELL


class Answer(Struct, frozen=True):
    """One utterance, and what was made of it."""

    utterance: Utterance
    intent: Intent
    """`unrelated` also where nothing was heard: either way the speaker asks again."""
    certain: bool
    """Whether a speaker acts on it without a closed question first."""
    milliseconds: float
    """From the end of the answer to the decision."""
    heard: str | None = None
    """The recognizer's words; None where no recognizer was asked, or no speech was found."""


class Share(Struct, frozen=True):
    """A part of a whole, with the 95 % range of the true share (Wilson) for as few as were counted."""

    part: int
    whole: int
    share: float
    low: float
    high: float


class Score(Struct, frozen=True):
    """The figures of some answers; None where there was nothing to count."""

    utterances: int
    accuracy: Share | None
    help_recall: Share | None
    """Emergencies read as emergency: declared, or asked about at once with silence sending the call."""
    help_at_once: Share | None
    """Emergencies declared without asking."""
    false_emergencies: Share | None
    """Anything else declared an emergency without asking."""
    asked_about_help: Share | None
    """Anything else after which the speaker asks whether help is needed; a no ends it."""
    dangerous_certain: int
    """Ill, in pain or in need, read as fine or as usual, and acted upon without a closed question."""
    dangerous_uncertain: int
    """The same with a closed question coming first."""
    certain_share: Share | None
    accuracy_when_certain: Share | None
    decision_p50_ms: float | None
    decision_p95_ms: float | None


def share(part: int, whole: int) -> Share | None:
    """`part` of `whole` with its range; None of nothing."""
    if not whole:
        return None
    z = 1.96  # 95 %
    middle = (part + z * z / 2) / (whole + z * z)
    half = z * math.sqrt(part * (whole - part) / whole + z * z / 4) / (whole + z * z)
    return Share(
        part=part,
        whole=whole,
        share=round(part / whole, 3),
        low=round(max(0.0, middle - half), 3),
        high=round(min(1.0, middle + half), 3),
    )


def score(answers: Sequence[Answer]) -> Score:
    """The figures of these answers."""
    right = [one.intent is one.utterance.intent for one in answers]
    certain = [one for one in answers if one.certain]
    help_meant = [one for one in answers if one.utterance.intent is Intent.emergency]
    others = [one for one in answers if one.utterance.intent is not Intent.emergency]
    alarms = [one for one in others if one.intent is Intent.emergency]
    dangerous = [one for one in answers if one.utterance.intent in ILL and one.intent in WELL]
    spent = [one.milliseconds for one in answers]
    return Score(
        utterances=len(answers),
        accuracy=share(sum(right), len(answers)),
        help_recall=share(sum(one.intent is Intent.emergency for one in help_meant), len(help_meant)),
        help_at_once=share(
            sum(one.intent is Intent.emergency and one.certain for one in help_meant), len(help_meant)
        ),
        false_emergencies=share(sum(one.certain for one in alarms), len(others)),
        asked_about_help=share(sum(not one.certain for one in alarms), len(others)),
        dangerous_certain=sum(one.certain for one in dangerous),
        dangerous_uncertain=sum(not one.certain for one in dangerous),
        certain_share=share(len(certain), len(answers)),
        accuracy_when_certain=share(sum(one.intent is one.utterance.intent for one in certain), len(certain)),
        decision_p50_ms=round(percentile(spent, 0.5), 1) if spent else None,
        decision_p95_ms=round(percentile(spent, 0.95), 1) if spent else None,
    )


def confusion(answers: Sequence[Answer]) -> dict[str, dict[str, int]]:
    """Meant -> read as -> how often."""
    counted = Counter((one.utterance.intent, one.intent) for one in answers)
    return {
        meant.value: {read.value: counted[meant, read] for read in Intent if counted[meant, read]}
        for meant in Intent
    }
