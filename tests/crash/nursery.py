"""Ingest and the night shift in a nursery: `python -m tests.crash.nursery ingest STORE PORT`, `sweep STORE`.

A part that is to die at its n-th line of hub/ kills itself there, in whatever thread that is; it may open the store
in peace.
"""

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

import hub
from contract.time import SystemClock
from hub.config import BrokerConfig
from hub.due import Sweeper
from hub.ingest import Ingest
from hub.store.database import Store
from tests.clock import TravellingClock
from tests.nursery import fork_each
from tests.still import still

_HUB = f"{Path(hub.__file__).parent}{os.sep}"


class Order(msgspec.Struct):
    """How the next one is to live."""

    line: int
    """At which line of the hub it kills itself; 0 for at none."""
    at: datetime
    """Where a sweep's clock stands."""


def order(line: int = 0, at: datetime | None = None) -> str:
    """An order as the nursery reads it."""
    return msgspec.json.encode(Order(line, at or datetime.now(UTC))).decode()


class Fate:
    """Counts the lines of hub/ in every thread, and kills at the one that was ordered."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._lines = itertools.count(1)
        self._armed = False
        if line:
            threading.settrace(self._enter)
            sys.settrace(self._enter)

    def arm(self) -> None:
        """Count from now on."""
        self._armed = True

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        return self._step if frame.f_code.co_filename.startswith(_HUB) else None

    def _step(self, _frame: FrameType, event: str, _arg: Any) -> Any:
        if self._armed and event == "line" and next(self._lines) == self._line:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._step


def _ingest(order: Order, store: str, port: str) -> None:
    fate = Fate(order.line)
    opened = Store.open(Path(store))
    broker = BrokerConfig(port=int(port), password="mimamori-hub")
    ingest = Ingest(opened, broker, SystemClock(), still())
    fate.arm()
    ingest.start()
    signal.pause()


def _sweep(order: Order, store: str) -> None:
    fate = Fate(order.line)
    sweeper = Sweeper(Store.open(Path(store)), TravellingClock(order.at), still())
    fate.arm()
    sweeper.run()


PARTS: dict[str, Callable[..., None]] = {"ingest": _ingest, "sweep": _sweep}


def main(part: str, *arguments: str) -> None:
    fork_each(lambda line: PARTS[part](msgspec.json.decode(line, type=Order), *arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
