"""Notices put at one instant: until the first message is handed over, until everybody has all, and an idle look.

`python -m bench.notices --notices 1000 --people 3 --runs 5` prints one JSON object. A real store on disk, the real
notifier in its thread; the edge of the world takes every message at once.
"""

import argparse
import logging
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import structlog
from sqlalchemy import Connection, insert

from bench.report import Report, machine, show
from contract.datafile import Duration
from contract.ids import uuid7
from contract.time import SystemClock
from hub import policy as policies
from hub.notices import outbox
from hub.notices.notice import DUTY, Notice, NoticeKind, Subject
from hub.notices.notifier import Notifier
from hub.notices.settings import Pace, Person, Settings
from hub.notices.transport import Message
from hub.store import tables as t
from hub.store.database import Store
from hub.work import Work

PATIENCE_SECONDS = 60.0
LOOKS = 50


class _Counter:
    """Takes every message, and notes when the first came."""

    def __init__(self, wanted: int) -> None:
        self._lock = threading.Lock()
        self._left = wanted
        self.first: float | None = None
        self.everything = threading.Event()

    def hand_over(self, address: str, message: Message) -> None:  # noqa: ARG002 - as the transport is called
        with self._lock:
            if self.first is None:
                self.first = time.perf_counter()
            self._left -= len(message.keys)
            if self._left <= 0:
                self.everything.set()


def measure(notices: int, people: int, runs: int) -> Report:
    """Medians of `runs`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = [_run(notices, people) for _ in range(runs)]
    names = ("put_ms", "first_notice_s", "all_told_s", "idle_look_ms")
    return Report(
        name="notices",
        parameters={"notices": notices, "people": people, "runs": runs, "store": "sqlite"},
        figures={name: round(median(one[name] for one in found), 4) for name in names},
        machine=machine(),
    )


def _run(notices: int, people: int) -> dict[str, float]:
    logins = [f"staff{number}" for number in range(people)]
    settings = Settings(
        mail="mailto://mail.example/",
        people=[Person(account=login, addresses=[f"{login}@office.example"]) for login in logins],
        duty=logins,
        pace=Pace(bundle_window=Duration(0), quiet_from="00:00", quiet_until="00:00"),
    )
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "hub.db") as store:
        clock, edge = SystemClock(), _Counter(notices * people)
        store.write(lambda conn: _accounts(conn, logins))
        notifier = Notifier(store, clock, settings, edge)
        store.on_change(lambda _revision: notifier.wake())
        thread = threading.Thread(target=notifier.run, name="notifier", daemon=True)
        thread.start()
        policy = policies.load()

        def put(conn: Connection) -> None:
            with Work(conn, clock.now(), uuid7, policy) as work:
                outbox.put(work, [_notice(number) for number in range(notices)])

        begun = time.perf_counter()
        store.write(put)
        committed = time.perf_counter()
        if not edge.everything.wait(PATIENCE_SECONDS) or edge.first is None:
            raise RuntimeError("the notices did not get out in time")
        told = time.perf_counter()
        notifier.stop()
        thread.join()
        notifier.close()
        idle = Notifier(store, clock, settings, edge)
        looked = time.perf_counter()
        for _ in range(LOOKS):
            idle.step()
        rested = time.perf_counter()
        idle.close()
    return {
        "put_ms": (committed - begun) * 1000,
        "first_notice_s": edge.first - committed,
        "all_told_s": told - committed,
        "idle_look_ms": (rested - looked) / LOOKS * 1000,
    }


def _notice(number: int) -> Notice:
    return Notice(
        key=f"bench/{number}",
        kind=NoticeKind.case_opened,
        audience=DUTY,
        subject=Subject("case", f"bench{number}"),
        words="2回続けて応答なし。次: 本人に電話する",
    )


def _accounts(conn: Connection, logins: list[str]) -> None:
    conn.execute(
        insert(t.account),
        [
            {
                "id": login,
                "login": login,
                "name": login,
                "role": "csw",
                "password_hash": "-",
                "must_change": True,
                "created_at": SystemClock().now(),
            }
            for login in logins
        ],
    )


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--notices", type=int, default=1000)
    options.add_argument("--people", type=int, default=3)
    options.add_argument("--runs", type=int, default=5)
    given = options.parse_args()
    show(
        measure(given.notices, given.people, given.runs), as_json=True, write=lambda line: print(line, end="")
    )


if __name__ == "__main__":
    main()
