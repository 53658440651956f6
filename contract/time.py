"""Time is an argument: UTC inside, the office's zone at the edge, from an injected clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Tokyo")
"""The one zone in which people agree on times. Slots are named by the date in this zone."""


class Clock(Protocol):
    """Whoever knows the time. Production passes `SystemClock`; a test passes one that travels."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC)


def office_date(at: datetime) -> date:
    """The calendar day on which `at` falls in the office's zone."""
    return at.astimezone(OFFICE_ZONE).date()


def office_instant(day: date, at: timedelta) -> datetime:
    """The UTC instant `at` after office midnight of `day`. Japan has no summer time, so this is exact."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=OFFICE_ZONE)
    return midnight.astimezone(UTC) + at
