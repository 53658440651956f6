"""Asked for many at once, a store finds what it would have found one by one, on both stores and by their index."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select

from hub.store import tables as t
from hub.store.among import FEW_GROUPS, among, among_groups, each_of
from hub.store.database import Store
from tests.clock import MONDAY_NOON

BOTH_STORES = True
KINDS = [f"kind{number}" for number in range(FEW_GROUPS + 2)]
Groups = Mapping[tuple[str], Sequence[str]]


@pytest.fixture
def agenda(store: Store) -> Store:
    rows = [
        {"at": MONDAY_NOON + timedelta(hours=number), "kind": kind, "subject": subject}
        for kind in KINDS
        for number, subject in enumerate(("sato", "ito", "mo/ri"))
    ]
    store.write(lambda conn: conn.execute(insert(t.due), rows))
    return store


def left(conn: Connection) -> set[tuple[str, str]]:
    return {(kind, subject) for kind, subject in conn.execute(select(t.due.c.kind, t.due.c.subject))}


@pytest.mark.parametrize("kinds", [0, 1, 2, len(KINDS)])
def test_groups_are_taken_each_with_its_own_values_however_many_there_are(agenda: Store, kinds: int) -> None:
    groups: Groups = {
        (kind,): ("sato", "mo/ri", "nobody")[number % 2 :] for number, kind in enumerate(KINDS[:kinds])
    }
    wanted = {(kind, subject) for (kind,), subjects in groups.items() for subject in subjects}

    def take(conn: Connection) -> set[tuple[str, str]]:
        before = left(conn)
        conn.execute(delete(t.due).where(among_groups(conn, (t.due.c.kind, t.due.c.subject), 1, groups)))
        return before - left(conn)

    gone = agenda.write(take)
    assert gone == {one for one in wanted if one[1] != "nobody"}


def test_each_of_some_strings_is_asked_about_none_left_out(agenda: Store) -> None:
    one = each_of(["sato", "nobody", "mo/ri"])
    latest = select(t.due.c.at).where(t.due.c.subject == one, t.due.c.kind == KINDS[0]).scalar_subquery()
    with agenda.read() as conn:
        found: dict[str, object] = dict(conn.execute(select(one, latest)).all())
    assert {name: at is not None for name, at in found.items()} == {
        "sato": True,
        "nobody": False,
        "mo/ri": True,
    }


@pytest.mark.parametrize("groups", [1, FEW_GROUPS + 1])
def test_sqlite_goes_by_the_index_for_few_groups_and_for_many(agenda: Store, groups: int) -> None:
    """Named in another order, three columns were looked for by the day alone: all homes of a morning."""
    residents = {(MONDAY_NOON.date() + timedelta(days=n), "morning"): ["sato"] for n in range(groups)}
    columns = (t.slot.c.resident_id, t.slot.c.day, t.slot.c.name)
    with agenda.read() as conn:
        if conn.dialect.name != "sqlite":
            pytest.skip("PostgreSQL's plan depends on how full the table is")
        asked = select(t.slot.c.opens_at).where(among_groups(conn, columns, 0, residents))
        text = asked.compile(conn.engine, compile_kwargs={"literal_binds": True})
        plan = [row.detail for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert [step for step in plan if "slot" in step and "resident_id=? AND day=? AND name=?" in step]
    assert not [step for step in plan if "ix_slot_day" in step]


def test_whole_numbers_are_found_by_their_value(agenda: Store) -> None:
    with agenda.read() as conn:
        ids = conn.scalars(select(t.due.c.id).order_by(t.due.c.id).limit(2)).all()
        assert conn.scalars(select(t.due.c.id).where(among(t.due.c.id, ids))).all() == ids
