"""One home through its records under one policy: when it would have come into the queue, and which steps it would have cost.

What is taken as it happened: answers and when they arrived, what was said, and what staff wrote down at which instant. What
follows from the policy: deadlines, when a silence counts, the ladder, how long an acknowledgement lasts. What cannot be
known is not invented: an answer comes at the time at which it came, however often the other policy would have asked.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from hub.policy import Policy
from hub.trial.history import Act, Home
from hub.vocabulary import Party, ReasonCode, Severity


class Opened(NamedTuple):
    """A case that this policy would have opened."""

    at: datetime
    code: ReasonCode
    ended_at: datetime
    """When it would have been over; the end of the records where it was not."""


class Step(NamedTuple):
    """A step that somebody would have been asked to do."""

    at: datetime
    party: Party


class Course(NamedTuple):
    """Everything that would have happened to one home."""

    opened: list[Opened]
    steps: list[Step]


def replay(home: Home, policy: Policy, until: datetime) -> Course:
    """The course of one home up to `until`."""
    opened = sorted([*_silences(home, policy, until), *_spoken(home, until)])
    cases: list[Opened] = []
    steps: list[Step] = []
    for one in opened:
        # While a case is open, what else comes joins it; only a call for help climbs a ladder of its own.
        joins = cases and one.at < cases[-1].ended_at and one.code is not ReasonCode.call_for_help
        if not joins:
            cases.append(one)
            steps += _climb(home, policy, one)
    return Course(cases, steps)


class _Chain:
    """The misses in a row of one home, as `hub.watch.silence` counts them."""

    def __init__(self, home: Home, policy: Policy) -> None:
        limits = policy.risk_class(home.risk_class)
        self._most = limits.missed_slots_in_a_row
        self._longest = limits.unanswered_for
        self._misses: list[tuple[datetime, datetime]] = []
        """When each question opened, and when it was known to be missed."""
        self._settled: datetime | None = None

    def counts_from(self) -> datetime | None:
        """From when on this silence belongs in the queue, if nobody answers before; None while nothing is missed."""
        if not self._misses:
            return None
        opens_at, missed_at = self._misses[0]
        too_long = max(opens_at + self._longest, missed_at)
        if len(self._misses) >= self._most:
            return min(too_long, self._misses[self._most - 1][1])
        return too_long

    def missed(self, opens_at: datetime, at: datetime) -> None:
        if self._settled is None or opens_at > self._settled:
            self._misses.append((opens_at, at))

    def answered(self, opens_at: datetime) -> None:
        self._misses = [one for one in self._misses if one[0] > opens_at]

    def settled(self, at: datetime) -> None:
        self._settled = at
        self._misses = []


class _What(IntEnum):
    """What happens, in the order in which it counts at one instant."""

    answer = 0
    miss = 1
    end = 2


def _silences(home: Home, policy: Policy, until: datetime) -> Iterator[Opened]:
    """When the silence of this home would have counted, and when it would have been over."""
    chain = _Chain(home, policy)
    open_since: datetime | None = None
    for at, what, opens_at in _events(home, policy, until):
        counts = chain.counts_from()
        if open_since is None and counts is not None and counts < at:
            open_since = counts
        match what:
            case _What.miss:
                chain.missed(opens_at, at)
            case _What.answer:
                chain.answered(opens_at)
            case _What.end if open_since is not None:
                chain.settled(at)
        counts = chain.counts_from()
        if open_since is None and counts is not None and counts <= at:
            open_since = at
        elif open_since is not None and (counts is None or counts > at):
            yield Opened(open_since, ReasonCode.missed, at)
            open_since = None
    counts = chain.counts_from()
    if open_since is None and counts is not None and counts < until:
        open_since = counts
    if open_since is not None:
        yield Opened(open_since, ReasonCode.missed, until)


def _events(home: Home, policy: Policy, until: datetime) -> list[tuple[datetime, _What, datetime]]:
    """Every answer, every miss by this policy's deadline, every end that staff wrote down; in order."""
    found = [(act.at, _What.end, act.at) for act in home.acts if act.kind in ("reached", "closed")]
    for question in home.questions:
        deadline = policy.deadline(question.opens_at)
        if question.answered_at is None or question.answered_at > deadline:
            found.append((deadline, _What.miss, question.opens_at))
        if question.answered_at is not None:
            found.append((question.answered_at, _What.answer, question.opens_at))
    return sorted(one for one in found if one[0] < until)


def _spoken(home: Home, until: datetime) -> Iterator[Opened]:
    ends = [act.at for act in home.acts if act.kind == "closed"]
    for one in home.said:
        over = next((end for end in ends if end >= one.at), until)
        yield Opened(one.at, one.code, over)


def _climb(home: Home, policy: Policy, case: Opened) -> Iterator[Step]:
    severity = Severity.emergency if case.code is ReasonCode.call_for_help else Severity.needs_check
    return climb(home, policy, case, severity, home.acts)


def climb(
    home: Home, policy: Policy, case: Opened, severity: Severity, acts: Sequence[Act]
) -> Iterator[Step]:
    """The steps from the opening of a case to its end; what staff wrote down lets the climb rest, as it does in the hub."""
    ladder = policy.ladders[policy.ladder_for(case.code, severity, home.risk_class)]
    rungs = [step for step in ladder[:-1] if step.party in home.parties] + [ladder[-1]]
    rest = policy.acknowledgement[severity]
    during = [act for act in acts if case.at <= act.at < case.ended_at]
    at, index = case.at, 0
    while index < len(rungs) and at < case.ended_at:
        yield Step(at, rungs[index].party)
        goes_on = at + rungs[index].wait
        while during and during[0].at < goes_on:
            act = during.pop(0)
            if act.kind == "not_reached":
                goes_on = act.at
                break
            goes_on = max(goes_on, act.at + rest) if act.at >= at else goes_on
        at, index = max(goes_on, at), index + 1
