"""The measurements of the hub measure what they say: everything stored once, every miss seen, at sizes that take a moment."""

import pytest

from bench import fleet, hostile, ingest, lateness, outage
from bench.morning import homes_of, morning
from contract.envelope import decode_event
from contract.refusal import Refused
from tests.clock import office


def test_a_morning_is_as_long_as_asked_and_every_home_speaks_in_order() -> None:
    said = morning("2026-11-24/morning", office("2026-11-24 08:00"), 250)
    events = [decode_event(payload) for _, payload in said]
    assert len({event.id for event in events}) == 250
    assert homes_of(250) == len({event.device for event in events})
    attempts: dict[str, int] = {}
    for event in events:
        if event.type == "check_in":
            assert event.body.attempts == attempts.get(event.device, 0) + 1  # type: ignore[union-attr]
            attempts[event.device] = event.body.attempts  # type: ignore[union-attr]


def test_ingest_counts_what_is_stored_and_what_it_meant() -> None:
    report = ingest.measure(events=300, batch=100)
    figures = report.figures
    assert (figures["lost"], figures["duplicated"]) == (0, 0)
    # Of 100 homes 95 answer; the second hundred has been asked at least once.
    assert figures["answered"] >= 95
    assert figures["events_per_s"] > 0
    assert report.ceiling["events_per_s"] > 0


def test_every_miss_is_seen_after_its_deadline() -> None:
    spread = lateness.watch(homes=300, misses=6, seconds=1).figures
    assert 0 < spread["late_p50_s"] <= spread["late_p99_s"] <= spread["late_max_s"]
    together = lateness.burst(homes=100, misses=40, runs=2).figures
    assert 0 < together["first_queued_s"] <= together["all_queued_s"]
    assert together["first_notice_s"] > 0
    assert together["due_rows"] == 100 + 20, "each home's evening, and the next morning of who is not asked"


def test_a_town_that_is_too_small_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="--homes を 20 以上"):
        lateness.burst(homes=10, misses=20)


def test_garbage_is_counted_and_keeps_nothing_from_the_store() -> None:
    figures = hostile.measure(events=1500).figures
    assert (figures["lost"], figures["uncounted"]) == (0, 0)
    assert figures["kept"] > 700


def test_a_hub_that_was_away_tells_nothing_about_people_and_a_district_is_one_notice() -> None:
    figures = outage.measure(homes=390, lost=25).figures
    assert (figures["false_notices"], figures["settled"], figures["unsettled"]) == (0, 390, 0)
    assert (figures["outage_notices"], figures["lines_lost"], figures["listed"]) == (1, 25, 25)
    assert figures["lone_silent_in_queue"] == 1


def test_a_fleet_that_comes_back_at_once_is_known_to_the_last_speaker() -> None:
    figures = fleet.measure(homes=60).figures
    assert figures["lost"] == 0
    assert figures["connected_s"] <= figures["all_known_s"]
