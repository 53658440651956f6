"""Dates, times and lengths, as people there write them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import words
from tests.clock import office

NOW = office("2026-11-24 08:52")


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(2026, 11, 24), "令和8年11月24日(火)", "R8.11.24"),
        (date(2024, 4, 1), "令和6年4月1日(月)", "R6.4.1"),
        (date(2019, 5, 1), "令和元年5月1日(水)", "R1.5.1"),
        (date(2019, 4, 30), "平成31年4月30日(火)", "H31.4.30"),
        (date(1989, 1, 7), "昭和64年1月7日(土)", "S64.1.7"),
        (date(1926, 12, 24), "西暦1926年12月24日(金)", "1926.12.24"),
    ],
)
def test_dates_are_in_eras(day: date, long: str, short: str) -> None:
    assert words.long_date(day) == long
    assert words.short_date(day) == short


@pytest.mark.parametrize(
    ("at", "written"),
    [
        ("2026-11-24 08:05", "8:05"),
        ("2026-11-23 18:00", "きのう 18:00"),
        ("2026-11-25 09:00", "あす 9:00"),
        ("2026-11-20 18:00", "11月20日 18:00"),
        ("2026-11-24 00:00", "0:00"),
    ],
)
def test_a_moment_names_its_day_only_where_needed(at: str, written: str) -> None:
    assert words.moment(office(at), NOW) == written


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (timedelta(seconds=59), "1分未満"),
        (timedelta(minutes=1), "1分"),
        (timedelta(minutes=59, seconds=59), "59分"),
        (timedelta(hours=3), "3時間"),
        (timedelta(hours=14, minutes=52), "14時間52分"),
        (timedelta(hours=24), "1日"),
        (timedelta(days=2, hours=4), "2日4時間"),
        (timedelta(seconds=-5), "1分未満"),
    ],
)
def test_lengths_are_rounded_down(time: timedelta, written: str) -> None:
    assert words.length(time) == written


def test_due_times_say_what_is_left_or_by_how_much_it_is_late() -> None:
    assert words.by_when(office("2026-11-24 09:05"), NOW) == "9:05まで(あと13分)"
    assert words.by_when(office("2026-11-24 08:40"), NOW) == "8:40まで(12分超過)"
    assert words.since(office("2026-11-24 08:10"), NOW) == "42分前から"
    assert words.since(office("2026-11-24 08:51:30"), NOW) == "たった今"


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
def test_every_instant_can_be_written(at: datetime) -> None:
    instant = at.replace(tzinfo=UTC)
    assert words.stamp(instant)
    assert words.moment(instant, NOW)
    assert words.since(instant, NOW)
    assert words.by_when(instant, NOW).endswith(")")
