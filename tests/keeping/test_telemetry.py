"""Telemetry: taken without delay, rolled up by hour and day, sent on, and lost only with a count."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import select

from contract.ids import uuid7
from contract.refusal import Refused
from contract.state import Telemetry, encode
from contract.time import office_date
from contract.topics import Channel
from hub import standing
from hub.config import TelemetryConfig
from hub.due import Sweeper
from hub.inbox import take_in
from hub.messages import Message
from hub.policy import Policy
from hub.retention import policy as retention
from hub.store import tables as t
from hub.store.database import Store
from hub.telemetry import keeper, limits, rollup, sink
from hub.telemetry.keeper import Keeper
from hub.telemetry.rollup import Reading, Tally
from hub.telemetry.sink import Sink
from tests import cast
from tests.clock import TravellingClock, office
from tests.hub_store.homes import Homes
from tests.keeping.victoria import PROGRAM, Victoria

NOON = office("2026-11-23 12:00")
BOTH_STORES = True


def reading(device: str = "sato-1", at: datetime = NOON, **numbers: float) -> Reading:
    return Reading(device, at, numbers or {"cpu_temperature_c": 40.0})


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


# ---- from the line to the keeper ------------------------------------------------------------------------------


def telemetry(homes: Homes, device: str, **values: float) -> Message:
    return homes.bytes_arrive(device, encode(Telemetry(at=NOON, values=values)), Channel.telemetry)


def test_ingest_hands_telemetry_on_and_stores_no_event_of_it(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    homes = Homes(clock)
    message = telemetry(homes, cast.SATO_SPEAKER, cpu_temperature_c=41.5)
    stranger = telemetry(homes, "nobody-1", cpu_temperature_c=99.0)
    kept = message._replace(retained=True)
    taken = town.write(lambda conn: take_in(conn, [message, stranger, kept], uuid7, policy))
    assert taken.telemetry == [Reading(cast.SATO_SPEAKER, clock.now(), {"cpu_temperature_c": 41.5})]
    assert (taken.new, taken.quarantined) == (0, 0)


def test_a_reading_is_of_the_hour_in_which_it_arrived(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    """A speaker whose clock is years off still has its telemetry under today."""
    off = encode(Telemetry(at=datetime(2001, 1, 1, tzinfo=UTC), values={"x": 1.0}))
    message = Homes(clock).bytes_arrive(cast.SATO_SPEAKER, off, Channel.telemetry)
    [got] = town.write(lambda conn: take_in(conn, [message], uuid7, policy)).telemetry
    assert got.at == clock.now()


def test_what_there_is_no_room_for_is_counted_and_never_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "ROOM", 10)
    made = Keeper(store, None)
    made.offer([reading() for _ in range(8)])
    made.offer([reading() for _ in range(8)])
    assert (made.waiting, made.dropped) == (10, 6)


# ---- the roll-up ----------------------------------------------------------------------------------------------


@trying(deadline=None)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30), st.integers(1, 29))
def test_a_tally_of_parts_is_the_tally_of_all(values: list[float], cut: int) -> None:
    def tally(some: list[float]) -> Tally | None:
        made = None
        for value in some:
            made = Tally.of(value) if made is None else made.then(Tally.of(value))
        return made

    whole, first, second = tally(values), tally(values[:cut]), tally(values[cut:])
    assert whole is not None
    joined = first.then(second) if first and second else first or second
    assert joined is not None
    assert (joined.times, joined.low, joined.high, joined.last) == (
        len(values),
        min(values),
        max(values),
        values[-1],
    )
    assert joined.low <= joined.mean <= joined.high or math.isclose(joined.mean, joined.low, abs_tol=1e287)
    scale = max(abs(value) for value in values) or 1.0
    assert abs(joined.mean - whole.mean) <= 1e-9 * scale


def hours(store: Store, span: str = rollup.HOUR) -> dict[tuple[str, datetime], dict[str, list[float]]]:
    with store.read() as conn:
        rows = conn.execute(select(t.telemetry_rollup).where(t.telemetry_rollup.c.span == span))
        return {(row.device_id, row.start): row.numbers for row in rows}


def test_an_hour_is_one_row_however_often_it_is_written(store: Store) -> None:
    for minute, value in ((5, 40.0), (10, 44.0), (59, 42.0), (60, 50.0)):
        tallies = rollup.gather([reading(at=NOON + timedelta(minutes=minute), cpu_temperature_c=value)])
        store.write(lambda conn, tallies=tallies: rollup.keep(conn, tallies))  # type: ignore[misc]
    assert hours(store) == {
        ("sato-1", NOON): {"cpu_temperature_c": [3, 40.0, 44.0, 42.0, 42.0]},
        ("sato-1", NOON + timedelta(hours=1)): {"cpu_temperature_c": [1, 50.0, 50.0, 50.0, 50.0]},
    }


def test_a_speaker_gone_mad_does_not_fill_the_store(store: Store) -> None:
    mad = Reading("sato-1", NOON, {f"n{number}": 1.0 for number in range(500)})
    store.write(lambda conn: rollup.keep(conn, rollup.gather([mad])))
    store.write(lambda conn: rollup.keep_last(conn, {"sato-1": (NOON, mad.numbers)}))
    [row] = hours(store).values()
    assert len(row) == rollup.NAMES
    with store.read() as conn:
        assert len(conn.scalars(select(t.telemetry_last.c.numbers)).one()) == rollup.NAMES


def test_infinity_is_no_number(store: Store) -> None:
    store.write(lambda conn: rollup.keep(conn, rollup.gather([reading(a=math.inf, b=1.0)])))
    assert list(hours(store).values()) == [{"b": [1, 1.0, 1.0, 1.0, 1.0]}]
    assert sink.line(reading(a=math.inf)) == ""


def test_the_latest_numbers_and_their_flags_are_kept(store: Store) -> None:
    def keep(at: datetime, **numbers: float) -> None:
        store.write(lambda conn: rollup.keep_last(conn, {"sato-1": (at, numbers)}))

    keep(NOON, cpu_temperature_c=80.0, disk_free_share=0.5)
    keep(NOON + timedelta(minutes=5), disk_free_share=0.04)
    with store.read() as conn:
        row = conn.execute(select(t.telemetry_last)).one()
    assert row.numbers == {"cpu_temperature_c": 80.0, "disk_free_share": 0.04}
    assert row.flags == ["cpu_temperature_c", "disk_free_share"]
    keep(NOON + timedelta(minutes=10), cpu_temperature_c=50.0)
    with store.read() as conn:
        assert conn.scalars(select(t.telemetry_last.c.flags)).one() == ["disk_free_share"]


def test_the_keeper_writes_what_it_took_before_it_ends(store: Store) -> None:
    made = Keeper(store, None)
    made.start()
    made.offer([reading(f"d{number}") for number in range(450)])
    made.stop()
    assert len(hours(store)) == 450
    assert made.waiting == made.dropped == 0


def test_yesterdays_hours_become_a_day_a_few_speakers_at_a_time(
    store: Store, clock: TravellingClock, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "AT_ONCE", 3)
    evening, next_morning = office("2026-11-23 23:30"), office("2026-11-24 00:10")
    told = [
        reading(f"d{number}", at, x=value)
        for number in range(7)
        for at, value in ((NOON, 1.0), (evening, 3.0), (next_morning, 100.0))
    ]
    store.write(lambda conn: rollup.keep(conn, rollup.gather(told)))
    clock.travel(office("2026-11-24 00:30"))
    store.write(lambda conn: standing.plan(conn, clock.now(), retention.load()))
    sweeper = Sweeper(store, clock, policy)
    for _ in range(10):
        clock.forward(seconds=1)
        sweeper.sweep(clock.now())
    days = hours(store, rollup.DAY)
    assert len(days) == 7
    assert {start for _, start in days} == {office("2026-11-23 00:00")}
    assert all(numbers == {"x": [2, 1.0, 3.0, 2.0, 3.0]} for numbers in days.values())
    with store.read() as conn:
        row = conn.execute(select(t.due).where(t.due.c.kind == "rollup")).one()
    assert (row.subject, row.at) == ("2026-11-24/", office("2026-11-25 00:20"))


def test_a_hub_that_was_down_for_days_catches_up_day_by_day(
    store: Store, clock: TravellingClock, policy: Policy
) -> None:
    store.write(lambda conn: rollup.keep(conn, rollup.gather([reading(x=1.0)])))
    store.write(lambda conn: standing.plan(conn, clock.now(), retention.load()))
    clock.travel(office("2026-11-27 09:00"))
    sweeper = Sweeper(store, clock, policy)
    for _ in range(10):
        clock.forward(seconds=1)
        sweeper.sweep(clock.now())
    assert list(hours(store, rollup.DAY)) == [("sato-1", office("2026-11-23 00:00"))]
    with store.read() as conn:
        subject = conn.scalar(select(t.due.c.subject).where(t.due.c.kind == "rollup"))
    assert subject == f"{office_date(clock.now())}/"


# ---- to another store -----------------------------------------------------------------------------------------


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Victoria]:
    assert PROGRAM is not None, "apt install victoria-metrics"
    made = Victoria(tmp_path / "victoria")
    made.start()
    yield made
    made.stop()


def test_a_real_server_has_every_reading_after_it_was_away(
    victoria: Victoria, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "FIRST_PAUSE_SECONDS", 0.05)
    now = datetime.now(UTC).replace(microsecond=0)
    told = [reading(f"d{number}", now, cpu_temperature_c=40.0 + number, wifi=-60.0) for number in range(700)]
    to = Sink(TelemetryConfig(url=victoria.url, org="o", bucket="mimamori", token="t"))
    to.start()
    to.offer(told[:100])
    assert eventually(lambda: to.sent == 100)
    victoria.stop()
    to.offer(told[100:])
    assert eventually(lambda: to.fault is not None)
    assert "動いているか確かめてください" in (to.fault or "")
    victoria.start()
    assert eventually(lambda: to.sent == 700)
    to.stop()
    assert (to.fault, to.dropped, to.waiting) == (None, 0, 0)
    series = victoria.series()
    milliseconds = int(now.timestamp() * 1000)
    assert series["speaker_cpu_temperature_c", "d699"] == [(milliseconds, 739.0)]
    assert len(series) == 1400


class Grumpy(BaseHTTPRequestHandler):
    """A time series database that always answers the same."""

    status = 400
    asked = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked += 1
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def grumpy() -> Iterator[tuple[str, type[Grumpy]]]:
    class Own(Grumpy):
        pass

    server = HTTPServer(("127.0.0.1", 0), Own)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Own
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_refused_for_good_is_counted_and_blocks_nothing(grumpy: tuple[str, type[Grumpy]]) -> None:
    url, _ = grumpy
    to = Sink(TelemetryConfig(url=url, bucket="b"))
    to.start()
    to.offer([reading() for _ in range(5)])
    assert eventually(lambda: to.dropped == 5)
    assert "受け付けません (400)" in (to.fault or "")
    to.stop()


def test_a_wrong_token_is_said_and_tried_again_less_and_less_often(
    grumpy: tuple[str, type[Grumpy]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "FIRST_PAUSE_SECONDS", 0.01)
    url, server = grumpy
    server.status = 401
    to = Sink(TelemetryConfig(url=url, bucket="b"))
    to.start()
    to.offer([reading() for _ in range(5)])
    assert eventually(lambda: server.asked >= 3)
    assert "token を確かめてください" in (to.fault or "")
    assert (to.dropped, to.sent) == (0, 0)
    server.status = 204
    assert eventually(lambda: to.sent == 5)
    to.stop()


def test_a_store_that_is_away_costs_the_oldest_readings_and_no_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sink, "ROOM", 100)
    to = Sink(TelemetryConfig(url="http://127.0.0.1:1", bucket="b"))
    to.offer([reading(f"d{number}") for number in range(250)])
    assert (to.waiting, to.dropped) == (100, 150)
    to.stop()
    assert to.dropped == 250


def test_a_name_with_marks_of_the_protocol_stays_one_name() -> None:
    written = sink.line(reading("sato-1", NOON, **{"a,b=c d\ne": 1.5}))
    assert written == f"speaker,device=sato-1 a\\,b\\=c\\ d_e=1.5 {int(NOON.timestamp() * 1000)}"


# ---- the file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('name = "wifi_signal_dbm"', 'name = "cpu_temperature_c"', "二度あります"),
        ('flag = "本体が熱い"\n', "", "flag がありません"),
        ('name = "outbox_waiting"', 'name = "Outbox!"', "numbers[3].name"),
    ],
)
def test_a_wrong_limit_is_refused_with_its_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = (Path(limits.__file__).parents[1] / "telemetry.toml").read_text(encoding="utf-8")
    path = tmp_path / "telemetry.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused, match="行目") as refused:
        limits.load(path)
    assert sentence in str(refused.value)


def test_numbers_are_shown_in_their_unit() -> None:
    known = limits.load()
    assert known["disk_free_share"].shown(0.08) == "8%"
    assert known["cpu_temperature_c"].shown(41.25) == "41.2℃"
