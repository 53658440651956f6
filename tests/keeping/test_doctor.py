"""`mimamori doctor` finds what is wrong, says it as the start would, and changes nothing."""

import fcntl
import hashlib
import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update
from typer.testing import CliRunner

import hub
from contract.finding import Finding, Verdict
from contract.refusal import Refused
from device import doctor as of_speaker
from hub import agenda, pulse
from hub.doctor import examine
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from hub.telemetry import rollup
from hub.vocabulary import DueKind
from mimamori.main import app
from provisioning.broker import Broker, User, hub_user
from provisioning.ports import Port
from tests import cast
from tests.clock import MONDAY_NOON, TravellingClock
from tests.conftest import Databases

Look = Callable[..., dict[str, Finding]]


@pytest.fixture
def look(town: Store, tmp_path: Path, clock: TravellingClock) -> Look:
    """Every finding about the town's hub, by name; the gravest of each name."""

    def findings(**settings: str) -> dict[str, Finding]:
        path = tmp_path / "hub.toml"
        port = settings.pop("port", "1")
        lines = ['data = "."', *(f"{key} = {value!r}" for key, value in settings.items())]
        lines += ["[broker]", f"port = {port}", 'password = "mimamori-hub"']
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        found: dict[str, Finding] = {}
        for one in examine(path, clock):
            found.setdefault(one.check, one)
        return found

    return findings


def write(town: Store, work: Callable[[Any], object]) -> None:
    town.write(work)


# ---- the hub ------------------------------------------------------------------------------------------------------


def test_problems_come_first_and_every_one_says_what_to_do(
    look: Look, town: Store, tmp_path: Path, clock: TravellingClock
) -> None:
    look()
    findings = examine(tmp_path / "hub.toml", clock)
    order = list(Verdict)
    assert [order.index(one.verdict) for one in findings] == sorted(
        order.index(one.verdict) for one in findings
    )
    for one in findings:
        if one.verdict in (Verdict.problem, Verdict.warning):
            assert one.hint
        assert one.what.endswith("。")


def test_it_changes_nothing(look: Look, town: Store, tmp_path: Path, clock: TravellingClock) -> None:
    look()
    raw = sqlite3.connect(town.path)

    def digest() -> str:
        return hashlib.sha256("\n".join(raw.iterdump()).encode()).hexdigest()

    before = digest()
    look()
    assert digest() == before
    raw.close()


def test_names_of_residents_are_in_no_finding(look: Look, town: Store) -> None:
    write(town, lambda conn: conn.execute(delete(t.contact)))
    text = json.dumps([str(one) for one in look().values()], ensure_ascii=False)
    assert "sato" in text
    assert "佐藤" not in text


def test_a_wrong_file_is_refused_with_its_line_as_at_the_start(look: Look, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[watch]\nearly = 3\n", encoding="utf-8")
    found = look(policy="policy.toml")
    assert found["policy"].verdict is Verdict.problem
    assert "policy.toml" in found["policy"].what
    assert found["districts"].verdict is Verdict.ok


def test_a_citys_own_trends_are_what_is_checked(look: Look, tmp_path: Path) -> None:
    packaged = Path(hub.__file__).parent / "trends.toml"
    text = packaged.read_text(encoding="utf-8").replace("usual_days = 84", "usual_days = 700", 1)
    (tmp_path / "trends.toml").write_text(text, encoding="utf-8")
    found = look(trends="trends.toml")
    assert "700 日" in found["trends"].what
    assert found["retention"].verdict is Verdict.ok
    longer = text.replace('accepted_after = "90 d"', 'accepted_after = "500 d"')
    (tmp_path / "trends.toml").write_text(longer, encoding="utf-8")
    assert "1235 日分が要ります" in look(trends="trends.toml")["retention"].what


def test_an_unreadable_configuration_ends_the_visit_with_one_finding(
    tmp_path: Path, clock: TravellingClock
) -> None:
    path = tmp_path / "hub.toml"
    path.write_text("data = 3\n", encoding="utf-8")
    found = examine(path, clock)
    assert [one.verdict for one in found if one.check == "config"] == [Verdict.problem]
    assert found[0].check == "config"


def test_a_damaged_database_is_told_and_left_alone(
    tmp_path: Path, clock: TravellingClock, look: Look, town: Store
) -> None:
    town.close()
    damaged = bytearray(town.path.read_bytes())
    damaged[4096 : 4096 * 3] = bytes(4096 * 2)
    town.path.write_bytes(damaged)
    for ending in ("-wal", "-shm"):
        town.path.with_name(f"hub.db{ending}").unlink(missing_ok=True)
    found = look()
    assert found["store"].verdict is Verdict.problem
    assert "バックアップから戻して" in (found["store"].hint or "")
    assert town.path.read_bytes() == bytes(damaged)


@pytest.mark.parametrize(
    ("revision", "verdict", "word"),
    [("0001", Verdict.warning, "前の版"), ("9999", Verdict.problem, "新しい版")],
)
def test_a_database_of_another_version_is_not_touched(
    look: Look, town: Store, revision: str, verdict: Verdict, word: str
) -> None:
    town.close()
    raw = sqlite3.connect(town.path, isolation_level=None)
    raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    raw.close()
    found = look()
    assert found["store"].verdict is verdict
    assert word in found["store"].what
    assert found["people"].verdict is Verdict.skipped


def test_a_full_disk_is_a_problem(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=1000))
    assert look()["disk"].verdict is Verdict.problem


