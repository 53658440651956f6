"""A store on a server: several processes write one after the other, and what is wrong with the server is said."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import func, insert, select

from bench.postgres import PostgresServer
from contract.refusal import Refused
from hub import pulse
from hub.store import partitions
from hub.store import tables as t
from hub.store.database import Store, StoreFault
from tests.conftest import Databases

NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)
PATIENCE = 30.0


@pytest.fixture
def address(postgres: Databases) -> Iterator[str]:
    with postgres.fresh() as fresh:
        yield fresh


def _written(store: Store) -> bool:
    try:
        store.write(lambda conn: pulse.beat(conn, "y", NOON))
    except StoreFault:
        return False
    return True


def event(id: str) -> dict[str, object]:
    return {
        "id": id,
        "device_id": "sato-1",
        "session": "s1",
        "seq": 1,
        "at": NOON,
        "received_at": NOON,
        "clock": "synced",
        "late": False,
        "type": "song",
        "body": {},
    }


def test_what_one_process_reads_is_still_true_when_it_writes(address: str) -> None:
    """Two hubs count upwards by reading and writing: nothing is counted twice."""

    def count(store: Store) -> None:
        def work(conn: object) -> None:
            before = pulse.last(conn, "count") or NOON  # type: ignore[arg-type]
            pulse.beat(conn, "count", before.replace(microsecond=before.microsecond + 1))  # type: ignore[arg-type]

        for _ in range(50):
            store.write(work)

    with Store.open(address) as one, Store.open(address) as other:
        threads = [threading.Thread(target=count, args=(store,)) for store in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with one.read() as conn:
            counted = pulse.last(conn, "count")
    assert counted == NOON.replace(microsecond=100)


def test_what_another_process_writes_is_noticed(address: str) -> None:
    with Store.open(address) as one, Store.open(address) as other:
        told = threading.Event()
        one.on_change(lambda _revision: told.set())
        other.write(lambda conn: pulse.beat(conn, "x", NOON))
        assert told.wait(PATIENCE)


def test_a_reader_keeps_seeing_one_state_and_cannot_write(address: str) -> None:
    with Store.open(address) as store:
        with store.read() as conn:
            assert pulse.last(conn, "x") is None
            store.write(lambda conn: pulse.beat(conn, "x", NOON))
            assert pulse.last(conn, "x") is None
        with store.read() as conn, pytest.raises(Exception, match="read-only"):
            pulse.beat(conn, "x", NOON)


def test_connections_that_are_cut_cost_one_write_and_no_more(address: str) -> None:
    with Store.open(address) as store:
        store.write(lambda conn: pulse.beat(conn, "x", NOON))
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        failed = 0
        while failed < 3 and not _written(store):
            failed += 1
        assert failed <= 1
        assert store.fault is None
        with store.read() as conn:
            assert pulse.last(conn, "y") == NOON


def test_a_server_that_is_gone_is_named_and_its_password_is_not() -> None:
    with pytest.raises(Refused, match=r"127\.0\.0\.1:1/mimamori を開けません") as refused:
        Store.open("postgresql://hub:geheim@127.0.0.1:1/mimamori")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong", ["mysql://hub@db/mimamori", "postgresql://hub@db", "postgresql://[", "sqlite:///x"]
)
def test_an_address_that_is_none_of_a_server_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match=r"\[store\] の url"):
        Store.open(wrong)


def test_a_database_of_a_newer_version_and_one_of_somebody_else_are_refused(postgres: Databases) -> None:
    server: PostgresServer = postgres.server
    newer, foreign = server.database(), server.database()
    Store.open(newer).close()
    with psycopg.connect(newer, autocommit=True) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused, match="新しい版"):
        Store.open(newer)
    with psycopg.connect(foreign, autocommit=True) as conn:
        conn.execute("CREATE TABLE shop (id int)")
    with pytest.raises(Refused, match="見守りのデータベースではありません"):
        Store.open(foreign)
    for address in (newer, foreign):
        server.drop(address)


def test_two_that_open_an_empty_database_at_once_both_find_it_made(postgres: Databases) -> None:
    address = postgres.server.database()
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(Store.open(address))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 3
    for store in opened:
        store.close()
    postgres.server.drop(address)


def test_events_lie_in_the_month_of_their_id_and_an_id_is_known_in_all_of_them(address: str) -> None:
    may, june = datetime(2031, 5, 1, tzinfo=UTC), datetime(2031, 6, 1, tzinfo=UTC)
    in_may = partitions.first_id(may) + "7000-8000-000000000001"
    with Store.open(address) as store:
        store.write(lambda conn: partitions.make_ahead(conn, may))
        store.write(lambda conn: conn.execute(insert(t.event), [event(in_may), event("e1")]))

        def where(conn: object) -> list[tuple[str, str]]:
            rows = conn.exec_driver_sql("SELECT id, tableoid::regclass::text FROM event ORDER BY id")  # type: ignore[attr-defined]
            return [tuple(row) for row in rows]

        with store.read() as conn:
            assert where(conn) == [(in_may, "event_2031_05"), ("e1", "event_other")]
        assert in_may < partitions.first_id(june)
        with pytest.raises(Exception, match="duplicate key"):
            store.write(lambda conn: conn.execute(insert(t.event), [event(in_may)]))
        store.write(
            lambda conn: [
                conn.exec_driver_sql(f"DROP TABLE event_2031_{number:02d}") for number in range(5, 13)
            ]
        )


def test_a_month_whose_events_came_before_it_was_made_stays_where_they_are(address: str) -> None:
    early = datetime(2041, 5, 1, tzinfo=UTC)
    with Store.open(address) as store:
        store.write(
            lambda conn: conn.execute(
                insert(t.event), [event(partitions.first_id(early) + "7000-8000-000000000001")]
            )
        )
        made = store.write(lambda conn: partitions.make_ahead(conn, early))
        assert "event_2041_05" not in made
        assert "event_2041_06" in made
        with store.read() as conn:
            assert conn.scalar(select(func.count()).select_from(t.event)) == 1
        store.write(lambda conn: [conn.exec_driver_sql(f"DROP TABLE {name}") for name in made])
