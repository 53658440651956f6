"""The store: what was written is there, what failed left nothing, and a file that is not ours is not touched."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from contract.refusal import Refused
from hub.store import tables as t
from hub.store.database import Store, StoreClosed, StoreFull
from tests.clock import MONDAY_NOON

PATIENCE = 10.0


Work = Callable[[Connection], object]


def add(code: str) -> Callable[[Connection], str]:
    def work(conn: Connection) -> str:
        conn.execute(insert(t.district).values(code=code, name=code, kana="カナ", position=1))
        return code

    return work


def codes(store: Store) -> list[str]:
    with store.read() as conn:
        return list(conn.scalars(select(t.district.c.code).order_by(t.district.c.code)))


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    with Store.open(tmp_path / "hub.db") as store:
        assert store.write(add("oi")) == "oi"
    with Store.open(tmp_path / "hub.db") as store:
        assert codes(store) == ["oi"]


def test_a_work_that_raises_leaves_nothing_and_raises_where_it_was_brought(store: Store) -> None:
    def work(conn: Connection) -> None:
        add("oi")(conn)
        raise KeyError("half-way")

    with pytest.raises(KeyError, match="half-way"):
        store.write(work)
    assert codes(store) == []
    assert store.changed() == 0


def test_many_threads_write_without_meeting(store: Store) -> None:
    futures = []
    threads = [
        threading.Thread(target=lambda n=n: futures.append(store.submit(add(f"d{n}")))) for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait(futures, PATIENCE)
    assert len(codes(store)) == 40


def test_a_reader_keeps_seeing_one_state_and_cannot_write(store: Store) -> None:
    store.write(add("a"))
    with store.read() as conn:
        assert conn.scalar(select(t.district.c.code)) == "a"
        store.write(add("b"))
        assert len(conn.execute(select(t.district)).all()) == 1
        with pytest.raises(DBAPIError, match="readonly"):
            conn.execute(insert(t.pulse).values(name="x", at=None))
    assert codes(store) == ["a", "b"]


def test_every_commit_is_told_after_it_and_before_the_writer_returns(store: Store) -> None:
    told: list[tuple[int, list[str]]] = []
    unsubscribe = store.on_change(lambda revision: told.append((revision, codes(store))))
    store.write(add("a"))
    store.write(add("b"))
    unsubscribe()
    store.write(add("c"))
    assert told == [(1, ["a"]), (2, ["a", "b"])]
    assert store.changed() == 3


def test_a_page_that_cannot_be_told_does_not_stop_the_writing(store: Store) -> None:
    def broken(revision: int) -> None:
        raise RuntimeError("the page is gone")

    told: list[int] = []
    store.on_change(broken)
    store.on_change(told.append)
    store.write(add("a"))
    store.write(add("b"))
    assert told == [1, 2]


def test_what_another_program_writes_is_noticed(store: Store) -> None:
    told = threading.Event()
    store.on_change(lambda _revision: told.set())
    with Store.open(store.path) as other:
        other.write(add("a"))
    assert told.wait(PATIENCE)
    assert codes(store) == ["a"]


def test_closing_finishes_what_is_waiting_and_takes_nothing_more(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "hub.db")
    futures = [store.submit(add(f"d{n}")) for n in range(20)]
    store.close()
    assert [future.result(0) for future in futures] == [f"d{n}" for n in range(20)]
    with pytest.raises(StoreClosed):
        store.write(add("late"))


def test_a_work_must_not_wait_for_itself(store: Store) -> None:
    def outer(_conn: Connection) -> str:
        return store.write(add("inner"))

    with pytest.raises(RuntimeError, match="wait for itself"):
        store.write(outer)


def test_the_disk_is_told_to_keep_what_was_committed(store: Store) -> None:
    def settings(conn: Connection) -> list[object]:
        return [
            conn.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode", "foreign_keys")
        ]

    full = 2
    assert store.write(settings) == [full, "wal", 1]


def test_a_row_that_points_nowhere_is_refused(store: Store) -> None:
    home = insert(t.household).values(id="h", district="nowhere", address="", lives_alone=True)
    with pytest.raises(IntegrityError):
        store.write(lambda conn: conn.execute(home))


def limit(store: Store, pages: int) -> None:
    store.write(lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar())


def fault(store: Store) -> str | None:
    return store.fault


def fill(conn: Connection) -> None:
    row = {"topic": "x", "received_at": MONDAY_NOON, "payload": b"x" * 4000, "why": "full"}
    conn.execute(insert(t.quarantine), [row] * 200)


def in_a_savepoint(conn: Connection) -> None:
    with conn.begin_nested():
        fill(conn)


@pytest.mark.parametrize("work", [fill, in_a_savepoint])
def test_a_full_disk_undoes_the_write_says_so_and_lets_the_same_work_pass_later(
    store: Store, work: Work
) -> None:
    limit(store, 1)  # SQLite takes the size it has
    with pytest.raises(StoreFull, match=r"ディスクがいっぱい.*hub\.db"):
        store.write(work)
    with store.read() as conn:
        assert conn.execute(select(t.quarantine)).all() == []
    assert fault(store) is not None

    limit(store, 100_000)
    store.write(work)
    assert fault(store) is None
    with store.read() as conn:
        assert len(conn.execute(select(t.quarantine.c.id)).all()) == 200


# ---- files that cannot be opened ---------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    path.write_bytes(b"this is no database, but somebody's letter. " * 100)
    before = path.read_bytes()
    with pytest.raises(Refused, match=r"hub\.db が壊れています.*バックアップから戻してください"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_damaged_page_is_noticed_at_opening(tmp_path: Path) -> None:
    """A page that opening itself never reads: only the check finds it, before somebody's history is missing."""
    path = tmp_path / "hub.db"
    Store.open(path).close()
    raw = sqlite3.connect(path)
    (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'quarantine'").fetchone()
    (size,) = raw.execute("PRAGMA page_size").fetchone()
    raw.close()
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(whole)
    with pytest.raises(Refused, match="壊れています"):
        Store.open(path)
    assert path.read_bytes() == whole


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    Store.open(path).close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(Refused, match=r"新しい版.*9999.*プログラムを更新"):
        Store.open(path)


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE recipes (name TEXT)")
    raw.commit()
    raw.close()
    with pytest.raises(Refused, match="見守りのデータベースではありません"):
        Store.open(path)
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
    raw.close()


def test_a_place_where_nothing_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Refused, match=r"file を作れません"):
        Store.open(tmp_path / "file" / "hub.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Refused, match=r"folder を開けません|folder を読み書きできません"):
        Store.open(tmp_path / "folder")
