"""A figure comes with its parameters, its ceiling and its machine, in one shape."""

import msgspec

from bench.report import Report, machine, medians, percentile, show
from tests.clock import TravellingClock, office

NOON = office("2026-11-24 12:00")


def report() -> Report:
    return Report(
        name="ingest",
        parameters={"store": "sqlite", "events": 20000},
        figures={"events_per_s": 8123.4, "ratio": 0.75, "lost": 0},
        ceiling={"events_per_s": 10800.0},
        machine=machine(TravellingClock(NOON)),
    )


def test_a_program_reads_one_object_on_one_line() -> None:
    told: list[str] = []
    show(report(), as_json=True, write=told.append)
    [line] = "".join(told).splitlines()
    read = msgspec.json.decode(line)
    assert set(read) == {"name", "parameters", "figures", "ceiling", "machine"}
    assert read["figures"]["lost"] == 0
    assert read["machine"]["at"] == "2026-11-24T03:00:00Z"


def test_a_person_sees_the_ceiling_beside_our_figure_and_the_load() -> None:
    told: list[str] = []
    show(report(), as_json=False, write=told.append)
    text = "".join(told)
    [line] = [line for line in text.splitlines() if "events_per_s" in line]
    assert "8,123" in line
    assert "10,800" in line
    assert "load" in text


def test_the_middle_run_counts_and_words_stay_words() -> None:
    runs = [
        {"late_p99_s": 0.2, "events": 10, "worst": "a"},
        {"late_p99_s": 9.0, "events": 30, "worst": "b"},
        {"late_p99_s": 0.3, "events": 20, "worst": "c"},
    ]
    assert medians(runs) == {"late_p99_s": 0.3, "events": 20, "worst": "c"}


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(1, 201)]
    assert percentile(values, 0.5) == 100.0
    assert percentile(values, 0.99) == 198.0
    assert percentile(values, 1.0) == 200.0
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([], 0.5) == 0.0
