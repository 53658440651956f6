"""When somebody is lately other than usual, and when not."""

import random
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from bench.trends import CHANGES, changed, draw, live, stable
from contract.refusal import Refused
from hub.trends import settings as trend_settings
from hub.trends.judging import Measure, Record, readings
from hub.trends.settings import Settings

TODAY = date(2026, 11, 23)
SETTINGS = trend_settings.load()


def life(days: int, **lately: object) -> list[Record]:
    """`days` days of two calm answers a day; the last 28 as `lately` says."""
    made = []
    for back in range(days):
        day = TODAY - timedelta(days=back)
        for slot in ("morning", "evening"):
            usual = Record(day, slot, answered=True, delay_ms=1500 + 37 * (back % 7))
            made.append(usual._replace(**lately) if back < 28 else usual)  # type: ignore[arg-type]
    return made


def signs(records: list[Record], settings: Settings = SETTINGS) -> set[Measure]:
    return {one.measure for one in readings(records, TODAY, settings).values() if one.changed}


def test_a_calm_life_gives_no_sign() -> None:
    assert signs(life(120)) == set()


@pytest.mark.parametrize(
    ("lately", "wanted"),
    [
        ({"delay_ms": 4000}, Measure.slower),
        ({"again": True}, Measure.asked_again),
        ({"answered": False}, Measure.missed),
        ({"worse": True}, Measure.worse),
    ],
)
def test_each_measure_has_its_sign(lately: dict[str, object], wanted: Measure) -> None:
    assert signs(life(120, **lately)) == {wanted}


def test_getting_better_is_no_sign() -> None:
    was_bad = [one._replace(again=True, worse=True, delay_ms=4000) for one in life(120)]
    now_well = [
        one._replace(again=False, worse=False, delay_ms=900) if one.day > TODAY - timedelta(days=28) else one
        for one in was_bad
    ]
    assert signs(now_well) == set()


def test_nothing_is_said_before_there_is_enough_history() -> None:
    # 28 days of lately and 27 of usual: one day too few.
    assert readings(life(55, answered=False), TODAY, SETTINGS) == {}
    assert signs(life(56, answered=False)) == {Measure.missed}


def test_what_belongs_to_a_weekday_is_no_change() -> None:
    """Every Monday is day service: nobody answers, in the weeks before as in the last one."""
    service = [one._replace(answered=one.day.isoweekday() != 1) for one in life(120)]
    assert signs(service) == set()


def test_another_time_of_day_is_compared_with_its_own() -> None:
    """Evenings are three times as slow as mornings; lately only evenings were asked: that is no slowing."""
    slow_evenings = [one._replace(delay_ms=4500) if one.slot == "evening" else one for one in life(120)]
    lately = TODAY - timedelta(days=28)
    assert signs([one for one in slow_evenings if one.day <= lately or one.slot == "evening"]) == set()


def test_somebody_who_is_often_silent_is_no_sign() -> None:
    chance = random.Random(5)
    silent = [one._replace(answered=chance.random() > 0.5) for one in life(120)]
    assert signs(silent) == set()


@trying(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_the_order_of_the_records_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)
    records = live(draw(chance), 120, chance)
    today = records[-1].day
    mixed = list(records)
    chance.shuffle(mixed)
    assert readings(records, today, SETTINGS) == readings(mixed, today, SETTINGS)


@trying(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(1.5, 4))
def test_slower_is_never_less_of_a_sign(seed: int, times: float) -> None:
    chance = random.Random(seed)
    records = live(draw(chance), 130, chance)
    today = records[-1].day
    lately = today - timedelta(days=28)
    slower = [
        one._replace(delay_ms=int(one.delay_ms * times)) if one.delay_ms and one.day > lately else one
        for one in records
    ]
    before, after = readings(records, today, SETTINGS), readings(slower, today, SETTINGS)
    if Measure.slower in before:
        assert after[Measure.slower].effect >= before[Measure.slower].effect
        assert after[Measure.slower].changed or not before[Measure.slower].changed


def test_what_somebody_dealt_with_is_the_new_usual() -> None:
    records = life(200)
    since = TODAY - timedelta(days=80)
    worse = [one._replace(worse=one.day > since) for one in records]
    assert readings(worse, TODAY, SETTINGS, usual_from=since)[Measure.worse].changed is False


def test_false_alarms_are_rare() -> None:
    """30 people who do not change, for a year each; `python -m bench.trends` asks 200."""
    told = stable(30, 365)["per_person_year"]
    assert isinstance(told, float)
    assert told <= 0.1


@pytest.mark.parametrize(("name", "within"), [("half missed", 10), ("three times as slow", 18)])
def test_a_real_change_is_noticed_in_time(name: str, within: int) -> None:
    found = changed(10, name)
    assert found["noticed"] == 1.0
    assert isinstance(found["median_days"], int)
    assert found["median_days"] <= within
    assert name in CHANGES


# ---- the file ---------------------------------------------------------------------------------------------


def written(tmp_path: Path, old: str, new: str) -> Path:
    text = (Path(trend_settings.__file__).parents[1] / "trends.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "trends.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("usual_days = 84", "usual_days = 80", "usual_days"),
        ("days = 28\n", "days = 30\n", "windows[1].days"),
        ("least_days = 5 ", "least_days = 9 ", "windows[0].least_days"),
        ('until = "15:00"', 'until = "12:00"', "daily.until"),
        ("missed = 0.15", "missed = 1.5", "differences.missed"),
        ("calm_days = 14", "calm_days = 15", "course.calm_days"),
        ('"declined"', '"grumpy"', "worse_intents"),
    ],
)
def test_a_wrong_number_is_refused_with_its_line(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = written(tmp_path, old, new)
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if new.split("\n")[0].strip() in line)
    with pytest.raises(Refused) as refused:
        trend_settings.load(path)
    assert named in str(refused.value)
    assert f"{at} 行目" in str(refused.value)


def test_the_packaged_numbers_reach_as_far_as_they_need() -> None:
    assert SETTINGS.reach_days >= SETTINGS.usual_days + SETTINGS.longest
    assert msgspec.structs.asdict(SETTINGS)
