"""A change becomes one reason, once, and ends; on the town of the watch, whose clock travels."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from contract.time import office_date
from hub.store import tables as t
from hub.trends import daily
from hub.trends.settings import load
from hub.vocabulary import CaseOutcome, DueKind, ReasonCode, Severity, SlotState
from tests.clock import office
from tests.hub_heart.town import Town

SETTINGS = load()


@pytest.fixture
def town() -> Town:
    """佐藤 with a quarter of a year of calm answers behind her; no questions asked, so that days are cheap."""
    made = Town(at="2026-11-23 12:00")
    made.home("sato")
    with made.store.engine.begin() as conn:
        for table in (t.schedule, t.slot, t.due):
            conn.execute(delete(table))
        daily.plan(conn, made.clock.now())
    lived(made, "sato", until=office_date(made.clock.now()), days=120)
    return made


def lived(town: Town, name: str, *, until: date, days: int, missed: bool = False, delay: int = 1500) -> None:
    """The `days` days before `until`, as ingest and watch would have left them."""
    with town.store.engine.begin() as conn:
        for back in range(1, days + 1):
            day = until - timedelta(days=back)
            for slot, hour in (("morning", 8), ("evening", 18)):
                at = office(f"{day.isoformat()} {hour:02}:00")
                event_id = f"{name}/{day}/{slot}"
                conn.execute(
                    delete(t.slot).where(
                        t.slot.c.resident_id == name, t.slot.c.day == day, t.slot.c.name == slot
                    )
                )
                conn.execute(delete(t.event).where(t.event.c.id == event_id))
                if not missed:
                    conn.execute(
                        insert(t.event).values(
                            id=event_id,
                            device_id=f"d-{name}",
                            resident_id=name,
                            session="s1",
                            seq=1,
                            at=at,
                            received_at=at,
                            clock="synced",
                            late=False,
                            type="check_in",
                            body={"slot": f"{day}/{slot}", "answer_delay_ms": delay + 31 * (back % 5)},
                        )
                    )
                conn.execute(
                    insert(t.slot).values(
                        resident_id=name,
                        day=day,
                        name=slot,
                        opens_at=at,
                        deadline_at=at + timedelta(minutes=35),
                        state=SlotState.missed if missed else SlotState.answered,
                        intent=None if missed else "fine",
                        asked=True,
                        attempts=1,
                        event_id=None if missed else event_id,
                    )
                )


def days(town: Town, count: int, **how: object) -> None:
    """Live `count` days, each with its daily look."""
    for _ in range(count):
        lived(town, "sato", until=office_date(town.clock.now()) + timedelta(days=1), days=1, **how)  # type: ignore[arg-type]
        town.forward(days=1)


def changes(town: Town) -> list[ReasonCode]:
    return [one.code for one in town.reasons("sato", all_of_them=True) if one.code == ReasonCode.change]


def test_a_calm_life_stays_out_of_the_queue(town: Town) -> None:
    days(town, 10)
    assert town.cases() == []


def test_a_change_is_a_reason_to_look_into_and_no_emergency(town: Town) -> None:
    days(town, 12, missed=True)
    case = town.case("sato")
    assert (case.severity, case.ladder) == (Severity.needs_check, "change")
    [reason] = town.reasons("sato")
    assert reason.code == ReasonCode.change
    assert "応答なしが増えた(ふだん 0% → 最近7日" in reason.words


def test_it_is_told_once_however_long_it_lasts(town: Town) -> None:
    days(town, 40, missed=True)
    assert len(changes(town)) == 1


def test_it_never_becomes_a_visit_by_itself(town: Town) -> None:
    days(town, 40, missed=True)
    assert town.case("sato").severity == Severity.needs_check


def test_it_ends_when_the_person_is_as_before_and_rests(town: Town) -> None:
    days(town, 10, missed=True)
    assert len(town.reasons("sato")) == 1
    days(town, 24)
    assert town.case("sato") is None
    [case] = town.cases()
    assert case.outcome == CaseOutcome.settled_by_itself
    ended = town.clock.now()
    days(town, 9, missed=True)
    assert town.clock.now() < ended + SETTINGS.course.cool_down
    assert len(changes(town)) == 1
    days(town, 30, missed=True)
    assert len(changes(town)) == 2


def test_a_change_is_not_over_the_day_after_it_was_told(town: Town) -> None:
    """A few slow days among two weeks do not move their median: they must not look like a return."""
    days(town, 7, delay=6000)
    assert len(changes(town)) == 1
    days(town, 12, delay=6000)
    assert len(town.reasons("sato")) == 1


def test_it_does_not_flicker_around_the_threshold(town: Town) -> None:
    days(town, 10, missed=True)
    for _ in range(20):
        days(town, 1, missed=True)
        days(town, 1)
    assert len(changes(town)) == 1


def test_what_a_person_closed_is_the_new_usual(town: Town) -> None:
    days(town, 10, missed=True)
    case = town.case("sato")
    with town.desk() as desk:
        desk.close(case.id, CaseOutcome.other, "息子さんの家に泊まることが増えた")
    days(town, 100, missed=True)
    assert len(changes(town)) == 1
    with town.store.read() as conn:
        assert conn.scalar(select(t.trend_change.c.ended_why)) == daily.Ended.person


def test_what_lasts_is_accepted(town: Town) -> None:
    days(town, 110, delay=5000)
    assert len(changes(town)) == 1
    assert town.case("sato") is None
    with town.store.read() as conn:
        assert conn.scalar(select(t.trend_change.c.ended_why)) == daily.Ended.accepted


def test_another_measure_of_the_same_change_joins_its_reason(town: Town) -> None:
    days(town, 12, delay=6000)
    [reason] = town.reasons("sato")
    assert "答え始めるまでの時間" in reason.words
    for _ in range(15):
        days(town, 1, delay=6000)
        days(town, 1, missed=True)
    [reason] = town.reasons("sato")
    assert "応答なし" in reason.words
    assert "答え始めるまでの時間" in reason.words


def test_somebody_who_left_is_not_looked_at_again(town: Town) -> None:
    town.set_resident("sato", ended_at=town.clock.now())
    town.forward(days=2)
    assert [row for row in town.due() if row.kind == DueKind.trend] == []


def test_everybody_has_a_time_of_their_own_within_the_hours(town: Town) -> None:
    now = town.clock.now()
    looks = [daily.next_look(f"r{number}", now, SETTINGS) for number in range(500)]
    first, last = office("2026-11-23 13:00"), office("2026-11-23 15:00")
    assert all(first <= at < last for at in looks)
    assert len(set(looks)) > 450


def test_after_an_outage_people_are_looked_at_a_few_at_a_time(town: Town) -> None:
    for number in range(60):
        town.home(f"r{number}")
    now = town.clock.now()
    with town.store.engine.begin() as conn:
        daily.plan(conn, now)
        conn.execute(update(t.due).where(t.due.c.kind == DueKind.trend).values(at=now))
    town.sweep()
    waits = [row.at - now for row in town.due() if row.kind == DueKind.trend]
    soon = [wait for wait in waits if wait < timedelta(minutes=1)]
    assert len(waits) == 61
    assert len(soon) == 61 - daily.AT_ONCE
    assert max(soon) == daily.PAUSE * 2
