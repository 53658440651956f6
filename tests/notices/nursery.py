"""Notifiers in a nursery: `python -m tests.notices.nursery STORE OUT`; STORE is a file or the address of a server.

An order is the seconds by which the next one's clock runs ahead, and at which line of the hub it is to kill itself, 0 for at
none. A message handed over is one line of OUT, on disk
before the notifier hears that it was taken.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from contract.datafile import Duration
from hub.notices.notifier import Notifier
from hub.notices.settings import Pace, Person, Settings
from hub.notices.transport import Message
from hub.store.database import Store
from tests.crash.nursery import Fate
from tests.nursery import fork_each

ADDRESSES = {"mori": "mori@ena.example", "kato": "kato@ena.example"}
SETTINGS = Settings(
    mail="mailto://mail.example/",
    people=[Person(account=login, addresses=[address]) for login, address in ADDRESSES.items()],
    duty=list(ADDRESSES),
    pace=Pace(bundle_window=Duration(0), quiet_from="00:00", quiet_until="00:00", at_once=4),
)


class Ahead:
    """The machine's clock, some seconds ahead: what a dead notifier held is given up by then."""

    def __init__(self, seconds: float) -> None:
        self._by = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by


class Paper:
    """Takes every message."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def hand_over(self, address: str, message: Message) -> None:
        line = json.dumps({"to": address, "id": message.id, "keys": message.keys})
        os.write(self._file, f"{line}\n".encode())
        os.fsync(self._file)


def _wake(notifier: Notifier, _revision: int) -> None:
    notifier.wake()


def main(store: str, out: str) -> None:
    def live(order: str) -> None:
        ahead_seconds, line = order.split()
        fate = Fate(int(line))
        opened = Store.open(store if "://" in store else Path(store))
        notifier = Notifier(opened, Ahead(float(ahead_seconds)), SETTINGS, Paper(Path(out)))
        opened.on_change(partial(_wake, notifier))
        fate.arm()
        notifier.run()

    fork_each(live)


if __name__ == "__main__":
    main(*sys.argv[1:])
