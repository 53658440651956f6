"""What the household page and the API show of trends and telemetry."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select

from contract.ids import uuid7
from contract.time import office_date
from dashboard.charts import number_chart, trend_chart
from hub.service import Hub
from hub.store import tables as t
from hub.telemetry import limits, rollup
from hub.telemetry.rollup import Reading
from hub.trends import daily, settings
from hub.views.telemetry import DeviceTelemetry, TelemetryPoint
from hub.views.trend import Trend, TrendDay
from hub.work import Work
from tests import cast
from tests.clock import MONDAY_NOON, TravellingClock, office
from tests.dashboard.conftest import (  # noqa: F401 - fixtures
    account,
    bearer,
    homes,
    hub,
    logged_in,
    web,
)

Bearer = Callable[..., dict[str, str]]


def lived(conn: Connection, clock: TravellingClock, resident: str, *, missed_days: int = 0) -> None:
    """120 days of calm answers; the last `missed_days` without any."""
    for back in range(1, 121):
        day = office_date(clock.now()) - timedelta(days=back)
        at = office(f"{day} 08:00")
        conn.execute(delete(t.slot).where(t.slot.c.resident_id == resident, t.slot.c.day == day))
        missed = back <= missed_days
        if not missed:
            conn.execute(
                insert(t.event).values(
                    id=f"{resident}{day}",
                    device_id=f"{resident}-1",
                    resident_id=resident,
                    session="s",
                    seq=1,
                    at=at,
                    received_at=at,
                    clock="synced",
                    late=False,
                    type="check_in",
                    body={"answer_delay_ms": 1700 + back % 5},
                )
            )
        conn.execute(
            insert(t.slot).values(
                resident_id=resident,
                day=day,
                name="morning",
                opens_at=at,
                deadline_at=at,
                state="missed" if missed else "answered",
                intent=None if missed else "fine",
                asked=True,
                attempts=1,
                event_id=None if missed else f"{resident}{day}",
            )
        )


@pytest.fixture
def changed(hub: Hub, clock: TravellingClock) -> Hub:  # noqa: F811
    """鈴木 answered for four months and has not for ten days; her speaker is hot."""

    def work(conn: Connection) -> None:
        lived(conn, clock, cast.SUZUKI, missed_days=10)
        with Work(conn, clock.now(), uuid7, hub.policy) as told:
            daily.look(told, cast.SUZUKI, settings.load())
        readings = [
            Reading(
                cast.SUZUKI_SPEAKER,
                clock.now() - timedelta(hours=back),
                {"cpu_temperature_c": 80.0 - back, "fan_rpm": 1200.0},
            )
            for back in range(20, -1, -1)
        ]
        rollup.keep(conn, rollup.gather(readings))
        rollup.keep_last(conn, {cast.SUZUKI_SPEAKER: (clock.now(), readings[-1].numbers)})

    hub.store.write(work)
    return hub


# ---- the API ------------------------------------------------------------------------------------------------------


def test_the_trend_of_a_resident(changed: Hub, web: TestClient, bearer: Bearer) -> None:  # noqa: F811
    answer = web.get(f"/api/v1/residents/{cast.SUZUKI}/trend", headers=bearer())
    assert answer.status_code == 200
    trend = msgspec.json.decode(answer.content, type=Trend)
    assert len(trend.days) == 28
    assert [day.answered for day in trend.days] == [1] * 18 + [0] * 10
    assert trend.days[0].delay_ms == pytest.approx(1702, abs=3)
    assert trend.usual_delay_ms == pytest.approx(1702, abs=3)
    missed = next(one for one in trend.measures if one.measure == "missed")
    assert (missed.usual, missed.changed) == (0.0, True)
    assert [(one.ended_at, one.measures) for one in trend.told] == [(None, ["missed"])]


def test_looking_at_a_trend_is_written_down(changed: Hub, web: TestClient, bearer: Bearer) -> None:  # noqa: F811
    web.get(f"/api/v1/residents/{cast.SUZUKI}/trend", headers=bearer())
    with changed.store.read() as conn:
        seen = conn.execute(select(t.access_log).where(t.access_log.c.subject == cast.SUZUKI)).all()
    assert [row.action for row in seen] == ["view"]


@pytest.mark.parametrize(
    ("path", "role", "district", "status"),
    [
        (f"/api/v1/residents/{cast.SUZUKI}/trend", "welfare_commissioner", "iwamura", 403),
        ("/api/v1/residents/nobody/trend", "csw", None, 404),
        (f"/api/v1/devices/{cast.SUZUKI_SPEAKER}/telemetry", "welfare_commissioner", "iwamura", 403),
        ("/api/v1/devices/nobody-1/telemetry", "csw", None, 404),
    ],
)
def test_who_may_not_see_it(
    changed: Hub,
    web: TestClient,  # noqa: F811
    bearer: Bearer,  # noqa: F811
    path: str,
    role: str,
    district: str | None,
    status: int,
) -> None:
    assert web.get(path, headers=bearer(role, district)).status_code == status


def test_the_telemetry_of_a_speaker(changed: Hub, web: TestClient, bearer: Bearer) -> None:  # noqa: F811
    answer = web.get(f"/api/v1/devices/{cast.SUZUKI_SPEAKER}/telemetry", headers=bearer())
    found = msgspec.json.decode(answer.content, type=DeviceTelemetry)
    assert found.last == {"cpu_temperature_c": 80.0, "fan_rpm": 1200.0}
    assert found.flags == ["cpu_temperature_c"]
    assert [point.last for point in found.hours["cpu_temperature_c"]][-2:] == [79.0, 80.0]
    quiet = web.get(f"/api/v1/devices/{cast.SATO_SPEAKER}/telemetry", headers=bearer())
    assert msgspec.json.decode(quiet.content, type=DeviceTelemetry).at is None


def test_both_stand_in_the_description_of_the_api(changed: Hub, web: TestClient) -> None:  # noqa: F811
    page = web.get("/api/v1/openapi.json").json()
    assert "/api/v1/residents/{resident_id}/trend" in page["paths"]
    assert "TrendMeasure" in page["components"]["schemas"]


# ---- the page -----------------------------------------------------------------------------------------------------


def test_the_household_page_shows_the_change_in_words_and_in_a_table(
    changed: Hub,
    logged_in: TestClient,  # noqa: F811
) -> None:
    page = logged_in.get(f"/households/h-{cast.SUZUKI}").text
    assert "変化の兆し: 応答なしが増えた" in page
    assert re.search(r"変化の兆し</b> R8\.11\.23 12:00 に知らせました\(応答なし\)", page)
    row = re.search(r'<tr class="is-changed"><th scope="row">応答なし</th>(.*?)</tr>', page)
    assert row is not None
    assert "0%" in row[1]
    assert "変わった" in row[1]
    assert page.count('<th scope="row">R8.') == 28
    assert 'role="img"' in page


def test_the_household_page_shows_the_speaker_and_what_is_out_of_bounds(
    changed: Hub,
    logged_in: TestClient,  # noqa: F811
) -> None:
    page = logged_in.get(f"/households/h-{cast.SUZUKI}").text
    assert "本体が熱い" in page
    assert "80℃" in page
    assert "fan_rpm" in page
    assert "最低 60℃、最高 80℃、いま 80℃" in page


def test_somebody_new_is_told_how_long_it_takes(hub: Hub, logged_in: TestClient) -> None:  # noqa: F811
    page = logged_in.get(f"/households/h-{cast.SATO}").text
    assert "あと 28 日分の記録が要ります" in page
    assert "スピーカーの状態" not in page


# ---- the pictures -------------------------------------------------------------------------------------------------


def days(*asked_and_answered: tuple[int, int, float | None]) -> list[TrendDay]:
    first = office_date(MONDAY_NOON)
    return [
        TrendDay(
            day=first + timedelta(days=place),
            asked=asked,
            answered=answered,
            again=0,
            worse=0,
            delay_ms=delay,
        )
        for place, (asked, answered, delay) in enumerate(asked_and_answered)
    ]


def drawn(of: list[TrendDay], usual: float | None = 1500.0) -> ElementTree.Element:
    trend = Trend(
        resident_id="sato",
        days=of,
        usual_days=84,
        least_usual_days=28,
        usual_delay_ms=usual,
        measures=[],
        told=[],
    )
    return ElementTree.fromstring(str(trend_chart(trend, "様子 <&>")))


def classes(picture: ElementTree.Element) -> list[str]:
    return [one.get("class", "") for one in picture]


def test_every_kind_of_day_has_a_shape_of_its_own() -> None:
    marks = [
        [name for name in classes(drawn(days(day))) if name.startswith("mark")]
        for day in ((2, 2, 900.0), (2, 1, 900.0), (2, 0, None), (0, 0, None))
    ]
    assert marks == [
        ["mark-ring", "mark-answered"],
        ["mark-ring", "mark-answered"],
        ["mark-missed"],
        ["mark-none"],
    ]
    whole, half = (drawn(days((2, answered, 900.0))) for answered in (2, 1))
    assert [one.tag for one in whole if one.get("class") == "mark-answered"] == ["circle"]
    assert [one.tag for one in half if one.get("class") == "mark-answered"] == ["path"]


@trying(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.none() | st.floats(1, 1e7)),
        min_size=1,
        max_size=28,
    ),
    st.none() | st.floats(1, 1e6),
)
def test_no_life_breaks_the_picture(lives: list[tuple[int, int, float | None]], usual: float | None) -> None:
    picture = drawn(days(*lives), usual)
    _, _, width, height = (float(part) for part in picture.get("viewBox", "").split())
    for dot in picture.iter("circle"):
        assert 0 <= float(dot.get("cx", "-1")) <= width
        assert 0 <= float(dot.get("cy", "-1")) <= height


@trying(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=48), st.sampled_from(list(limits.load().values())))
def test_no_number_breaks_its_chart(values: list[float], number: limits.Number) -> None:
    points = [
        TelemetryPoint(
            start=MONDAY_NOON + timedelta(hours=hour), times=1, low=value, high=value, mean=value, last=value
        )
        for hour, value in enumerate(values)
    ]
    chart = str(number_chart(points, number))
    if len(points) < 2:
        assert chart == ""
        return
    for one in ElementTree.fromstring(chart).iter("polyline"):
        for pair in one.get("points", "").split():
            x, y = (float(part) for part in pair.split(","))
            assert 0 <= x <= 168
            assert -1 <= y <= 41
