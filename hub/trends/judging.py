"""Whether a person is lately other than usual. Pure: records and days in, readings out; no clock, no store.

Every comparison is of a person with themselves. "Lately" and "usual" are whole weeks, so that what belongs to a
weekday (day service, a daughter's visit) is in both; delays are compared within a time of day, because people
answer slower in the morning. What the hub could not know (`cannot_tell`) is in neither.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from hub.trends.numbers import median, rank_chance, share_chance, spread
from hub.trends.settings import Settings, Window


class Measure(StrEnum):
    """What is looked at. Only the worse direction is a sign: nobody is visited for answering faster."""

    slower = "slower"
    """Longer from the end of the question to the first word."""
    asked_again = "asked_again"
    """More answers that took a second or third asking."""
    missed = "missed"
    """More slots without an answer, of those that were heard to be asked."""
    worse = "worse"
    """More answers that say that something is not well."""


class Record(NamedTuple):
    """One slot that was asked and ended in an answer or in none."""

    day: date
    slot: str
    answered: bool
    delay_ms: int | None = None
    """Of an answer, where the speaker measured it."""
    again: bool = False
    """The answer took more than one asking."""
    worse: bool = False


class Reading(NamedTuple):
    """One measure of one person: how it usually is, how it is lately, and whether that is a change."""

    measure: Measure
    usual: float
    """Milliseconds for `slower`, a share of 0..1 for the others."""
    recent: float
    days: int
    """How many days "lately" are."""
    effect: float
    """The difference as a multiple of the least difference of the settings: from 1 on it is worth a word."""
    chance: float
    changed: bool


def readings(
    records: Sequence[Record],
    today: date,
    settings: Settings,
    *,
    usual_from: date | None = None,
    usual_until: date | None = None,
) -> dict[Measure, Reading]:
    """The reading of each measure that has enough behind it: the most telling window of each.

    `today` is the last day of "lately". `usual_until` (exclusive) is by default where the longest "lately" begins;
    `usual_from` cuts off what was before a change that somebody has dealt with.
    """
    until = usual_until or today - timedelta(days=settings.longest - 1)
    since = max(until - timedelta(days=settings.usual_days), usual_from or date.min)
    usual = _Span(one for one in records if since <= one.day < until)
    if len(usual.days) < settings.least_usual_days:
        return {}
    found: dict[Measure, Reading] = {}
    for window in settings.windows:
        first = today - timedelta(days=window.days - 1)
        recent = _Span(one for one in records if first <= one.day <= today)
        if len(recent.days) < window.least_days:
            continue
        for reading in _compare(recent, usual, window, settings):
            best = found.get(reading.measure)
            if best is None or (reading.changed, window.days) > (best.changed, best.days):
                found[reading.measure] = reading
    return found


def calm(
    records: Sequence[Record], today: date, settings: Settings, told_on: date, measures: Iterable[Measure]
) -> bool:
    """Whether all of `measures`, told on `told_on`, are back near what was usual before; False with too few records.

    Only days after it was told say so: those before it are what it was told against.
    """
    if today < told_on + timedelta(days=settings.course.calm_days):
        return False
    window = Window(
        days=settings.course.calm_days, least_days=settings.course.calm_days // 2, chance=0.05, strictness=1.0
    )
    until = told_on - timedelta(days=settings.longest - 1)
    since = until - timedelta(days=settings.usual_days)
    usual = _Span(one for one in records if since <= one.day < until)
    first = today - timedelta(days=window.days - 1)
    recent = _Span(one for one in records if first <= one.day <= today)
    if len(usual.days) == 0 or len(recent.days) < window.least_days:
        return False
    effects = {one.measure: one.effect for one in _compare(recent, usual, window, settings)}
    return all(effects.get(measure, 0.0) < settings.course.calm for measure in measures)


class _Span:
    """The records of some days, counted.

    The slots of one day are no independent witnesses: a morning in bed is an evening in bed. So the chance of a share is
    that of as many days, not of as many slots.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self.days: set[date] = set()
        self.asked = self.answered = self.again = self.worse = 0
        self.delays: dict[str, dict[date, float]] = defaultdict(dict)
        """Logarithm of the delay in milliseconds, by slot and day."""
        for one in records:
            self.days.add(one.day)
            self.asked += 1
            if one.answered:
                self.answered += 1
                self.again += one.again
                self.worse += one.worse
                if one.delay_ms is not None:
                    self.delays[one.slot][one.day] = math.log(max(one.delay_ms, 1))

    @property
    def a_day(self) -> float:
        """Slots a day, at least one."""
        return self.asked / len(self.days) if self.days else 1.0


def _compare(recent: _Span, usual: _Span, window: Window, settings: Settings) -> Iterable[Reading]:
    least = settings.differences
    yield from _slower(recent, usual, window, settings)
    shares = (
        (Measure.asked_again, least.asked_again, recent.again, recent.answered, usual.again, usual.answered),
        (
            Measure.missed,
            least.missed,
            recent.asked - recent.answered,
            recent.asked,
            usual.asked - usual.answered,
            usual.asked,
        ),
        (Measure.worse, least.worse, recent.worse, recent.answered, usual.worse, usual.answered),
    )
    for measure, difference, hits, of, usual_hits, usual_of in shares:
        if of == 0 or usual_of == 0:
            continue
        before, now = usual_hits / usual_of, hits / of
        effect = (now - before) / difference
        # Most people are as usual, and then nobody has to count urns.
        grave = effect >= window.strictness
        chance = 1.0
        if grave:
            days, usual_days = recent.a_day, usual.a_day
            chance = share_chance(
                math.floor(hits / days),
                math.floor(of / days),
                math.ceil(usual_hits / usual_days),
                math.ceil(usual_of / usual_days),
            )
        yield Reading(measure, before, now, window.days, effect, chance, grave and chance < window.chance)


def _slower(recent: _Span, usual: _Span, window: Window, settings: Settings) -> Iterable[Reading]:
    """One value a day, the mean over its slots of how far each is from what is usual at that time of day."""
    centres = {
        slot: median(list(of_day.values())) for slot, of_day in usual.delays.items() if slot in recent.delays
    }
    before, now = _residuals(usual, centres), _residuals(recent, centres)
    if len(before) < settings.least_usual_days or len(now) < window.least_days:
        return
    centre, shift = median(before), median(now)
    gone = shift - centre
    least = settings.differences
    wanted = max(math.log(least.slower), least.slower_spreads * spread(before))
    effect = gone / wanted
    grave = effect >= window.strictness
    chance = rank_chance(now, before) if grave else 1.0
    level = sum(centres.values()) / len(centres)
    yield Reading(
        Measure.slower,
        math.exp(level + centre),
        math.exp(level + shift),
        window.days,
        effect,
        chance,
        grave and chance < window.chance,
    )


def _residuals(span: _Span, centres: dict[str, float]) -> list[float]:
    of_day: dict[date, list[float]] = defaultdict(list)
    for slot, centre in centres.items():
        for day, delay in span.delays[slot].items():
            of_day[day].append(delay - centre)
    return [sum(values) / len(values) for values in of_day.values()]
