"""Several notifiers on one store: each notice is handed over once; where one dies, again by another, as the same message."""

import json
import random
import threading
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from contract.ids import uuid7
from contract.time import SystemClock
from hub import policy as policies
from hub.notices import addressing, deliveries, outbox
from hub.notices.notice import Urgency
from hub.notices.notifier import Notifier
from hub.store import tables as t
from hub.store.database import Store
from hub.work import Work
from tests.clock import office as at_office
from tests.notices.conftest import MORI, Office, add_account
from tests.notices.nursery import ADDRESSES, SETTINGS, Ahead
from tests.notices.phones import Phones
from tests.notices.test_crash import LEASE_SECONDS, LINES, opened
from tests.nursery import ROUNDS, Nursery

BOTH_STORES = True
PATIENCE = 60.0
NOTIFIERS = 3
NOTICES = 120


class Outbox:
    """Puts notices for those on duty into a store, and knows their keys."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self._store = store
        self._chance = chance
        self._policy = policies.load()
        self.keys: list[str] = []
        for login in ADDRESSES:
            add_account(store, login, login)

    def put(self, how_many: int, ahead_seconds: float = 0.0) -> None:
        fresh = [f"n{len(self.keys) + number}" for number in range(how_many)]
        self.keys.extend(fresh)
        notices = [opened(key, self._chance) for key in fresh]

        def write(conn: Connection) -> None:
            with Work(conn, Ahead(ahead_seconds).now(), uuid7, self._policy) as work:
                outbox.put(work, notices)

        self._store.write(write)

    def settled(self) -> bool:
        """Whether nothing is left to be handed over."""
        with self._store.read() as conn:
            new = conn.scalar(
                select(func.count()).select_from(t.notice).where(t.notice.c.addressed_at.is_(None))
            )
            return not new and not conn.scalar(select(func.count()).where(t.delivery.c.ended_at.is_(None)))


def test_what_several_take_to_people_each_gets_once(where: Path | str) -> None:
    phones = Phones()
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(where))
        box = Outbox(store, random.Random(20261127))
        done = threading.Event()
        for _ in range(NOTIFIERS):
            own = stack.enter_context(Store.open(where))
            notifier = Notifier(own, SystemClock(), SETTINGS, phones)
            own.on_change(lambda _revision, one=notifier: one.wake())  # type: ignore[misc]
            thread = threading.Thread(target=notifier.run)
            thread.start()
            stack.callback(notifier.close)
            stack.callback(thread.join)
            stack.callback(notifier.stop)
        for number in range(NOTICES):
            box.put(1)
            if number % 10 == 0:
                done.wait(0.02)
        assert any(box.settled() or done.wait(0.05) for _ in range(int(PATIENCE / 0.05)))
    for address in ADDRESSES.values():
        got = Counter(key for to, message in phones.arrived if to == address for key in message.keys)
        assert got == Counter(box.keys)
    ids = Counter(message.id for _, message in phones.arrived)
    assert set(ids.values()) == {1}


@pytest.mark.timeout(120 + 4 * ROUNDS)
def test_one_of_several_killed_again_and_again_is_followed_by_another(
    where: Path | str, tmp_path: Path
) -> None:
    chance = random.Random(20261128)
    out = tmp_path / "out.jsonl"
    out.touch()
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(where))
        box = Outbox(store, chance)
        several = [
            stack.enter_context(Nursery("tests.notices.nursery", str(where), str(out)))
            for _ in range(NOTIFIERS)
        ]
        for number in range(ROUNDS):
            ahead = number * LEASE_SECONDS
            box.put(chance.randint(1, 6), ahead)
            for one in several:
                one.start(f"{ahead} {chance.choice([0, chance.randrange(1, LINES)])}")
            before = out.stat().st_size
            several[0].until(
                lambda: not number % 2 and out.stat().st_size != before,  # noqa: B023
                chance.uniform(0.0, 0.5),
                every_seconds=0.0005,
            )
            for one in chance.sample(several, NOTIFIERS):
                box.put(chance.randint(0, 2), ahead)
                one.kill()
        for one in several:
            one.start(f"{ROUNDS * LEASE_SECONDS} 0")
        several[0].until(box.settled, every_seconds=0.05)
        for one in several:
            one.kill()
        assert box.settled()

    got: dict[str, set[str]] = defaultdict(set)
    messages: dict[tuple[str, str], set[str]] = defaultdict(set)
    contents: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for line in out.read_text(encoding="ascii").splitlines():
        message = json.loads(line)
        contents[message["id"]].add(tuple(sorted(message["keys"])))
        for key in message["keys"]:
            got[message["to"]].add(key)
            messages[message["to"], key].add(message["id"])
    for address in ADDRESSES.values():
        assert got[address] == set(box.keys), f"{address} missed {set(box.keys) - got[address]}"
    assert all(len(ids) == 1 for ids in messages.values()), "what came twice came under another id"
    assert all(len(keys) == 1 for keys in contents.values()), "two messages with the same id differ"


def claimed_by_one_that_dies(office: Office) -> str:
    """The id of the message that a notifier took and, for all we know, handed over."""
    now = office.clock.now()

    def claim(conn: Connection) -> str:
        addressing.address(conn, office.settings, now)
        [message] = deliveries.claim(conn, office.settings.pace, now, 8, uuid7).messages
        return message.id

    return office.store.write(claim)


def test_messages_of_notifiers_that_died_go_out_again_apart_and_beside_what_is_new(
    office: Office, phones: Phones
) -> None:
    """Together under a new id nobody could see that they come twice; and who looks at ids would throw away what is new
    under an old one."""
    died = []
    for key in ("c1", "c2"):
        office.put(key, urgency=Urgency.emergency)
        died.append(claimed_by_one_that_dies(office))
    office.clock.forward(seconds=LEASE_SECONDS)
    office.put("c3", urgency=Urgency.emergency)
    office.deliver()
    sent = [phones.expect(MORI, f"{key} を") for key in ("c1", "c2", "c3")]
    assert [one.id for one in sent[:2]] == died
    assert [one.keys for one in sent] == [["c1"], ["c2"], ["c3"]]


def test_what_a_dead_notifier_may_have_handed_over_stays_unclear_over_night(
    office: Office, phones: Phones
) -> None:
    office.clock.travel(at_office("2026-11-23 19:59"))
    office.put("c1", urgency=Urgency.routine)
    claimed_by_one_that_dies(office)
    office.after(hours=1)
    phones.nothing()
    office.after(hours=12)
    phones.expect(MORI, "c1 を")
    [row] = office.rows()
    assert (row.state, row.unclear) == ("sent", True)
