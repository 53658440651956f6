"""Which question is due, on a clock that may jump as it likes."""

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.commands import Config, SlotPlan
from device.schedule import CATCH_UP, Asking, Due, due, is_open, worth_remembering
from tests.clock import office

LONG_AGO = office("2026-11-01 00:00")
MORNING = SlotPlan(name="morning", at="08:00")
EVENING = SlotPlan(name="evening", at="18:00:30")
CONFIG = Config(revision=1, slots=[MORNING, EVENING])
TUESDAY = "2026-11-24/morning"


@dataclass
class Home:
    """Remembers what was asked, as the device's memory does."""

    config: Config = CONFIG
    since: datetime = LONG_AGO
    askings: dict[str, Asking] = field(default_factory=dict)
    log: list[tuple[str, int]] = field(default_factory=list)

    def due(self, at: str | datetime) -> Due | None:
        now = office(at) if isinstance(at, str) else at
        return due(self.config, self.since, self.askings, now)

    def ask(self, at: str | datetime, *, answered: bool = False, cut_off: bool = False) -> Due:
        found = self.due(at)
        assert found
        now = office(at) if isinstance(at, str) else at
        before = self.askings.get(found.slot)
        again = before is not None and before.open and before.attempts == found.attempt
        self.askings[found.slot] = Asking(
            slot=found.slot,
            attempts=found.attempt,
            asked_at=now,
            answered=answered,
            open=cut_off,
            starts=before.starts + 1 if before and again else 1,
        )
        if not cut_off:
            self.log.append((found.slot, found.attempt))
        return found


def test_a_slot_is_due_at_its_time_in_the_offices_zone() -> None:
    home = Home()
    assert home.due("2026-11-24 07:59:59") is None
    found = home.due("2026-11-24 08:00")
    assert found
    assert (found.slot, found.attempt, found.question) == (TUESDAY, 1, "how_are_you")
    assert not found.last


def test_the_zone_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ.get("TZ")
    try:
        for zone in ("UTC", "America/Los_Angeles", "Asia/Tokyo"):
            os.environ["TZ"] = zone
            time.tzset()
            assert Home().due("2026-11-24 07:59:59") is None
            assert Home().due("2026-11-24 08:00") is not None
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def test_seconds_and_weekdays_count() -> None:
    home = Home(replace_slots(SlotPlan(name="day", at="18:00:30", weekdays=[2])))
    assert home.due("2026-11-24 18:00:29") is None
    assert home.due("2026-11-24 18:00:30") is not None  # a Tuesday
    assert home.due("2026-11-25 18:00:30") is None


def test_a_slot_that_rests_on_holidays_is_not_asked_on_them() -> None:
    slots = [SlotPlan(name="day", at="08:00", on_holidays=False), SlotPlan(name="noon", at="12:00")]
    home = Home(Config(revision=1, slots=slots, holidays=[date(2026, 11, 23)]))
    assert home.due("2026-11-23 08:01") is None
    assert home.due("2026-11-23 12:01") is not None
    assert home.due("2026-11-24 08:01") is not None


def replace_slots(*slots: SlotPlan) -> Config:
    return Config(revision=1, slots=list(slots))


def test_a_silent_resident_is_asked_again_after_10_and_30_minutes_and_then_left_alone() -> None:
    home = Home()
    home.ask("2026-11-24 08:00")
    assert home.due("2026-11-24 08:09:59") is None
    assert home.ask("2026-11-24 08:10").attempt == 2
    assert home.due("2026-11-24 08:29:59") is None
    third = home.ask("2026-11-24 08:30")
    assert (third.attempt, third.last) == (3, True)
    assert home.due("2026-11-24 09:00") is None


def test_an_answer_ends_the_asking() -> None:
    home = Home()
    home.ask("2026-11-24 08:00", answered=True)
    assert home.due("2026-11-24 08:10") is None
    assert home.due("2026-11-24 18:01") is not None


def test_after_a_power_cut_a_slot_is_caught_up_with_its_pauses_but_not_for_ever() -> None:
    home = Home()
    assert home.ask("2026-11-24 09:00").attempt == 1
    assert home.due("2026-11-24 09:01") is None
    assert home.ask("2026-11-24 09:10").attempt == 2
    late = office("2026-11-24 08:00") + CATCH_UP
    assert Home().due(late - timedelta(seconds=1)) is not None
    assert Home().due(late) is None


