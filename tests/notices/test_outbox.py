"""The outbox: what is put in once is there once, with the transition it speaks of, or not at all."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event, select

from contract.ids import uuid7
from hub.notices import outbox
from hub.notices.notice import DUTY, HUB, Notice, NoticeKind, Subject, Urgency
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from hub.work import Work
from tests.clock import TravellingClock

BOTH_STORES = True

CASE = Subject("case", "c1")
Put = Callable[..., None]


def opened(key: str = "case/c1/opened", subject: Subject = CASE) -> Notice:
    return Notice(
        key=key,
        kind=NoticeKind.case_opened,
        audience=DUTY,
        subject=subject,
        words="応答がありません。電話してください。",
    )


@pytest.fixture
def put(store: Store, clock: TravellingClock, policy: Policy) -> Put:
    def work(*notices: Notice, fail: bool = False) -> None:
        def write(conn: Connection) -> None:
            with Work(conn, clock.now(), uuid7, policy) as at:
                outbox.put(at, notices)
            if fail:
                raise RuntimeError("the transition could not be written")

        store.write(write)

    return work


def keys(store: Store) -> list[str]:
    with store.read() as conn:
        return list(conn.scalars(select(t.notice.c.key).order_by(t.notice.c.id)))


def test_the_same_key_twice_is_one_notice(store: Store, put: Put, clock: TravellingClock) -> None:
    put(opened(), opened())
    clock.forward(days=400)
    put(opened())
    assert keys(store) == ["case/c1/opened"]


def test_a_notice_is_gone_with_the_transaction_it_speaks_of(store: Store, put: Put) -> None:
    with pytest.raises(RuntimeError):
        put(opened(), fail=True)
    assert keys(store) == []


def test_a_thousand_notices_are_a_handful_of_statements(store: Store, put: Put) -> None:
    statements: list[str] = []

    def count(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(store._writer, "before_cursor_execute", count)
    put(*(opened(f"case/{number}/opened") for number in range(1000)))
    assert len(keys(store)) == 1000
    # One a power of two that the number is made of: the driver meets lengths it has prepared.
    assert len([one for one in statements if "notice" in one]) == (1000).bit_count()


def test_what_is_settled_before_it_is_out_is_withdrawn_and_stays_visible(
    store: Store,
    put: Put,
    clock: TravellingClock,
    policy: Policy,
) -> None:
    other = opened("case/c2/opened", Subject("case", "c2"))
    put(
        opened(), other, Notice(key="hub/1", kind=NoticeKind.hub_blind, audience=DUTY, subject=HUB, words="-")
    )

    def settle(conn: Connection) -> None:
        with Work(conn, clock.now(), uuid7, policy) as work:
            outbox.all_clear(work, [(CASE, "電話で話せました。")], urgency=Urgency.routine)

    store.write(settle)
    with store.read() as conn:
        rows = conn.execute(select(t.notice.c.kind, t.notice.c.subject, t.notice.c.withdrawn_why)).all()
    assert sorted(rows, key=str) == sorted(
        [
            ("case_opened", "c1", "電話で話せました。"),
            ("case_opened", "c2", None),
            ("hub_blind", "hub", None),
            ("all_clear", "c1", None),
        ],
        key=str,
    )
