"""A backup is made while the hub writes, opens only with its key, and comes back whole or not at all."""

import errno
import fcntl
import json
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select
from typer.testing import CliRunner

from contract.refusal import Refused
from hub.backup import archive, keys, making, restoring, snapshot
from hub.backup.making import Made, make
from hub.backup.watcher import Nobody
from hub.store import migrate
from hub.store import tables as t
from hub.store.database import Store
from mimamori.main import app, main
from tests.clock import MONDAY_NOON, TravellingClock

NOW = MONDAY_NOON


class Safe:
    """Where the keys lie."""

    def __init__(self, folder: Path) -> None:
        self.secret = folder / "backup.key"
        self.public = keys.generate(self.secret, NOW)


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    return Safe(tmp_path)


@pytest.fixture
def made(town: Store, tmp_path: Path, safe: Safe) -> Made:
    """A backup of the cast's town, with one file beside the store."""
    beside = tmp_path / "keys"
    beside.mkdir()
    (beside / "hub.toml").write_text('data = "data"\n', encoding="utf-8")
    return make(town.path, tmp_path / "town.age", [safe.public], NOW, also=[beside])


def event_row(number: int) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "device_id": "sato-1",
        "resident_id": "sato",
        "session": "s",
        "seq": number,
        "at": NOW,
        "received_at": NOW,
        "clock": "synced",
        "late": False,
        "type": "activity",
        "body": {"source": "motion", "filler": "x" * 200},
    }


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def leftovers(*folders: Path) -> list[str]:
    return [
        one.name
        for folder in folders
        for one in folder.iterdir()
        if one.name.startswith((".backup", ".restore", ".town")) or one.name.endswith(".partial")
    ]


# ---- making and restoring ---------------------------------------------------------------------------------------


def test_a_backup_comes_back_with_every_row(made: Made, town: Store, tmp_path: Path, safe: Safe) -> None:
    done = restoring.restore(Path(made.path), safe.secret, tmp_path / "new")
    assert done.rows == made.rows
    assert made.rows["resident"] == 5
    with Store.open(tmp_path / "new" / "hub.db") as again, again.read() as there, town.read() as here:
        for table in t.metadata.sorted_tables:
            if table.name not in ("pulse", "access_log"):
                assert there.execute(select(table)).all() == here.execute(select(table)).all()
    assert (tmp_path / "new" / "also" / "keys" / "hub.toml").read_text() == 'data = "data"\n'
    assert leftovers(tmp_path, tmp_path / "new") == []


def test_what_was_acknowledged_before_the_backup_began_is_in_it(
    town: Store, tmp_path: Path, safe: Safe
) -> None:
    """Another thread goes on storing all the while; the copy is of one instant, and nothing of it is half."""
    stop, stored = threading.Event(), []

    def ingest() -> None:
        number = 0
        while not stop.is_set():
            rows = [event_row(number + place) for place in range(20)]
            town.write(lambda conn, rows=rows: conn.execute(insert(t.event), rows))  # type: ignore[misc]
            number += len(rows)
            stored.append(number)

    thread = threading.Thread(target=ingest)
    thread.start()
    try:
        while not stored or stored[-1] < 2000:
            assert thread.is_alive()
        before = stored[-1]
        made = make(town.path, tmp_path / "busy.age", [safe.public], NOW)
        after = stored[-1]
    finally:
        stop.set()
        thread.join()
    assert before <= made.rows["event"] <= after
    assert made.rows["event"] % 20 == 0
    restoring.restore(Path(made.path), safe.secret, tmp_path / "new")
    with Store.open(tmp_path / "new" / "hub.db") as again, again.read() as conn:
        ids = set(conn.scalars(select(t.event.c.id)))
    assert {f"e{number}" for number in range(before)} <= ids