def test_the_next_slot_ends_the_catching_up_of_the_one_before() -> None:
    config = replace_slots(MORNING, SlotPlan(name="late_morning", at="09:30"))
    found = Home(config).due("2026-11-24 09:30")
    assert found
    assert found.slot == "2026-11-24/late_morning"


def test_a_question_cut_off_by_a_power_cut_is_asked_again_under_the_same_number() -> None:
    home = Home()
    home.ask("2026-11-24 08:00")
    home.ask("2026-11-24 08:10", cut_off=True)
    assert home.ask("2026-11-24 08:12").attempt == 2
    assert home.askings[TUESDAY].starts == 2
    assert home.ask("2026-11-24 08:32").attempt == 3


def test_retries_after_midnight_belong_to_the_day_before() -> None:
    home = Home(replace_slots(SlotPlan(name="night", at="23:50")))
    home.ask("2026-11-24 23:50")
    assert home.ask("2026-11-25 00:00").slot == "2026-11-24/night"


def test_nothing_is_asked_while_nobody_is_at_home_nor_made_up_for_afterwards() -> None:
    away = Config(revision=1, slots=[MORNING, EVENING], paused_until=office("2026-11-24 09:00"))
    assert Home(away).due("2026-11-24 08:00") is None
    assert Home(away).due("2026-11-24 09:00") is None
    assert Home(away).due("2026-11-24 18:01") is not None


def test_a_new_home_joins_a_running_ladder_but_is_not_asked_about_the_past() -> None:
    new = Home(since=office("2026-11-24 08:20"))
    assert new.due("2026-11-24 08:20") is not None
    newer = Home(since=office("2026-11-24 10:00"))
    assert newer.due("2026-11-24 10:00") is None


def test_a_clock_set_back_asks_nothing_twice() -> None:
    home = Home()
    home.ask("2026-11-24 08:00", answered=True)
    assert home.due("2026-11-24 07:58") is None
    assert home.due("2026-11-24 08:00") is None


def test_a_clock_set_forward_over_a_slot_drops_nothing() -> None:
    home = Home()
    assert home.due("2026-11-24 06:00") is None
    assert home.due("2026-11-24 10:30") is not None


def test_what_a_clock_that_was_days_ahead_asked_counts_for_nothing_on_the_true_day() -> None:
    home = Home()
    home.ask("2026-11-26 08:00", answered=True)
    corrected = office("2026-11-24 09:00")
    assert not worth_remembering(home.askings["2026-11-26/morning"], corrected)
    assert worth_remembering(home.askings["2026-11-26/morning"], office("2026-11-26 07:30"))
    assert not worth_remembering(home.askings["2026-11-26/morning"], office("2026-12-26 08:00"))


def test_is_open_knows_only_the_slots_that_were_agreed_upon() -> None:
    at = office("2026-11-24 08:05")
    assert is_open(CONFIG, LONG_AGO, TUESDAY, at)
    assert not is_open(CONFIG, LONG_AGO, "2026-11-24/evening", at)
    assert not is_open(CONFIG, LONG_AGO, "2026-11-24/now", at)


JUMPS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(-90, 90)),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(JUMPS, st.lists(st.sampled_from([True, False, None]), max_size=40))
def test_however_the_clock_jumps_no_asking_is_doubled_and_no_slot_dropped(
    jumps: list[tuple[int, int]], ends: list[bool | None]
) -> None:
    """Time passes minute by minute, jumps now and then by up to 90 minutes, and the power fails (None)."""
    home = Home()
    now = office("2026-11-24 05:00")
    jumping = iter(jumps)
    wait, jump = next(jumping, (10**6, 0))
    ending = iter(ends)
    true_end = office("2026-11-25 23:00")
    while now < true_end:
        if home.due(now):
            end = next(ending, False)
            home.ask(now, answered=bool(end), cut_off=end is None)
        now += timedelta(minutes=1)
        wait -= 1
        if wait == 0:
            now += timedelta(minutes=jump)
            wait, jump = next(jumping, (10**6, 0))
    assert max(Counter(home.log).values()) == 1
    slots = {slot for slot, _ in home.log}
    assert slots == {f"2026-11-{day}/{name}" for day in (24, 25) for name in ("morning", "evening")}
    for slot in slots:
        attempts = [attempt for name, attempt in home.log if name == slot]
        assert attempts == list(range(1, len(attempts) + 1))
        assert home.askings[slot].answered or len(attempts) == 3
