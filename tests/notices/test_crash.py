"""kill -9 of the notifier at any moment: nobody misses anything, and what comes twice says that it is the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

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

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
AT_ONCE = 4
LEASE_SECONDS = 120.0
"""More than a hand-over may take: by so much each notifier's clock is ahead of the one before."""


def test_a_notifier_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(20261126)
    path, out = tmp_path / "hub.db", tmp_path / "out.jsonl"
    out.touch()
    store = Store.open(path)
    for login in ADDRESSES:
        add_account(store, login, login)
    policy = policies.load()
    keys: list[str] = []

    def put(how_many: int, ahead: float) -> None:
        fresh = [f"n{len(keys) + number}" for number in range(how_many)]
        keys.extend(fresh)

        def write(conn: Connection) -> None:
            with Work(conn, Ahead(ahead).now(), uuid7, policy) as work:
                outbox.put(
                    work,
                    [
                        Notice(
                            key=key,
                            kind=NoticeKind.case_opened,
                            audience=DUTY,
                            subject=Subject("case", key),
                            words="-",
                            urgency=chance.choice(list(Urgency)),
                        )
                        for key in fresh
                    ],
                )

        store.write(write)

    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.notices.nursery", str(path), str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    try:
        for number in range(ROUNDS):
            ahead = number * LEASE_SECONDS
            put(chance.randint(1, 6), ahead)
            nursery.stdin.write(f"{ahead}\n")
            nursery.stdin.flush()
            pid = int(nursery.stdout.readline())
            before = out.stat().st_size
            # Half of them are killed right after a hand-over: between "taken" and the commit if we are quick.
            deadline = time.monotonic() + chance.uniform(0.0, 0.7)
            while time.monotonic() < deadline and (number % 2 or out.stat().st_size == before):
                time.sleep(0.0005)
            put(chance.randint(0, 3), ahead)
            os.kill(pid, signal.SIGKILL)
            assert nursery.stdout.readline() == "gone\n"
        nursery.stdin.write(f"{ROUNDS * LEASE_SECONDS}\n")
        nursery.stdin.flush()
        last = int(nursery.stdout.readline())
        for _ in range(3000):
            with store.read() as conn:
                left = conn.scalar(
                    select(func.count()).select_from(t.notice).where(t.notice.c.addressed_at.is_(None))
                )
                open_ = conn.scalar(select(func.count()).where(t.delivery.c.ended_at.is_(None)))
            if not left and not open_:
                break
            time.sleep(0.02)
        os.kill(last, signal.SIGKILL)
        nursery.stdout.readline()
    finally:
        nursery.stdin.close()
        nursery.wait(20)
        nursery.stdout.close()
        store.close()

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
