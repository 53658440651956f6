"""Between ingest and the stores of telemetry: takes readings without waiting, and writes them a few times a minute."""

import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.config import TelemetryConfig
from hub.store.database import Store, StoreClosed, StoreFault
from hub.telemetry import rollup
from hub.telemetry.rollup import Reading
from hub.telemetry.sink import Sink

ROOM = 50_000
"""Readings that wait for the next writing; what does not fit is counted, and lost: telemetry may be."""
FLUSH_SECONDS = 15.0
CROWDED = 16
"""Works before the store's writer from which on telemetry waits its turn."""

log = structlog.get_logger(__name__)


class Keeper:
    """Readings in memory, the thread that rolls them up in the store, and the sink where there is one."""

    def __init__(self, store: Store, config: TelemetryConfig | None) -> None:
        self._store = store
        self.sink = Sink(config) if config is not None else None
        self._waiting: deque[Reading] = deque()
        self._gate = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._dropped = 0

    def start(self) -> None:
        """Write in the background until `stop`."""
        if self.sink is not None:
            self.sink.start()
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end; safe without `start`."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
            self._flush()
            if self.sink is not None:
                self.sink.stop()

    def offer(self, readings: Sequence[Reading]) -> None:
        """Take readings; never waits, and loses what there is no room for."""
        with self._gate:
            free = max(ROOM - len(self._waiting), 0)
            self._waiting.extend(readings[:free])
            self._dropped += max(len(readings) - free, 0)
        if self.sink is not None:
            self.sink.offer(readings)

    @property
    def waiting(self) -> int:
        """Readings not yet in the store."""
        return len(self._waiting)

    @property
    def dropped(self) -> int:
        """Readings lost on the way to the store or to the sink."""
        return self._dropped + (self.sink.dropped if self.sink is not None else 0)

    @property
    def fault(self) -> str | None:
        """What is wrong with the sink, one sentence."""
        return self.sink.fault if self.sink is not None else None

    def _run(self) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            if self._store.waiting() < CROWDED or len(self._waiting) > ROOM // 2:
                self._flush()

    def _flush(self) -> None:
        """Roll up everything that waits, some speakers at a time. What cannot be written stays for the next time."""
        with self._gate:
            taken = list(self._waiting)
            self._waiting.clear()
        of_device: dict[str, list[Reading]] = {}
        for reading in taken:
            of_device.setdefault(reading.device, []).append(reading)
        devices = list(of_device)
        for start in range(0, len(devices), rollup.AT_ONCE):
            some = [one for device in devices[start : start + rollup.AT_ONCE] for one in of_device[device]]
            try:
                self._write(some)
            except (StoreFault, StoreClosed, SQLAlchemyError) as error:
                log.error("telemetry.cannot_store", error=type(error).__name__)
                rest = [one for device in devices[start:] for one in of_device[device]]
                with self._gate:
                    free = max(ROOM - len(self._waiting), 0)
                    self._waiting.extendleft(reversed(rest[len(rest) - min(free, len(rest)) :]))
                    self._dropped += max(len(rest) - free, 0)
                return

    def _write(self, readings: Sequence[Reading]) -> None:
        hours = rollup.gather(readings)
        latest: dict[str, tuple[datetime, dict[str, float]]] = {}
        for one in readings:
            _, before = latest.get(one.device, (one.at, {}))
            latest[one.device] = (one.at, before | rollup.finite(one.numbers))

        def work(conn: Connection) -> None:
            rollup.keep(conn, hours)
            rollup.keep_last(conn, latest)

        self._store.write(work)
