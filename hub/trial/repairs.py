"""The repair lane under one policy: cases of lines and boxes, and the steps they would have cost."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from hub.policy import Policy
from hub.trial.boxes import Box, Fleet, Key
from hub.trial.lines import Standing, replay_lines
from hub.trial.replay import Course, Opened, Step, climb
from hub.vocabulary import ReasonCode, Severity


class Repairs(NamedTuple):
    """Everything that would have happened in the repair lane."""

    courses: list[Course]
    told_at: dict[Key, list[datetime]]
    """When staff would have heard of each trouble: again where they closed its case and it went on."""
    outages: list[datetime]


class _Trouble(NamedTuple):
    at: datetime
    over_at: datetime
    code: ReasonCode
    key: Key


def replay_repairs(fleet: Fleet, policy: Policy, until: datetime) -> Repairs:
    """The course of every speaker up to `until`, district by district: lines fail together."""
    found = Repairs([], {}, [])
    here: dict[str, list[Box]] = defaultdict(list)
    for box in fleet.boxes:
        here[box.district].append(box)
    for district, boxes in here.items():
        lines = replay_lines(boxes, fleet.speakers.get(district, 0), policy, until)
        found.outages.extend(lines.outages)
        for box in boxes:
            troubles = [
                *_lines(box, lines.single.get(box.home.resident_id, ()), policy),
                *_boxes(box, policy, until),
            ]
            for one in troubles:
                found.told_at.setdefault(one.key, []).append(one.at)
            found.courses.append(_course(box, sorted(troubles), policy, until))
        for key, at in lines.gathered.items():
            # Whoever is on the list of an outage was told of there, and stands alone only where it leaves them behind.
            found.told_at.setdefault(key, []).append(at)
    return found


def _lines(box: Box, single: Sequence[Standing], policy: Policy) -> Iterator[_Trouble]:
    """Losses, each cut where somebody closed its case; the next question that the line keeps back brings it up again."""
    closings = [act.at for act in box.acts if act.kind == "closed"]
    deadlines = sorted(policy.deadline(opens_at) for opens_at in box.unreached)
    for one in single:
        at: datetime | None = one.at
        while at is not None:
            closed = next((end for end in closings if at < end < one.over_at), None)
            yield _Trouble(at, closed or one.over_at, ReasonCode.device_unreachable, one.key)
            at = closed and next((again for again in deadlines if closed <= again < one.over_at), None)


def _boxes(box: Box, policy: Policy, until: datetime) -> Iterator[_Trouble]:
    """Questions that did not come through and broken parts; a later deadline may find them mended."""
    for one in box.troubles:
        at = one.at if one.opens_at is None else policy.deadline(one.opens_at) + one.after
        over_at = one.over_at or until
        if at < over_at:
            yield _Trouble(at, over_at, one.code, one.key)


def _course(box: Box, troubles: Sequence[_Trouble], policy: Policy, until: datetime) -> Course:
    """While a case is open, what else comes joins it; it climbs anew where everything before was settled."""
    cases: list[Opened] = []
    climbs: list[Opened] = []
    for one in troubles:
        if climbs and one.at < climbs[-1].ended_at:
            climbs[-1] = climbs[-1]._replace(ended_at=max(climbs[-1].ended_at, one.over_at))
        else:
            climbs.append(Opened(one.at, one.code, one.over_at))
    for one_climb in climbs:
        ended_at = _closed(box, one_climb, until)
        if cases and one_climb.at < cases[-1].ended_at:
            cases[-1] = cases[-1]._replace(ended_at=max(cases[-1].ended_at, ended_at))
        else:
            cases.append(one_climb._replace(ended_at=ended_at))
    steps: list[Step] = []
    for one_climb in climbs:
        steps += climb(box.home, policy, one_climb, Severity.device_unreachable, box.acts)
    return Course(cases, steps)


def _closed(box: Box, one: Opened, until: datetime) -> datetime:
    """A case that somebody has in hand stays open until they close it; another one ends with its trouble."""
    if any(one.at <= act.at < one.ended_at for act in box.acts):
        ends = (act.at for act in box.acts if act.kind == "closed" and act.at >= one.ended_at)
        return next(ends, until)
    return one.ended_at
