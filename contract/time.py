"""Time is an argument: UTC inside, the office's zone at the edge, from an injected clock."""

import ctypes
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Tokyo")
"""The one zone in which people agree on times. Slots are named by the date in this zone."""


_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized
_TIMEX_BYTES = 512  # more than struct timex on any Linux


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
    return _midnight(day) + at


@lru_cache(maxsize=64)
def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE_ZONE).astimezone(UTC)


def kernel_synchronized() -> bool:
    """Whether the kernel says that its clock is synchronized (`adjtimex`); False where it cannot say."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state: int = ctypes.CDLL(None).adjtimex(buffer)
    return 0 <= state < _TIME_ERROR
