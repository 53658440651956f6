"""A clock that is never behind what was written down, and says how far it can be trusted."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import ClockQuality
from device.config import ClockSource
from device.timekeeper import Timekeeper, kernel_synchronized
from tests.clock import MONDAY_NOON, TravellingClock, office

NOON = MONDAY_NOON


def keeper(
    clock: TravellingClock, source: ClockSource, *, floor: bool = True, synced: bool = False
) -> Timekeeper:
    return Timekeeper(clock, source, NOON if floor else None, lambda: synced)


def test_a_clock_set_by_network_time_is_synced() -> None:
    clock = TravellingClock(NOON)
    assert keeper(clock, ClockSource.auto, synced=True).read() == (NOON, ClockQuality.synced)
    assert keeper(clock, ClockSource.synced).read()[1] is ClockQuality.synced
    assert keeper(clock, ClockSource.rtc).read()[1] is ClockQuality.rtc


def test_nothing_known_is_unknown_and_a_floor_alone_is_a_floor() -> None:
    clock = TravellingClock(NOON)
    fresh = keeper(clock, ClockSource.auto, floor=False)
    assert fresh.read()[1] is ClockQuality.unknown
    assert keeper(clock, ClockSource.auto).read()[1] is ClockQuality.floor


def test_two_weeks_behind_time_goes_on_from_the_floor_until_the_clock_is_set() -> None:
    clock = TravellingClock(NOON - timedelta(days=14))
    time = keeper(clock, ClockSource.auto)
    assert time.read() == (NOON, ClockQuality.floor)
    assert time.behind
    clock.forward(minutes=5)
    assert time.now() == NOON + timedelta(minutes=5)
    clock.travel(NOON + timedelta(hours=9))
    assert time.now() == NOON + timedelta(hours=9)
    assert not time.behind


def test_a_claimed_clock_behind_the_floor_is_not_believed() -> None:
    clock = TravellingClock(NOON - timedelta(hours=1))
    for source in (ClockSource.synced, ClockSource.rtc):
        assert keeper(clock, source).read() == (NOON, ClockQuality.floor)


def test_network_time_may_take_back_a_floor_that_was_ahead() -> None:
    clock = TravellingClock(NOON - timedelta(days=3))
    time = keeper(clock, ClockSource.auto, synced=True)
    assert time.read() == (NOON - timedelta(days=3), ClockQuality.synced)
    assert not time.behind


def test_a_trim_of_seconds_is_no_fault() -> None:
    clock = TravellingClock(NOON)
    time = keeper(clock, ClockSource.synced)
    time.read()
    clock.forward(seconds=-20)
    assert time.read() == (NOON - timedelta(seconds=20), ClockQuality.synced)


def test_the_kernel_can_be_asked() -> None:
    assert kernel_synchronized() in (True, False)


@settings(deadline=None)
@given(st.lists(st.integers(-100_000, 100_000), max_size=30))
def test_without_a_witness_time_never_goes_back_by_more_than_a_trim(steps: list[int]) -> None:
    clock = TravellingClock(office("2026-11-24 08:00"))
    time = keeper(clock, ClockSource.auto)
    latest = time.now()
    for seconds in steps:
        clock.forward(seconds=seconds)
        now = time.now()
        assert now >= latest - timedelta(minutes=1)
        latest = max(latest, now)