def test_a_clock_that_went_back_is_told(look: Look, town: Store, clock: TravellingClock) -> None:
    write(town, lambda conn: pulse.beat(conn, pulse.LAST_SWEEP, clock.now()))
    write(town, lambda conn: pulse.beat(conn, pulse.LAST_EVENT, clock.now()))
    clock.forward(days=-3)
    found = look()
    assert found["hub"].verdict is Verdict.problem
    assert found["events"].verdict is Verdict.problem
    assert "時計が戻っています" in found["events"].what


def test_a_hub_that_runs_and_sweeps_is_well_and_a_stuck_one_is_not(
    look: Look, town: Store, clock: TravellingClock
) -> None:
    assert look()["hub"].verdict is Verdict.warning
    write(town, lambda conn: pulse.beat(conn, pulse.LAST_SWEEP, clock.now()))
    with (town.path.parent / "hub.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert look()["hub"].verdict is Verdict.ok
        clock.forward(minutes=5)
        assert look()["hub"].verdict is Verdict.problem


def test_a_town_that_fell_silent_is_a_problem(look: Look, town: Store, clock: TravellingClock) -> None:
    assert look()["events"].verdict is Verdict.warning
    write(town, lambda conn: pulse.beat(conn, pulse.LAST_EVENT, clock.now()))
    assert look()["events"].verdict is Verdict.ok
    clock.forward(days=2)
    assert look()["events"].verdict is Verdict.problem


@pytest.mark.parametrize(
    ("days", "verdict"),
    [(None, Verdict.warning), (1, Verdict.ok), (3, Verdict.warning), (9, Verdict.problem)],
)
def test_an_old_backup_is_told(
    look: Look, town: Store, clock: TravellingClock, days: int | None, verdict: Verdict
) -> None:
    if days is not None:
        at = clock.now() - timedelta(days=days)
        write(town, lambda conn: pulse.beat(conn, pulse.LAST_BACKUP, at))
    assert look()["backup"].verdict is verdict


def test_what_cannot_be_done_is_named(look: Look, town: Store, clock: TravellingClock) -> None:
    assert look()["due"].verdict is Verdict.ok
    row = agenda.Row(DueKind.trend, "sato", clock.now(), 0)
    write(town, lambda conn: conn.execute(delete(t.due).where(t.due.c.kind == DueKind.trend)))
    write(town, lambda conn: agenda.fail(conn, row, clock.now(), "LookupError: no resident"))
    found = look()["due"]
    assert found.verdict is Verdict.problem
    assert "trend: sato" in found.what


def test_a_growing_quarantine_is_told_with_the_worst(look: Look, town: Store, clock: TravellingClock) -> None:
    rows = [
        {"topic": "t", "device_id": "sato-1", "received_at": clock.now(), "payload": b"x", "why": "y"}
    ] * 150
    write(town, lambda conn: conn.execute(insert(t.quarantine), rows))
    found = look()["quarantine"]
    assert found.verdict is Verdict.warning
    assert "sato-1 150 件" in found.what


def test_people_whom_nobody_asks_or_can_call_are_found(
    look: Look, town: Store, clock: TravellingClock
) -> None:
    well = look()
    assert {well[name].verdict for name in ("people", "schedule", "contacts", "devices")} == {Verdict.ok}
    write(town, lambda conn: conn.execute(delete(t.schedule).where(t.schedule.c.resident_id == "sato")))
    write(town, lambda conn: conn.execute(delete(t.slot).where(t.slot.c.resident_id == "ito")))
    found = look()["schedule"]
    assert (found.verdict, "(sato)" in found.what) == (Verdict.problem, True)
    write(town, lambda conn: conn.execute(delete(t.contact).where(t.contact.c.resident_id == "tanaka")))
    assert "(tanaka)" in look()["contacts"].what
    write(town, lambda conn: conn.execute(update(t.household).values(phone=None)))
    write(town, lambda conn: conn.execute(update(t.resident).values(phone="")))
    assert "5 人" in look()["contacts"].what
    clock.forward(days=2)
    assert "5 台" in look()["devices"].what
    write(town, lambda conn: conn.execute(update(t.device).values(resident_id=None)))
    assert look()["devices"].verdict is Verdict.problem


def test_a_speaker_whose_disk_fills_is_named(look: Look, town: Store, clock: TravellingClock) -> None:
    last = {"sato-1": (clock.now(), {"disk_free_share": 0.02})}
    write(town, lambda conn: rollup.keep_last(conn, last))
    found = look()["telemetry_flags"]
    assert "記憶装置がいっぱいに近い: 1 台 (sato-1)" in found.what


def on_server(tmp_path: Path, clock: TravellingClock, address: str) -> dict[str, Finding]:
    path = tmp_path / "hub.toml"
    path.write_text(f'data = "."\n[store]\nurl = "{address}"\n[broker]\nport = 1\n', encoding="utf-8")
    found: dict[str, Finding] = {}
    for one in examine(path, clock):
        found.setdefault(one.check, one)
    return found


def test_a_store_on_a_server_is_examined_there(
    postgres: Databases, tmp_path: Path, clock: TravellingClock, policy: Policy
) -> None:
    with postgres.fresh() as address, Store.open(address) as store:
        cast.enrol(store, clock, policy)
        found = on_server(tmp_path, clock, address)
    assert found["store"].verdict is Verdict.ok
    assert "5 人" in found["people"].what
    assert not (tmp_path / "hub.db").exists()
    empty = on_server(tmp_path, clock, postgres.server.database())
    assert (empty["store"].verdict, empty["people"].verdict) == (Verdict.warning, Verdict.skipped)
    away = on_server(tmp_path, clock, "postgresql://m:secret@127.0.0.1:1/hub")
    assert away["store"].verdict is Verdict.problem
    assert "secret" not in str(away)


# ---- the broker ---------------------------------------------------------------------------------------------------


def test_a_broker_that_lets_the_hub_hear_everything_is_well(look: Look, broker: Broker) -> None:
    assert look(port=str(broker.port))["broker"].verdict is Verdict.ok


def test_a_broker_that_is_not_there_is_a_problem(look: Look) -> None:
    nobodys = Port()
    found = look(port=str(nobodys.number))["broker"]
    assert found.verdict is Verdict.problem
    assert "つながりません" in found.what


@pytest.mark.parametrize(
    ("user", "said"),
    [
        (hub_user("another password"), "断られました"),
        (
            User(name="mimamori-hub", password="mimamori-hub", publish=(), subscribe=("x/y",)),
            "聞かせてくれません",
        ),
    ],
)
def test_a_broker_that_turns_the_hub_away_says_how(look: Look, tmp_path: Path, user: User, said: str) -> None:
    with Broker(tmp_path / "strict", [user]) as strict:
        found = look(port=str(strict.port))["broker"]
    assert found.verdict is Verdict.problem
    assert said in found.what


# ---- the command --------------------------------------------------------------------------------------------------


def test_the_command_ends_with_1_when_something_is_wrong_and_0_when_not(
    look: Look, town: Store, tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = str(tmp_path / "hub.toml")
    run = CliRunner()
    nobodys = Port()
    look(port=str(nobodys.number))
    wrong = run.invoke(app, ["doctor", "--config", config, "--json"])
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)[0]["check"] == "broker"
    look(port=str(broker.port))
    # By the machine's own clock the town's open slots are long past, or years ahead: take them away.
    write(town, lambda conn: conn.execute(update(t.resident).values(ended_at=MONDAY_NOON)))
    right = run.invoke(app, ["doctor", "--config", config])
    assert right.exit_code == 0, right.output
    assert "● よし" in right.stdout


@pytest.mark.parametrize("options", [[], ["--config", "a", "--device", "b"]])
def test_one_thing_is_examined_at_a_time(options: list[str]) -> None:
    result = CliRunner().invoke(app, ["doctor", *options])
    assert isinstance(result.exception, Refused)


# ---- the speaker --------------------------------------------------------------------------------------------------


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Finding]]:
    """Every finding about a speaker, whose sound cards are there."""
    monkeypatch.setattr("device.assembly.missing_cards", lambda _config: {})

    def findings(port: int = 1, clock: str = "synced", models: Path | None = None) -> dict[str, Finding]:
        path = tmp_path / "device.toml"
        path.write_text(
            f'device = "sato-1"\ndata = "box"\nclock = "{clock}"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port}\npassword = "x"\n'
            + (f'[recognizer]\nmodels = "{models}"\n' if models else ""),
            encoding="utf-8",
        )
        found: dict[str, Finding] = {}
        for one in of_speaker.examine(path):
            found.setdefault(one.check, one)
        return found

    return findings


