"""What was agreed with a resident: on which days and at what time a slot opens."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, true

from contract.time import office_date, office_instant
from hub.holidays import is_holiday
from hub.store import tables as t
from hub.store.among import among
from hub.store.gathered import gathered
from hub.work import Work


class Rule(NamedTuple):
    """One row of a resident's schedule."""

    resident_id: str
    name: str
    at: timedelta
    """After office midnight; the home's own shift is in it."""
    weekdays: frozenset[int]
    on_holidays: bool = True

    def falls_on(self, day: date) -> bool:
        """Whether there is a slot on this day."""
        return day.isoweekday() in self.weekdays and (self.on_holidays or not is_holiday(day))

    def opening(self, day: date) -> datetime:
        """When the slot of `day` opens."""
        return office_instant(day, self.at)

    def next_day(self, not_before: datetime) -> date:
        """The day of the first slot that opens at or after `not_before`."""
        day = office_date(not_before)
        while not self.falls_on(day) or self.opening(day) < not_before:
            day += timedelta(days=1)
        return day

    def day_after(self, day: date) -> date:
        """The day of the slot after the one of `day`."""
        later = day + timedelta(days=1)
        while not self.falls_on(later):
            later += timedelta(days=1)
        return later


class _Schedule(NamedTuple):
    """A schedule row as it stands in the store."""

    resident_id: str
    name: str
    at: str
    weekdays: frozenset[int]
    on_holidays: bool


def rules(
    work: Work, residents: Collection[str], names: Collection[str] | None = None
) -> dict[str, list[Rule]]:
    """The schedules of those of these residents who are still watched over, by resident; all, or of these names."""
    found: dict[str, list[Rule]] = defaultdict(list)
    if residents:
        row = t.schedule.c
        asked = (
            select(*(row[name] for name in _Schedule._fields))
            .join(t.resident, t.resident.c.id == row.resident_id)
            .where(
                among(row.resident_id, residents),
                t.resident.c.ended_at.is_(None),
                true() if names is None else row.name.in_(sorted(names)),
            )
        )
        for one in gathered(work.conn, _Schedule, asked):
            at = work.policy.at_home(one.at, one.resident_id)
            found[one.resident_id].append(Rule(one.resident_id, one.name, at, one.weekdays, one.on_holidays))
    return found
