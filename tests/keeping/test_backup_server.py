"""A store on a PostgreSQL server: backed up table by table, put back into an empty database, all of it or nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import insert, select

from contract.refusal import Refused
from hub.backup import restoring
from hub.backup.making import Made, make
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from tests import cast
from tests.clock import MONDAY_NOON, TravellingClock
from tests.conftest import Databases
from tests.keeping.test_backup import Safe, event_row, names

NOW = MONDAY_NOON


@pytest.fixture
def town_there(postgres: Databases, clock: TravellingClock, policy: Policy) -> Iterator[tuple[str, Store]]:
    """The cast's town on a server, with events of two months and words that COPY must escape."""
    with postgres.fresh() as address, Store.open(address) as store:
        cast.enrol(store, clock, policy)
        odd = {"text": "改行\n、タブ\t、\\\\N、髙橋𠮷野家"}
        rows = [{**event_row(number), "body": odd} for number in range(20)]
        store.write(lambda conn: conn.execute(insert(t.event), rows))
        yield address, store


@pytest.fixture
def empty(postgres: Databases) -> str:
    """The address of a database without a table."""
    return postgres.server.database()


@pytest.fixture
def made(town_there: tuple[str, Store], tmp_path: Path) -> tuple[Made, Safe]:
    safe = Safe(tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    beside = tmp_path / "hub.toml"
    beside.write_text("x", encoding="utf-8")
    made = make(town_there[0], tmp_path / "a.age", [safe.public], NOW, also=[beside], scratch=scratch)
    assert names(scratch) == []
    return made, safe


def test_every_row_comes_back(
    made: tuple[Made, Safe], town_there: tuple[str, Store], empty: str, tmp_path: Path
) -> None:
    backup, safe = made
    assert restoring.check(Path(backup.path), safe.secret).rows == backup.rows
    done = restoring.restore(Path(backup.path), safe.secret, empty, also_into=tmp_path / "also")
    assert done.rows == backup.rows
    assert backup.rows["event"] == 20
    assert names(tmp_path / "also") == ["hub.toml"]
    _, store = town_there
    with Store.open(empty) as again, again.read() as there, store.read() as here:
        for table in t.metadata.sorted_tables:
            if table.name not in ("pulse", "access_log"):
                order = list(table.primary_key.columns)
                assert (
                    there.execute(select(table).order_by(*order)).all()
                    == here.execute(select(table).order_by(*order)).all()
                )
    # What is written next does not collide with what came back.
    with Store.open(empty) as again:
        row = {"at": NOW, "subject_kind": "x", "subject": "x", "new": "x", "why": "x", "actor": "x"}
        again.write(lambda conn: conn.execute(insert(t.transition).values(**row)))


def test_the_store_knows_of_its_backup(made: tuple[Made, Safe], town_there: tuple[str, Store]) -> None:
    _, store = town_there
    with store.read() as conn:
        assert conn.scalar(select(t.pulse.c.at).where(t.pulse.c.name == "last_backup")) == NOW
        assert conn.scalars(select(t.access_log.c.action)).all() == ["export"]


def test_a_database_with_tables_is_never_restored_over(
    made: tuple[Made, Safe], town_there: tuple[str, Store]
) -> None:
    backup, safe = made
    address, store = town_there
    with pytest.raises(Refused, match="上書きしません"):
        restoring.restore(Path(backup.path), safe.secret, address)
    with store.read() as conn:
        assert len(conn.scalars(select(t.event.c.id)).all()) == 20


def test_what_cannot_be_put_back_whole_leaves_the_database_empty(
    made: tuple[Made, Safe], empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.store import migrate

    def broken(*_: object) -> None:
        raise Refused("途中で止まりました。")

    monkeypatch.setattr(migrate, "server_to_head", broken)
    backup, safe = made
    with pytest.raises(Refused, match="途中で"):
        restoring.restore(Path(backup.path), safe.secret, empty)
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT count(*) FROM pg_class WHERE relname = 'event'").fetchone() == (0,)


def test_a_backup_goes_only_to_its_own_kind_of_store(made: tuple[Made, Safe], tmp_path: Path) -> None:
    backup, safe = made
    with pytest.raises(Refused, match="PostgreSQL のものです"):
        restoring.restore(Path(backup.path), safe.secret, tmp_path / "new")
    assert names(tmp_path / "new") == ["hub.lock"]


def test_a_file_store_does_not_go_onto_a_server(town: Store, empty: str, tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    made = make(town.path, tmp_path / "file.age", [safe.public], NOW)
    with pytest.raises(Refused, match="SQLite のものです"):
        restoring.restore(Path(made.path), safe.secret, empty)


def test_a_server_that_is_not_there_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    address = "postgresql://mimamori:secret@127.0.0.1:1/hub"
    with pytest.raises(Refused, match="サーバーと権限を確かめて") as refused:
        make(address, tmp_path / "x.age", [safe.public], NOW, scratch=tmp_path)
    assert "secret" not in str(refused.value)
