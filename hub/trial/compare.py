"""Two policies on the same records, side by side: the queue of people, and the repair lane."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from contract.time import office_date
from hub.policy import Policy
from hub.trial import boxes
from hub.trial.history import Home, Real, read
from hub.trial.repairs import Repairs, replay_repairs
from hub.trial.replay import Course, replay
from hub.vocabulary import Party, ReasonCode

WARM_UP = timedelta(days=7)
"""Records before the days that are counted: a silence may have begun there."""
LISTED = 200
"""Cases named in a result; all of them are counted."""


class Tally(Struct, frozen=True, kw_only=True):
    """What one policy would have caused on the days of the trial, in one lane."""

    cases: int
    calls: int
    """Steps at which somebody phones or looks: resident, family, helper, 民生委員, the office."""
    visits: int
    cases_a_day: float
    calls_a_day: float
    visits_a_day: float
    most_visits_on_a_day: int


class Delay(Struct, frozen=True, kw_only=True):
    """A case that really came into the queue, and when the other policy would have brought it."""

    resident_id: str
    real_at: datetime
    would_at: datetime | None
    """None: not at all, because an answer, or the line, came first."""
    later_s: float | None
    """How much later; below 0 for earlier."""


class Comparison(Struct, frozen=True, kw_only=True):
    """One lane under both policies."""

    present: Tally
    other: Tally
    real: int
    """Cases that really came on these days: of people those of silence, of boxes all."""
    delayed: list[Delay]
    """Those that would have come later or not at all, the longest delay first; at most 200."""
    delayed_count: int
    never_count: int
    """Of them, those that would not have come at all."""
    earlier_count: int


class BoxComparison(Comparison, frozen=True, kw_only=True):
    """The repair lane under both policies."""

    present_outages: int
    """Losses of a district that would have been one notice and a list."""
    other_outages: int


class Trial(Comparison, frozen=True, kw_only=True):
    """What came of trying another policy on the past: the queue of people, and beside it the repair lane."""

    since: date
    until: date
    days: int
    homes: int
    boxes: BoxComparison


def try_out(
    conn: Connection,
    present: Policy,
    other: Policy,
    now: datetime,
    days: int,
    progress: Callable[[Sequence[Home]], Iterable[Home]] = iter,
) -> Trial:
    """Replay the last `days` days under both policies. `progress` goes over the homes and may tell how far it is."""
    since = now - timedelta(days=days)
    first_day = office_date(since - WARM_UP)
    homes = read(conn, since - WARM_UP, now, first_day)
    mine, theirs = _Count(since, days), _Count(since, days)
    judged: list[Delay] = []
    for home in progress(homes):
        mine.add(replay(home, present, now))
        course = replay(home, other, now)
        theirs.add(course)
        judged += [_judge(home, real, course) for real in home.real if real.at >= since]
    late = _late(judged)
    return Trial(
        since=office_date(since),
        until=office_date(now),
        days=days,
        homes=len(homes),
        boxes=_boxes(boxes.read(conn, since - WARM_UP, now, first_day), present, other, now, since, days),
        present=mine.tally(),
        other=theirs.tally(),
        real=len(judged),
        delayed=late[:LISTED],
        delayed_count=len(late),
        never_count=_never(judged),
        earlier_count=_earlier(judged),
    )


def _boxes(
    fleet: boxes.Fleet, present: Policy, other: Policy, now: datetime, since: datetime, days: int
) -> BoxComparison:
    mine, theirs = replay_repairs(fleet, present, now), replay_repairs(fleet, other, now)
    judged: list[Delay] = []
    for box in fleet.boxes:
        again: Counter[boxes.Key] = Counter()
        for real in box.real:
            would = theirs.told_at.get(real.key, [])[again[real.key] :]
            again[real.key] += 1
            if real.opened and real.at >= since:
                judged.append(_delay(box.home.resident_id, real.at, next(iter(would), None)))
    late = _late(judged)
    return BoxComparison(
        present=_tally(mine, since, days),
        other=_tally(theirs, since, days),
        present_outages=sum(at >= since for at in mine.outages),
        other_outages=sum(at >= since for at in theirs.outages),
        real=len(judged),
        delayed=late[:LISTED],
        delayed_count=len(late),
        never_count=_never(judged),
        earlier_count=_earlier(judged),
    )


def _judge(home: Home, real: Real, course: Course) -> Delay:
    """The other policy's case about the same silence: opened after it began, before the next answer in time."""
    heard = next(
        (
            question.answered_at
            for question in home.questions
            if question.answered_at is not None
            and question.opens_at >= real.since
            and question.answered_at > real.at
        ),
        None,
    )
    would = next(
        (
            one.at
            for one in course.opened
            if one.code is ReasonCode.missed and one.at >= real.since and (heard is None or one.at < heard)
        ),
        None,
    )
    return _delay(home.resident_id, real.at, would)


def _delay(resident_id: str, real_at: datetime, would_at: datetime | None) -> Delay:
    later = (would_at - real_at).total_seconds() if would_at is not None else None
    return Delay(resident_id=resident_id, real_at=real_at, would_at=would_at, later_s=later)


def _late(judged: Sequence[Delay]) -> list[Delay]:
    late = [one for one in judged if one.later_s is None or one.later_s > 0]
    return sorted(
        late, key=lambda one: (one.later_s is not None, -(one.later_s or 0), one.real_at, one.resident_id)
    )


def _never(judged: Sequence[Delay]) -> int:
    return sum(one.would_at is None for one in judged)


def _earlier(judged: Sequence[Delay]) -> int:
    return sum(one.later_s is not None and one.later_s < 0 for one in judged)


def _tally(repairs: Repairs, since: datetime, days: int) -> Tally:
    count = _Count(since, days)
    for course in repairs.courses:
        count.add(course)
    return count.tally()


class _Count:
    """Sums over all homes; only what lies in the days of the trial."""

    def __init__(self, since: datetime, days: int) -> None:
        self._since = since
        self._days = days
        self._cases = self._calls = 0
        self._visits: Counter[Any] = Counter()

    def add(self, course: Course) -> None:
        self._cases += sum(one.at >= self._since for one in course.opened)
        for step in course.steps:
            if step.at < self._since:
                continue
            if step.party is Party.visit:
                self._visits[office_date(step.at)] += 1
            else:
                self._calls += 1

    def tally(self) -> Tally:
        visits = self._visits.total()
        return Tally(
            cases=self._cases,
            calls=self._calls,
            visits=visits,
            cases_a_day=round(self._cases / self._days, 2),
            calls_a_day=round(self._calls / self._days, 2),
            visits_a_day=round(visits / self._days, 2),
            most_visits_on_a_day=max(self._visits.values(), default=0),
        )