def test_a_speaker_without_models_or_broker_says_what_to_do(
    box: Callable[..., dict[str, Finding]], tmp_path: Path
) -> None:
    nobodys = Port()
    found = box(port=nobodys.number, models=tmp_path / "none")
    assert found["model"].verdict is Verdict.problem
    assert "mimamori provision models" in found["model"].what
    assert found["broker"].verdict is Verdict.problem
    assert found["data"].verdict is Verdict.skipped
    assert not (tmp_path / "box").exists()


def test_a_speaker_that_is_well(
    box: Callable[..., dict[str, Finding]], broker: Broker, tmp_path: Path
) -> None:
    (tmp_path / "box").mkdir()
    found = box(port=broker.port)
    assert {found[name].verdict for name in ("config", "sound", "data", "clock", "broker")} == {Verdict.ok}


def test_a_folder_that_cannot_be_written_is_told(
    box: Callable[..., dict[str, Finding]], tmp_path: Path
) -> None:
    (tmp_path / "box").write_text("a file where the folder should be", encoding="utf-8")
    assert box()["data"].verdict is Verdict.problem


def test_what_waits_to_be_sent_and_a_torn_store_are_told(
    box: Callable[..., dict[str, Finding]], tmp_path: Path
) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    raw = sqlite3.connect(folder / "store.db", isolation_level=None)
    raw.execute("CREATE TABLE event(position INTEGER PRIMARY KEY, id TEXT)")
    raw.execute("INSERT INTO event (id) VALUES ('a'), ('b')")
    raw.close()
    assert "2 件" in box()["store"].what
    (folder / "store.db").write_bytes(b"torn" * 1000)
    assert "壊れています" in box()["store"].what


def test_a_question_for_a_number_that_nobody_has_is_named(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "speaking.toml"
    sets = '[sets.daily]\nextras = ["slept"]\n'
    path.write_text(f'[residents]\nsato = "daily"\nsatou = "daily"\n{sets}', encoding="utf-8")
    found = look(speaking="speaking.toml")
    assert found["said"].verdict is Verdict.warning
    assert "1 つ書かれています (satou)" in found["said"].what
    path.write_text(f'[residents]\nsato = "dayly"\n{sets}', encoding="utf-8")
    assert "dayly" in look(speaking="speaking.toml")["speaking"].what
