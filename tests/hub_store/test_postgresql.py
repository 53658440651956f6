"""A store on a server: several processes write one after the other, and what is wrong with the server is said."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import Connection, func, insert, select

from bench.postgres import PostgresServer
from contract.refusal import Refused
from hub import pulse
from hub.retention import removing
from hub.retention.policy import Kind
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


def _in(month: datetime, number: int, received: datetime) -> dict[str, object]:
    return event(f"{partitions.first_id(month)}7000-8000-{number:012d}") | {"received_at": received}


def _months(conn: Connection) -> set[str]:
    return {name for name in partitions._there(conn) if name.startswith("event_2021")}


@pytest.fixture
def months(address: str) -> Iterator[Store]:
    """A store with events of May, June and July 2021; one of June arrived only in August."""
    may, june, july = (datetime(2021, number, 1, tzinfo=UTC) for number in (5, 6, 7))
    august = datetime(2021, 8, 15, tzinfo=UTC)
    with Store.open(address) as store:
        store.write(lambda conn: partitions.make_ahead(conn, may))
        events = [
            _in(may, 1, may),
            _in(may, 2, may),
            _in(june, 1, june),
            _in(june, 2, august),
            _in(july, 1, july),
        ]
        store.write(lambda conn: conn.execute(insert(t.event), events))
        yield store
        store.write(lambda conn: [conn.exec_driver_sql(f"DROP TABLE {name}") for name in _months(conn)])


def test_a_month_that_is_too_old_as_a_whole_goes_as_one_and_is_counted(months: Store) -> None:
    """June holds one that arrived late: its others go row by row. July is not over on its 20th."""
    before = datetime(2021, 7, 20, tzinfo=UTC)
    with months.read() as conn:
        all_of_them = _months(conn)
        assert removing.count(conn, Kind.events, before) == 4
    gone = [months.write(lambda conn: removing.remove(conn, Kind.events, before, 300)) for _ in range(3)]
    assert gone == [2, 2, 0]
    with months.read() as conn:
        assert all_of_them - _months(conn) == {"event_2021_05"}
        assert conn.scalars(select(t.event.c.received_at)).all() == [datetime(2021, 8, 15, tzinfo=UTC)]


def test_a_month_somebody_reads_goes_another_time_and_its_rows_meanwhile(
    months: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LOCK_SECONDS", 0.1)
    before = datetime(2021, 6, 1, tzinfo=UTC)
    with months.read() as reader:
        assert reader.scalar(select(func.count()).select_from(t.event)) == 5
        assert months.write(lambda conn: removing.remove(conn, Kind.events, before, 1)) == 1
    assert months.write(lambda conn: removing.remove(conn, Kind.events, before, 1)) == 1
    with months.read() as conn:
        assert "event_2021_05" not in _months(conn)
        assert conn.scalar(select(func.count()).select_from(t.event)) == 3
