"""What really happened to the speakers: lines lost and back, questions that did not reach anybody, parts that broke."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from hub.store import tables as t
from hub.trial.history import Act, Home, acts_on, everybody
from hub.vocabulary import DeviceState, Lane, ReasonCode, SlotState
from hub.watch.slots import SlotKey

_DOWN = (DeviceState.late, DeviceState.offline)
_LINE = (*_DOWN, DeviceState.online)


class Key(NamedTuple):
    """What a trouble of a speaker is about: the same one under every policy."""

    resident_id: str
    what: str


class Loss(NamedTuple):
    """A line that went down, and when it was back; None where it still is down."""

    device_id: str
    at: datetime
    back_at: datetime | None

    def key(self, resident_id: str) -> Key:
        """As the queue calls it."""
        return Key(resident_id, _line(self.device_id, self.at))


class Trouble(NamedTuple):
    """A question that did not come through, or a part that broke, and when it was over."""

    key: Key
    code: ReasonCode
    at: datetime
    over_at: datetime | None
    opens_at: datetime | None
    """When the question opened; None where no deadline brought it up."""
    after: timedelta
    """How long after its deadline the question really ended: a speaker that had just come back was waited for."""


class Told(NamedTuple):
    """A trouble that really came into the repair lane."""

    key: Key
    at: datetime
    opened: bool
    """Whether it opened a case; else it joined one."""


@dataclass
class Box:
    """The speaker of one resident, each list oldest first."""

    home: Home
    district: str
    losses: list[Loss] = field(default_factory=list)
    unreached: list[datetime] = field(default_factory=list)
    """When the questions opened whose deadline found the line down."""
    troubles: list[Trouble] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    real: list[Told] = field(default_factory=list)


class Fleet(NamedTuple):
    """All speakers there is something to tell of, and how many stand in each district today."""

    boxes: list[Box]
    speakers: dict[str, int]


def read(conn: Connection, since: datetime, until: datetime, first_day: date) -> Fleet:
    """Every speaker's records from `since` to `until`; a handful of queries for a year of a town."""
    where = dict(
        conn.execute(
            select(t.resident.c.id, t.household.c.district).join(
                t.household, t.household.c.id == t.resident.c.household_id
            )
        ).all()
    )
    boxes = {home.resident_id: Box(home, where[home.resident_id]) for home in everybody(conn).values()}
    _losses(conn, boxes, since, until)
    opened = _unreached(conn, boxes, first_day, until)
    _troubles(conn, boxes, opened, since, until)
    acts = acts_on(conn, Lane.device, since, until)
    for box in boxes.values():
        box.acts = acts.get(box.home.household_id, [])
    return Fleet([box for box in boxes.values() if box.losses or box.troubles], _speakers(conn))


def _losses(conn: Connection, boxes: dict[str, Box], since: datetime, until: datetime) -> None:
    """A loss that had begun before the records counts from their beginning, unless the speaker's row still knows."""
    open_ones: dict[str, datetime] = {}
    whose: dict[str, str] = {}
    for device in conn.execute(select(t.device).where(t.device.c.resident_id.is_not(None))):
        whose[device.id] = device.resident_id
        if device.presence in _DOWN and device.presence_at is not None and device.presence_at < since:
            open_ones[device.id] = device.presence_at
    rows = conn.execute(
        select(t.transition.c.at, t.transition.c.subject, t.transition.c.old, t.transition.c.new)
        .where(t.transition.c.subject_kind == "device", t.transition.c.new.in_(_LINE))
        .where(t.transition.c.at >= since, t.transition.c.at < until)
        .order_by(t.transition.c.at, t.transition.c.id)
    )
    for at, device_id, old, new in rows:
        if device_id not in whose:
            continue
        if new in _DOWN:
            open_ones.setdefault(device_id, at)
        elif old in _DOWN:
            lost_at = open_ones.pop(device_id, since)
            boxes[whose[device_id]].losses.append(Loss(device_id, lost_at, at))
    for device_id, lost_at in open_ones.items():
        boxes[whose[device_id]].losses.append(Loss(device_id, lost_at, None))


def _unreached(
    conn: Connection, boxes: dict[str, Box], first_day: date, until: datetime
) -> dict[tuple[str, str], tuple[datetime, datetime]]:
    """Note the questions that a lost line kept back; of all that told nothing, the opening and the deadline."""
    rows = conn.execute(
        select(t.slot)
        .where(t.slot.c.day >= first_day, t.slot.c.opens_at < until)
        .where(t.slot.c.state != SlotState.waiting)
        .order_by(t.slot.c.opens_at, t.slot.c.id)
    )
    opened = {}
    for slot in rows:
        subject = str(SlotKey(slot.resident_id, slot.day, slot.name))
        opened[slot.resident_id, subject] = (slot.opens_at, slot.deadline_at)
        down = slot.state == SlotState.cannot_tell and slot.why == ReasonCode.device_unreachable
        # An answer that the home had kept arrived after the line was back; at the deadline nobody knew of it.
        late = slot.state == SlotState.answered and slot.closed_at > slot.deadline_at
        if down or late:
            boxes[slot.resident_id].unreached.append(slot.opens_at)
    return opened


def _troubles(
    conn: Connection,
    boxes: dict[str, Box],
    opened: dict[tuple[str, str], tuple[datetime, datetime]],
    since: datetime,
    until: datetime,
) -> None:
    rows = conn.execute(
        select(t.reason, t.case.c.opened_at, t.case.c.closed_at)
        .join(t.case, t.case.c.id == t.reason.c.case_id)
        .where(t.case.c.lane == Lane.device, t.reason.c.resident_id.is_not(None))
        .where(t.reason.c.at >= since, t.reason.c.at < until)
        .order_by(t.reason.c.at, t.reason.c.id)
    )
    for row in rows:
        box = boxes[row.resident_id]
        if row.code == ReasonCode.device_unreachable:
            device_id, _, lost_at = row.source.rpartition("@")
            key = Key(row.resident_id, _line(device_id, datetime.fromisoformat(lost_at)))
        else:
            key = Key(row.resident_id, row.source)
            question = opened.get((row.resident_id, row.source))
            opens_at, deadline_at = question or (None, row.at)
            over_at = min((at for at in (row.resolved_at, row.closed_at) if at is not None), default=None)
            after = max(row.at - deadline_at, timedelta())
            box.troubles.append(Trouble(key, ReasonCode(row.code), row.at, over_at, opens_at, after))
        box.real.append(Told(key, row.at, row.at == row.opened_at))


def _line(device_id: str, lost_at: datetime) -> str:
    return f"{device_id}@{lost_at.astimezone(UTC).isoformat()}"


def _speakers(conn: Connection) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    rows = conn.execute(
        select(t.household.c.district, func.count())
        .join(t.resident, t.resident.c.household_id == t.household.c.id)
        .join(t.device, t.device.c.resident_id == t.resident.c.id)
        .where(t.resident.c.ended_at.is_(None), t.device.c.presence != DeviceState.not_installed)
        .group_by(t.household.c.district)
    )
    for district, count in rows:
        found[district] = count
    return found
