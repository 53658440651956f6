"""Many rows in one statement hold what one by one would have held."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, String, cast, event, insert, select

from hub import agenda
from hub.store import bulk
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import DueKind
from hub.watch import slots as slots_of_watch
from hub.watch.slots import SlotKey

BOTH_STORES = True
NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)


def events(count: int) -> list[dict[str, object]]:
    return [
        {
            "id": f"e{number}",
            "device_id": "sato-1",
            "resident_id": None,
            "session": "s1",
            "seq": number,
            "at": NOON,
            "received_at": NOON,
            "clock": "synced",
            "late": number % 2 == 0,
            "type": "song",
            "body": {"key": "ハ長調", "bars": [number, None]},
        }
        for number in range(count)
    ]


def slots(store: Store) -> list[object]:
    with store.read() as conn:
        return [
            tuple(row)
            for row in conn.execute(
                select(t.slot.c.id, t.slot.c.state, t.slot.c.closed_at).order_by(t.slot.c.id)
            )
        ]


def test_rows_come_back_as_sqlalchemy_would_have_written_them(store: Store) -> None:
    rows = events(3)
    store.write(lambda conn: conn.execute(insert(t.event), rows))
    with store.read() as conn:
        expected = conn.execute(select(t.event)).all()
    store.write(lambda conn: conn.execute(t.event.delete()))
    store.write(lambda conn: bulk.insert(conn, t.event, rows))
    with store.read() as conn:
        assert conn.execute(select(t.event)).all() == expected


INSTANTS = [
    NOON,
    NOON.replace(microsecond=100_000),
    NOON.astimezone(timezone(timedelta(hours=9))),
    datetime(1, 1, 1, tzinfo=UTC),
]


def test_instants_are_kept_as_sqlalchemy_would_have_kept_them(store: Store) -> None:
    rows = [{**row, "at": at} for row, at in zip(events(len(INSTANTS)), INSTANTS, strict=True)]
    texts = select(cast(t.event.c.at, String)).order_by(t.event.c.id)
    store.write(lambda conn: conn.execute(insert(t.event), rows))
    with store.read() as conn:
        expected = conn.scalars(texts).all()
    store.write(lambda conn: conn.execute(t.event.delete()))
    store.write(lambda conn: bulk.insert(conn, t.event, rows))
    with store.read() as conn:
        assert conn.scalars(texts).all() == expected


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100, 699, 1000, 3000])
def test_every_row_is_in_one_of_the_blocks(store: Store, count: int) -> None:
    store.write(lambda conn: bulk.insert(conn, t.event, events(count)))
    with store.read() as conn:
        assert set(conn.scalars(select(t.event.c.seq))) == set(range(count))


def test_batches_of_any_length_share_their_statements(tmp_path: Path) -> None:
    """A text that the driver has not met costs as much again: 2.1 µs for each event."""
    texts: set[str] = set()

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        texts.add(statement)

    with Store.open(tmp_path / "texts.db") as store:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            for count in range(600, 1000, 32):
                rows = [{**row, "id": f"{count}-{row['id']}"} for row in events(count)]
                store.write(lambda conn, rows=rows: bulk.insert(conn, t.event, rows))  # type: ignore[misc]
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    assert len([text for text in texts if text.startswith("INSERT")]) <= 6


def test_more_rows_than_one_statement_takes_are_all_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_VALUES", 50)
    store.write(lambda conn: bulk.insert(conn, t.event, events(23)))
    with store.read() as conn:
        assert len(conn.execute(select(t.event)).all()) == 23


def test_each_row_gets_its_own_values_and_others_stay(town: Store) -> None:
    before = slots(town)
    changed = [
        {"id": 1, "state": "missed", "closed_at": NOON},
        {"id": 2, "state": "answered", "closed_at": None},
    ]
    town.write(lambda conn: bulk.update(conn, t.slot, "id", changed))
    assert slots(town) == [(1, "missed", NOON), (2, "answered", None), *before[2:]]


def test_what_is_taken_off_the_agenda_is_named_by_kind_and_subject(town: Store) -> None:
    with town.read() as conn:
        due = [(row.kind, row.subject) for row in conn.execute(select(t.due).order_by(t.due.c.subject))]
    gone = [
        (DueKind(due[0][0]), due[0][1]),
        (DueKind.ladder_step, due[1][1]),
        (DueKind(due[2][0]), due[2][1]),
    ]
    town.write(lambda conn: agenda.cancel_all(conn, gone))
    with town.read() as conn:
        left = [(row.kind, row.subject) for row in conn.execute(select(t.due).order_by(t.due.c.subject))]
    assert left == [due[1], *due[3:]]


def test_many_are_found_by_their_index_and_not_by_going_through_the_table(tmp_path: Path) -> None:
    """A DELETE that went through the table made a miss wait for seconds in a town of 400,000 homes."""
    told: list[str] = []

    def explain(conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("DELETE", "UPDATE", "SELECT")):
            raw = conn.connection.driver_connection
            told.extend(str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    with Store.open(tmp_path / "indexed.db") as store:
        event.listen(Engine, "before_cursor_execute", explain)
        try:
            store.write(
                lambda conn: agenda.cancel_all(
                    conn, [(DueKind.slot_deadline, "a"), (DueKind.slot_deadline, "b")]
                )
            )
            store.write(lambda conn: bulk.update(conn, t.slot, "id", [{"id": 1, "state": "missed"}]))
            for names in (["morning"], [f"slot{number}" for number in range(20)]):
                keys = [SlotKey(who, NOON.date(), name) for who in ("sato", "ito") for name in names]
                store.write(
                    lambda conn, keys=keys: conn.execute(  # type: ignore[misc]
                        select(t.slot.c.id).where(slots_of_watch.named(conn, keys))
                    ).all()
                )
        finally:
            event.remove(Engine, "before_cursor_execute", explain)
    assert len(told) > 5
    assert not [line for line in told if line.startswith(("SCAN due", "SCAN slot"))]


def test_nothing_is_no_statement(store: Store) -> None:
    nothing: Any = None  # no connection is needed for it
    assert bulk.insert(nothing, t.event, []) == 0
    bulk.update(nothing, t.event, "id", [])
    store.write(lambda conn: agenda.cancel_all(conn, []))


def test_how_many_rows_were_put_in_is_told_when_some_were_there(store: Store) -> None:
    conflict = "ON CONFLICT (id) DO NOTHING"
    assert store.write(lambda conn: bulk.insert(conn, t.event, events(40), conflict)) == 40
    assert store.write(lambda conn: bulk.insert(conn, t.event, events(45), conflict)) == 5


def test_a_naive_time_does_not_reach_the_store(store: Store) -> None:
    rows = [{**events(1)[0], "at": datetime(2026, 11, 24)}]
    with pytest.raises(ValueError):
        store.write(lambda conn: bulk.insert(conn, t.event, rows))
