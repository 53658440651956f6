"""The wired hub: starts whole or not at all, says how it is, ends without leaving anything behind."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from contract.refusal import Refused
from hub import pulse
from hub.config import BrokerConfig, HubConfig
from hub.due import HEARTBEAT
from hub.service import Hub
from hub.store import tables as t
from tests import cast
from tests.clock import TravellingClock
from tests.hub_store.test_ingest import sees, until

MakeHub = Callable[[], Hub]


@pytest.fixture
def alone(tmp_path: Path) -> HubConfig:
    """Of a hub whose broker is not there."""
    return HubConfig(data=str(tmp_path / "data"), broker=BrokerConfig(port=1))


def test_two_hubs_cannot_share_a_data_folder(alone: HubConfig, clock: TravellingClock) -> None:
    first = Hub(alone, clock)
    try:
        with pytest.raises(Refused, match=rf"ほかのハブ \(プロセス {os.getpid()}\) が使っています"):
            Hub(alone, clock)
    finally:
        first.stop()
    Hub(alone, clock).stop()


def test_a_hub_that_was_never_started_stops_too(alone: HubConfig, clock: TravellingClock) -> None:
    hub = Hub(alone, clock)
    hub.stop()
    hub.stop()


def test_stopping_leaves_no_thread_behind(alone: HubConfig, clock: TravellingClock) -> None:
    before = set(threading.enumerate())
    with Hub(alone, clock):
        assert len(set(threading.enumerate()) - before) >= 5
    assert set(threading.enumerate()) == before


def test_a_refused_start_leaves_nothing_open(alone: HubConfig, clock: TravellingClock) -> None:
    hub = Hub(alone, clock)
    cast.enrol(hub.store, clock, hub.policy)
    lost = update(t.resident).where(t.resident.c.id == cast.SATO).values(risk_class="forgotten")
    hub.store.write(lambda conn: conn.execute(lost))
    hub.stop()
    before = set(threading.enumerate())
    for _ in range(2):
        with pytest.raises(Refused, match=r"「forgotten」1 人"):
            Hub(alone, clock)
    assert set(threading.enumerate()) == before


def test_the_districts_of_the_file_are_in_the_store(alone: HubConfig, clock: TravellingClock) -> None:
    hub = Hub(alone, clock)
    with hub.store.read() as conn:
        assert len(conn.execute(select(t.district)).all()) == 13
    hub.stop()


def test_health_of_a_hub_that_hears_and_sweeps(make_hub: MakeHub, clock: TravellingClock) -> None:
    with make_hub() as hub:
        assert sees(hub)
        assert until(hub.store, lambda _conn: hub.health().last_sweep_at is not None)
        health = hub.health()
        assert (health.ok, health.problem, health.blindness) == (True, None, None)
        assert health.listening
        assert health.last_event_age_s is None
        assert health.last_sweep_age_s == 0.0
        assert msgspec.json.encode(health)


def test_a_night_shift_that_stands_still_is_blindness(make_hub: MakeHub, clock: TravellingClock) -> None:
    with make_hub() as hub:
        assert sees(hub)
        hub.sweeper.stop()
        for thread in threading.enumerate():
            if thread.name == "sweeper":
                thread.join()
        clock.forward(minutes=10)
        assert "期限を見る係が止まっています" in (hub.health().blindness or "")


def test_what_could_not_be_done_is_counted(make_hub: MakeHub) -> None:
    with make_hub() as hub:
        assert sees(hub)
        failing = (
            update(t.due).where(t.due.c.subject.startswith(f"{cast.SATO}/")).values(failures=3, error="x")
        )
        hub.store.write(lambda conn: conn.execute(failing))
        health = hub.health()
        assert (health.ok, health.failing, health.blindness) == (False, 2, None)
        assert "2 件" in (health.problem or "")


def test_a_missed_slot_reaches_the_queue_by_itself(make_hub: MakeHub, clock: TravellingClock) -> None:
    with make_hub() as hub:
        assert sees(hub)
        # Only a night shift that has planned its next deadline can tell that it slept past it; its beat says so.
        assert until(hub.store, lambda conn: pulse.last(conn, pulse.LAST_SWEEP) is not None)
        beat = clock.forward(seconds=HEARTBEAT.total_seconds())
        hub.wake()
        assert until(hub.store, lambda conn: pulse.last(conn, pulse.LAST_SWEEP) == beat)
        # Nobody's speaker was ever heard of: by the first deadline that is noticed, in the device lane.
        clock.forward(hours=7)
        hub.wake()
        # To the hub, a clock that jumps is having stood still: first it waits for answers that are on their way.
        settled_at = clock.now() + hub.policy.watch.settle_after_start
        assert until(hub.store, lambda conn: pulse.last(conn, pulse.SETTLED_AT) == settled_at)
        clock.travel(settled_at)
        hub.wake()
        codes = select(t.reason.c.code)
        assert until(hub.store, lambda conn: len(conn.scalars(codes).all()) == 4)
        with hub.store.read() as conn:
            assert set(conn.scalars(codes)) == {"not_installed"}


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mimamori", *words], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text('data = "data"\n\n[broker]\nport = 1\n')
    return path


def test_a_wrong_configuration_is_one_sentence_and_exit_1(config_file: Path) -> None:
    config_file.write_text('data = "data"\n\n[broker]\nport = "many"\n')
    done = command("hub", "--config", str(config_file))
    assert done.returncode == 1
    assert "4 行目" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_store_is_one_sentence_and_exit_1(config_file: Path) -> None:
    (config_file.parent / "data").mkdir()
    (config_file.parent / "data" / "hub.db").write_bytes(b"not a database at all, " * 400)
    done = command("hub", "--config", str(config_file), "--no-web")
    assert done.returncode == 1
    assert "バックアップから戻してください" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_ends_a_hub_cleanly(config_file: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "mimamori", "hub", "--config", str(config_file), "--no-web"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "動いています" in line:
            break
    running.terminate()
    _, rest = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "hub.stopped" in rest
    assert "Traceback" not in rest


# ---- the roster commands -----------------------------------------------------------------------------------


@pytest.fixture
def roster_file(tmp_path: Path) -> Path:
    path = tmp_path / "cast.csv"
    path.write_bytes(cast.ROSTER.encode("cp932"))
    return path


def test_import_and_export_round_trip_on_the_command_line(config_file: Path, roster_file: Path) -> None:
    config = ("--config", str(config_file))
    checked = command("roster", "import", str(roster_file), *config, "--check")
    assert (checked.returncode, "新しい人 5 人" in checked.stdout) == (0, True)
    assert not (config_file.parent / "data").exists()

    assert command("roster", "import", str(roster_file), *config).returncode == 0
    exported = roster_file.with_name("out.csv")
    assert command("roster", "export", str(exported), *config).returncode == 0
    assert exported.stat().st_mode & 0o077 == 0
    again = command("roster", "import", str(exported), *config, "--json")
    assert msgspec.json.decode(again.stdout) == {
        "new": [],
        "changed": [],
        "same": sorted(cast.RESIDENTS),
        "absent": [],
    }


def test_a_mistake_in_a_roster_is_listed_and_exit_1(config_file: Path, roster_file: Path) -> None:
    roster_file.write_text(cast.ROSTER.replace("上矢作,", "上矢矧,"), encoding="utf-8")
    done = command("roster", "import", str(roster_file), "--config", str(config_file))
    assert done.returncode == 1
    assert "6 行目 「地区」: 「上矢矧」は地区の一覧にありません。「上矢作」ですか。" in done.stderr
    assert not (config_file.parent / "data").exists()


def test_a_file_that_is_not_there_is_named(config_file: Path) -> None:
    done = command("roster", "import", "none.csv", "--config", str(config_file))
    assert done.returncode == 1
    assert "none.csv を読めません" in done.stderr


def test_an_export_of_nothing_says_so(config_file: Path) -> None:
    done = command("roster", "export", "-", "--config", str(config_file))
    assert done.returncode == 1
    assert "先に名簿を取り込む" in done.stderr