def test_a_writer_in_between_does_not_make_the_copy_begin_anew(
    town: Store, tmp_path: Path, safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "PAGES", 1)

    class Writing:
        steps = 0
        words: list[str]

        def start(self, words: str, size: int) -> None:
            self.copying = words.startswith("データベース")

        def moved(self, here: int) -> None:
            if self.copying:
                self.steps += 1
                if self.steps % 10 == 0:
                    town.write(lambda conn: conn.execute(insert(t.event).values(**event_row(self.steps))))

    watcher = Writing()
    made = make(town.path, tmp_path / "town.age", [safe.public], NOW, watcher=watcher)
    assert 10 < watcher.steps < 1000
    assert made.rows["event"] == 0


def test_the_store_knows_when_it_was_backed_up_and_who_took_it(made: Made, town: Store) -> None:
    with town.read() as conn:
        assert conn.scalar(select(t.pulse.c.at).where(t.pulse.c.name == "last_backup")) == NOW
        row = conn.execute(select(t.access_log).where(t.access_log.c.subject_kind == "store")).one()
    assert (row.action, row.subject) == ("export", "town.age")


def test_nothing_in_a_backup_can_be_read_without_the_key(made: Made, town: Store) -> None:
    data = Path(made.path).read_bytes()
    plain = town.path.read_bytes() + (town.path.with_name("hub.db-wal").read_bytes())
    assert "佐藤 ハル".encode() in plain
    assert "佐藤".encode() not in data
    assert data.startswith(b"age-encryption.org/v1")
    assert stat.S_IMODE(Path(made.path).stat().st_mode) == 0o600


def test_into_a_folder_it_gets_a_name_of_its_time(town: Store, tmp_path: Path, safe: Safe) -> None:
    made = make(town.path, tmp_path, [safe.public], NOW)
    assert Path(made.path).name == "mimamori-20261123T030000Z.age"


def test_two_recipients_can_both_open_it(town: Store, tmp_path: Path, safe: Safe) -> None:
    other = tmp_path / "other.key"
    listed = tmp_path / "recipients"
    listed.write_text(f"# 二人\n{keys.generate(other, NOW)}\n", encoding="utf-8")
    made = make(town.path, tmp_path / "two.age", [safe.public, str(listed)], NOW)
    for key in (safe.secret, other):
        assert restoring.check(Path(made.path), key).rows == made.rows


def test_the_drill_leaves_nothing_behind(made: Made, tmp_path: Path, safe: Safe) -> None:
    before = names(tmp_path)
    assert restoring.check(Path(made.path), safe.secret).into is None
    assert names(tmp_path) == before


# ---- refusals ---------------------------------------------------------------------------------------------------


def test_a_backup_is_never_written_over(made: Made, town: Store, tmp_path: Path, safe: Safe) -> None:
    before = Path(made.path).read_bytes()
    with pytest.raises(Refused, match="上書きしません"):
        make(town.path, Path(made.path), [safe.public], NOW)
    assert Path(made.path).read_bytes() == before


