"""Which question is due: pure, from the configuration, what was asked already, and the instant.

Nothing is counted down, so a clock that jumps drops nothing and doubles nothing: what was asked is known by the
slot's name, and what is due follows from the wall clock alone at every look.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contract.commands import Config, SlotPlan
from contract.time import office_date, office_instant

CATCH_UP = timedelta(hours=4)
"""How long after its time a slot is still asked for the first time, after a power cut or a clock set forward."""
LADDER_SLACK = timedelta(minutes=10)
"""How long after its time the last asking may begin: another dialogue or a restart may stand in the way."""
WRONG_CLOCK = timedelta(hours=12)
"""An asking dated this far ahead was made by a clock that was wrong."""
KEEP = timedelta(days=8)
"""How long an asking is remembered."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asking:
    """What is remembered of one slot."""

    slot: str
    attempts: int
    """Askings begun so far."""
    asked_at: datetime
    """When the last one began."""
    answered: bool = False
    open: bool = False
    """It was begun, and no event tells how it ended: a power cut."""
    starts: int = 1
    """How often the last one was begun."""


@dataclass(frozen=True)
class Due:
    """Ask this now."""

    slot: str
    attempt: int
    question: str
    at: datetime
    """Since when it is due."""
    slot_at: datetime
    """The slot's own time."""
    last: bool
    """No other asking of this slot follows."""


@dataclass(frozen=True)
class _Slot:
    name: str
    plan: SlotPlan
    at: datetime
    closes_at: datetime


def due(config: Config, since: datetime, asked: Mapping[str, Asking], now: datetime) -> Due | None:
    """The question to ask at `now`, or None.

    `since` is when these slots were first agreed upon: of a slot before that, only the running ladder is joined.
    """
    if config.paused_until is not None and now < config.paused_until:
        return None
    return min(_open(config, since, asked, now), key=lambda each: (each.slot_at, each.at), default=None)


def worth_remembering(asking: Asking, now: datetime) -> bool:
    """False for what is long past, and for what a wrong clock asked ahead of its day: that day will come."""
    return -KEEP < asking.asked_at - now <= WRONG_CLOCK


def is_open(config: Config, since: datetime, slot: str, now: datetime) -> bool:
    """Whether `slot` is one of the configuration's and may still be asked at `now`."""
    return any(each.name == slot and each.at <= now < each.closes_at for each in _slots(config, since, now))


def answerable(
    config: Config, since: datetime, asked: Mapping[str, Asking], now: datetime, early: timedelta
) -> str | None:
    """The slot that an answer nobody asked for belongs to: one that is open, or else one that comes within `early`."""
    if config.paused_until is not None and now < config.paused_until:
        return None
    for slot in _slots(config, since, now):
        asking = asked.get(slot.name)
        if slot.at - early <= now < slot.closes_at and not (asking and asking.answered):
            return slot.name
    return None


def _open(config: Config, since: datetime, asked: Mapping[str, Asking], now: datetime) -> Iterator[Due]:
    for slot in _slots(config, since, now):
        if not slot.at <= now < slot.closes_at:
            continue
        if config.paused_until is not None and slot.at < config.paused_until:
            continue
        found = _next_asking(config, slot, asked.get(slot.name), now)
        if found and found.at <= now:
            yield found


def _next_asking(config: Config, slot: _Slot, asking: Asking | None, now: datetime) -> Due | None:
    offsets = _offsets(config)
    attempt, at = 1, slot.at
    if asking and asking.open:
        attempt, at = asking.attempts, asking.asked_at
        # Begun and cut off: its time has come already, whatever the clock says since.
        at = min(at, now)
    elif asking:
        attempt = asking.attempts + 1
        if asking.answered or attempt > len(offsets):
            return None
        # After a late first asking the agreed pause is kept, not made up for.
        pause = offsets[attempt - 1] - offsets[attempt - 2]
        at = max(slot.at + offsets[attempt - 1], asking.asked_at + pause)
    return Due(
        slot=slot.name,
        attempt=attempt,
        question=slot.plan.question,
        at=at,
        slot_at=slot.at,
        last=attempt >= len(offsets),
    )


def _offsets(config: Config) -> list[timedelta]:
    return [timedelta(0), *(timedelta(seconds=seconds) for seconds in config.retry_after_seconds)]


def _slots(config: Config, since: datetime, now: datetime) -> list[_Slot]:
    """The slots of yesterday, today and tomorrow, by time: a retry may fall after midnight."""
    today = office_date(now)
    times = sorted(
        (
            (_slot_time(plan, day), day, plan)
            for day in (today - _DAY, today, today + _DAY)
            for plan in config.slots
            if day.isoweekday() in plan.weekdays and (plan.on_holidays or day not in config.holidays)
        ),
        key=lambda each: (each[0], each[2].name),
    )
    ladder = _offsets(config)[-1] + LADDER_SLACK
    slots = []
    for position, (at, day, plan) in enumerate(times):
        closes_at = at + ladder
        if at >= since:
            later = [other for other, _, _ in times[position + 1 :] if other > at]
            closes_at = max(closes_at, min([at + CATCH_UP, *later]))
        slots.append(_Slot(f"{day.isoformat()}/{plan.name}", plan, at, closes_at))
    return slots


def _slot_time(plan: SlotPlan, day: date) -> datetime:
    hours, minutes, *seconds = (int(part) for part in plan.at.split(":"))
    return office_instant(day, timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0))
