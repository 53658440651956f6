"""Public holidays of Japan, as `jpholiday` knows them."""

from datetime import date, timedelta
from functools import lru_cache

import jpholiday


@lru_cache(maxsize=4096)
def is_holiday(day: date) -> bool:
    """Whether this day is a 国民の祝日, 振替休日 or 国民の休日."""
    return bool(jpholiday.is_holiday(day))


def holidays_of(year: int) -> list[date]:
    """Every public holiday of a year, in order."""
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range(366))
    return [day for day in days if day.year == year and is_holiday(day)]