def test_a_backup_made_at_the_same_moment_is_not_written_over_either(
    town: Store, tmp_path: Path, safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "town.age"
    real = making._publish

    def late(partial: Path, to: Path) -> None:
        to.write_bytes(b"the other one's")
        real(partial, to)

    monkeypatch.setattr(making, "_publish", late)
    with pytest.raises(Refused, match="上書きしません"):
        make(town.path, target, [safe.public], NOW)
    assert target.read_bytes() == b"the other one's"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("given", [["age1nonsense"], [], ["/no/such/file"]])
def test_without_a_public_key_there_is_no_backup(town: Store, tmp_path: Path, given: list[str]) -> None:
    with pytest.raises(Refused, match="鍵"):
        make(town.path, tmp_path / "x.age", given, NOW)
    assert not (tmp_path / "x.age").exists()


def test_an_existing_store_is_never_restored_over(made: Made, town: Store, safe: Safe) -> None:
    before = town.path.read_bytes()
    with pytest.raises(Refused, match="上書きしません"):
        restoring.restore(Path(made.path), safe.secret, town.path.parent)
    assert town.path.read_bytes() == before


def test_nothing_is_restored_under_a_running_hub(made: Made, tmp_path: Path, safe: Safe) -> None:
    into = tmp_path / "running"
    into.mkdir()
    with (into / "hub.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="ハブが動いています"):
            restoring.restore(Path(made.path), safe.secret, into)
    assert names(into) == ["hub.lock"]


def test_another_key_opens_nothing(made: Made, tmp_path: Path, safe: Safe) -> None:
    other = tmp_path / "other.key"
    keys.generate(other, NOW)
    with pytest.raises(Refused, match="この鍵では"):
        restoring.restore(Path(made.path), other, tmp_path / "new")
    assert not (tmp_path / "new" / "hub.db").exists()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_backup_that_is_damaged_or_cut_off_anywhere_is_refused(
    made: Made, tmp_path: Path, safe: Safe, data: st.DataObject
) -> None:
    whole = Path(made.path).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    rest = b"" if data.draw(st.booleans()) else bytes([whole[place] ^ 0x40]) + whole[place + 1 :]
    hurt = whole[:place] + rest
    broken = tmp_path / "broken.age"
    broken.write_bytes(hurt)
    into = tmp_path / "new"
    with pytest.raises(Refused):
        restoring.restore(broken, safe.secret, into)
    assert names(into) == ["hub.lock"]


def remade(made: Made, safe: Safe, tmp_path: Path, change: Callable[[Path], None], **manifest: Any) -> Path:
    """The same backup by somebody who had the key, with a changed database or manifest."""
    folder = tmp_path / "opened"
    folder.mkdir()
    before = archive.read(Path(made.path), keys.identity(safe.secret), folder, Nobody())
    change(folder / "hub.db")
    member = archive.entry("hub.db", folder / "hub.db")
    values = {name: getattr(before, name) for name in before.__struct_fields__} | {"files": [member.entry]}
    made_up = archive.Manifest(**{**values, **manifest})
    to = tmp_path / "remade.age"
    with to.open("wb") as file:
        archive.write(file, made_up, [member], keys.recipients([safe.public]), Nobody())
    return to


def sql(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute(statement)
        raw.close()

    return change


def test_a_backup_of_a_newer_program_is_refused_in_one_sentence(
    made: Made, tmp_path: Path, safe: Safe
) -> None:
    newer = remade(
        made, safe, tmp_path, sql("UPDATE alembic_version SET version_num = '9999'"), revision="9999"
    )
    with pytest.raises(Refused, match="プログラムを更新してから") as refused:
        restoring.restore(newer, safe.secret, tmp_path / "new")
    assert str(refused.value).count("。") == 2
    assert names(tmp_path / "new") == ["hub.lock"]


def test_a_backup_of_an_older_program_is_brought_up_to_date(tmp_path: Path, safe: Safe) -> None:
    """A store of the first revision, as an old hub left it."""
    first = tmp_path / "first.db"
    from alembic import command

    from hub.store.migrate import _config

    engine_of_first(first, lambda conn: command.upgrade(_config(conn), "0001"))
    made = make(first, tmp_path / "first.age", [safe.public], NOW)
    assert made.revision == "0001"
    assert migrate.head() != "0001"
    done = restoring.restore(Path(made.path), safe.secret, tmp_path / "new")
    assert done.revision == "0001"
    assert snapshot.revision(tmp_path / "new" / "hub.db") == migrate.head()
    Store.open(tmp_path / "new" / "hub.db").close()


def engine_of_first(path: Path, work: Callable[[Connection], None]) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as conn:
        work(conn)


@pytest.mark.parametrize(
    "change", ["DELETE FROM transition", "UPDATE alembic_version SET version_num = '0001'"]
)
def test_a_backup_that_does_not_match_its_list_is_refused(
    made: Made, tmp_path: Path, safe: Safe, change: str
) -> None:
    with pytest.raises(Refused, match="目録と合いません"):
        restoring.restore(remade(made, safe, tmp_path, sql(change)), safe.secret, tmp_path / "new")
    assert names(tmp_path / "new") == ["hub.lock"]


def test_a_member_with_a_path_out_of_the_folder_is_refused(made: Made, tmp_path: Path, safe: Safe) -> None:
    evil = archive.entry("also/../../evil", b"x")
    manifest = archive.Manifest(
        format=1, made_at=NOW, program="x", engine="sqlite", revision="0001", rows={}, files=[evil.entry]
    )
    path = tmp_path / "evil.age"
    with path.open("wb") as file:
        archive.write(file, manifest, [evil], keys.recipients([safe.public]), Nobody())
    with pytest.raises(Refused):
        restoring.restore(path, safe.secret, tmp_path / "new")
    assert not (tmp_path / "evil").exists()


def test_a_full_disk_is_said_and_leaves_nothing_behind(
    town: Store, tmp_path: Path, safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = archive.write

    class Full:
        def __init__(self, file: IO[bytes]) -> None:
            self._file, self._left = file, 2000

        def write(self, data: bytes) -> int:
            self._left -= len(data)
            if self._left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self._file.write(data)

        def flush(self) -> None:
            self._file.flush()

    def write(to: IO[bytes], *rest: Any) -> None:
        real(Full(to), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(archive, "write", write)
    with pytest.raises(Refused, match="ディスクがいっぱいです"):
        make(town.path, tmp_path / "town.age", [safe.public], NOW)
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "town.age").exists()


def test_too_little_room_is_said_before_anything_begins(
    town: Store, tmp_path: Path, safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10))
    with pytest.raises(Refused, match="空きが足りません"):
        make(town.path, tmp_path / "town.age", [safe.public], NOW)


def test_a_key_is_never_written_over_and_is_for_its_owner_alone(safe: Safe) -> None:
    assert stat.S_IMODE(safe.secret.stat().st_mode) == 0o600
    with pytest.raises(Refused, match="上書きしません"):
        keys.generate(safe.secret, NOW)


# ---- the commands -----------------------------------------------------------------------------------------------


def test_the_commands_make_and_check_and_restore(tmp_path: Path, clock: TravellingClock) -> None:
    run = CliRunner()
    config = tmp_path / "hub.toml"
    config.write_text('data = "data"\n', encoding="utf-8")
    Store.open(tmp_path / "data" / "hub.db").close()
    secret = tmp_path / "backup.key"
    public = run.invoke(app, ["backup", "keygen", "--to", str(secret)]).stdout.strip()
    assert public.startswith("age1")
    said = run.invoke(
        app,
        ["backup", "--to", str(tmp_path / "a.age"), "--recipient", public, "--config", str(config), "--json"],
    )
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["rows"]["event"] == 0
    drill = run.invoke(app, ["restore", str(tmp_path / "a.age"), "--identity", str(secret), "--check"])
    assert drill.exit_code == 0
    assert "戻せます" in drill.stdout
    back = run.invoke(
        app, ["restore", str(tmp_path / "a.age"), "--identity", str(secret), "--into", str(tmp_path / "b")]
    )
    assert back.exit_code == 0
    assert (tmp_path / "b" / "hub.db").exists()


def test_a_refusal_is_one_sentence_and_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text("nonsense\n", encoding="utf-8")
    monkeypatch.setattr(
        "sys.argv", ["mimamori", "restore", "nowhere.age", "--identity", str(tmp_path / "key"), "--check"]
    )
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "バックアップの鍵ではありません" in capsys.readouterr().err


def test_a_restored_store_is_open_for_many_at_once_from_the_start(
    town: Store, tmp_path: Path, safe: Safe
) -> None:
    """A copy is made in the mode of one reader; if the first two connections had to change it, one would be refused."""
    made = make(town.path, tmp_path / "a.age", [safe.public], NOW)
    restoring.restore(Path(made.path), safe.secret, tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new" / "hub.db")) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
