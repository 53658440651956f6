"""Announcements and reminders, pure: which are due, which must wait for the morning, which have had their time.

As with slots nothing is counted down: an occurrence is known by its name ("2026-11-24/medicine"), so a clock that
jumps and a restart neither drop nor double one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct, field

from contract.commands import Config, QuietHours, Reminder
from contract.events import AnnouncementKind
from contract.time import OFFICE_ZONE, office_date, office_instant

GOOD_FOR = {
    AnnouncementKind.medicine: timedelta(hours=2),
    AnnouncementKind.garbage: timedelta(hours=2),
    AnnouncementKind.event: timedelta(hours=12),
    AnnouncementKind.disaster: timedelta(hours=12),
    AnnouncementKind.other: timedelta(hours=12),
}
"""How long after its time something is still worth saying, unless the hub names an end."""
REMEMBERED = timedelta(days=3)
"""How long what was announced is remembered; only today's and yesterday's reminders are looked at."""
WRONG_CLOCK = timedelta(hours=12)
"""Noted this far ahead by a clock that was wrong: that day will come."""

_DAY = timedelta(days=1)


class Waiting(Struct, frozen=True, kw_only=True):
    """Something to be said."""

    name: str
    """The command's id, or the reminder's day and name."""
    kind: AnnouncementKind
    text: str
    at: datetime
    expires_at: datetime
    tried: bool = False
    """The loudspeaker gave nothing."""


class Agreed(Struct, frozen=True):
    """A reminder, and since when it stands."""

    reminder: Reminder
    since: datetime


class Notes(Struct, kw_only=True):
    """What must survive a power cut."""

    waiting: list[Waiting] = field(default_factory=list)
    done: dict[str, datetime] = field(default_factory=dict)
    agreed: list[Agreed] = field(default_factory=list)
    begun: str = ""
    """The name of the one that is being said."""

    def knows(self, name: str) -> bool:
        """Whether it waits already, or is over."""
        return name in self.done or any(each.name == name for each in self.waiting)


def agree(agreed: list[Agreed], config: Config, now: datetime) -> list[Agreed]:
    """The reminders of `config`; what stood already stands since then, what is new begins now."""
    since = {each.reminder.name: each for each in agreed}
    return [
        before
        if (before := since.get(reminder.name)) and before.reminder == reminder
        else Agreed(reminder, now)
        for reminder in config.reminders
    ]


def occurrences(agreed: list[Agreed], paused_until: datetime | None, now: datetime) -> Iterator[Waiting]:
    """Today's and yesterday's reminders whose time has come; none from a time when nobody was at home."""
    today = office_date(now)
    for each in agreed:
        reminder = each.reminder
        for day in (today - _DAY, today):
            if day.isoweekday() not in reminder.weekdays:
                continue
            hours, minutes, *seconds = (int(part) for part in reminder.at.split(":"))
            of_day = timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
            at = office_instant(day, of_day)
            away = paused_until is not None and at < paused_until
            if each.since <= at <= now and not away:
                yield Waiting(
                    name=f"{day.isoformat()}/{reminder.name}",
                    kind=reminder.kind,
                    text=reminder.text,
                    at=at,
                    expires_at=at + GOOD_FOR[reminder.kind],
                )


def is_quiet(quiet: QuietHours | None, now: datetime) -> bool:
    """Whether `now` lies in the quiet hours."""
    if quiet is None:
        return False
    time = now.astimezone(OFFICE_ZONE).strftime("%H:%M:%S")
    begins, until = (each if len(each) > 5 else f"{each}:00" for each in (quiet.begins, quiet.until))
    if begins <= until:
        return begins <= time < until
    return time >= begins or time < until


def next_to_say(waiting: list[Waiting], quiet: QuietHours | None, now: datetime) -> Iterator[Waiting]:
    """Those that may be said now: 防災 first and whatever the hour, then by time."""
    hushed = is_quiet(quiet, now)
    for each in sorted(waiting, key=lambda one: (one.kind is not AnnouncementKind.disaster, one.at)):
        if now < each.expires_at and (each.kind is AnnouncementKind.disaster or not hushed):
            yield each


def worth_remembering(at: datetime, now: datetime) -> bool:
    """Whether what was over at `at` is still looked at."""
    return -REMEMBERED < at - now <= WRONG_CLOCK
