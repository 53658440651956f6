"""kill -9 of the notifier at any line and any moment: nobody misses anything, and what comes twice says that it is the same."""

import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from contract.ids import uuid7
from hub import policy as policies
from hub.notices import outbox
from hub.notices.notice import DUTY, Notice, NoticeKind, Subject, Urgency
from hub.store import tables as t
from hub.store.database import Store
from hub.work import Work
from tests.notices.conftest import add_account
from tests.notices.nursery import ADDRESSES, Ahead
from tests.nursery import ROUNDS, Nursery

LINES = 1_500
"""Of the hub, for the notices of one round; one that is to die later than it works dies idle."""
LEASE_SECONDS = 120.0
"""More than a hand-over may take: by so much each notifier's clock is ahead of the one before."""


def opened(key: str, chance: random.Random) -> Notice:
    """The notice of a case, of an urgency drawn by lot."""
    return Notice(
        key=key,
        kind=NoticeKind.case_opened,
        audience=DUTY,
        subject=Subject("case", key),
        words="-",
        urgency=chance.choice(list(Urgency)),
    )


@pytest.mark.timeout(120 + 3 * ROUNDS)
def test_a_notifier_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(20261126)
    path, out = tmp_path / "hub.db", tmp_path / "out.jsonl"
    out.touch()
    store = Store.open(path)
    for login in ADDRESSES:
        add_account(store, login, login)
    policy = policies.load()
    keys: list[str] = []
    died = Counter[str]()

    def put(how_many: int, ahead: float) -> None:
        fresh = [f"n{len(keys) + number}" for number in range(how_many)]
        keys.extend(fresh)

        def write(conn: Connection) -> None:
            with Work(conn, Ahead(ahead).now(), uuid7, policy) as work:
                outbox.put(
                    work,
                    [opened(key, chance) for key in fresh],
                )

        store.write(write)

    def settled() -> bool:
        with store.read() as conn:
            left = conn.scalar(
                select(func.count()).select_from(t.notice).where(t.notice.c.addressed_at.is_(None))
            )
            open_ = conn.scalar(select(func.count()).where(t.delivery.c.ended_at.is_(None)))
        return not left and not open_

    with store, Nursery("tests.notices.nursery", str(path), str(out)) as nursery:
        for number in range(ROUNDS):
            ahead = number * LEASE_SECONDS
            put(chance.randint(1, 6), ahead)
            # Half of them die at a line of theirs. The others from outside, every second of these right after a
            # hand-over: between "taken" and the commit if we are quick.
            at_a_line = number % 2 == 0
            nursery.start(f"{ahead} {chance.randrange(1, LINES) if at_a_line else 0}")
            before = out.stat().st_size
            itself = nursery.until(
                lambda: number % 4 == 1 and out.stat().st_size != before,  # noqa: B023
                1.0 if at_a_line else chance.uniform(0.0, 0.7),
                every_seconds=0.0005,
            )
            died["by itself" if itself else "from outside"] += 1
            put(chance.randint(0, 3), ahead)
            nursery.kill()
        nursery.start(f"{ROUNDS * LEASE_SECONDS} 0")
        nursery.until(settled, every_seconds=0.02)
        nursery.kill()

    print(f"{ROUNDS} rounds, {len(keys)} notices; {dict(died)}")
    got: dict[str, Counter[str]] = defaultdict(Counter)
    messages: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in out.read_text(encoding="ascii").splitlines():
        message = json.loads(line)
        for key in message["keys"]:
            got[message["to"]][key] += 1
            messages[message["to"], key].add(message["id"])
    assert set(got) == set(ADDRESSES.values())
    for address, counts in got.items():
        assert set(counts) == set(keys), f"{address} missed {set(keys) - set(counts)}"
        again = [key for key, times in counts.items() if times > 1]
        print(f"{address}: {len(keys)} notices, {len(again)} came twice")
        assert all(len(messages[address, key]) == 1 for key in again), "a repeated message has a new id"
