"""The notices of one hub, wired: the notifier in a thread, the daily proof, the sign of life."""

import threading
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from contract.ids import uuid7
from contract.time import Clock
from hub.notices import apprise_transport, proof
from hub.notices.heartbeat import Heartbeat
from hub.notices.links import Signer
from hub.notices.notifier import Notifier
from hub.notices.settings import Settings, load
from hub.notices.transport import Transport
from hub.policy import InForce
from hub.store.database import Store, StoreFault
from hub.work import Work

CHORE_SECONDS = 5.0
"""How often it is looked whether a proof or a sign of life is due."""

log = structlog.get_logger(__name__)


class Notices:
    """Everything that takes notices to people. `start` and `stop` are for its owner, the hub or a role of its own."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policy: InForce,
        settings: Settings,
        folder: Path,
        transport: Transport | None = None,
    ) -> None:
        """`folder` holds the key of the family's links; `transport` is apprise unless a test brings its own."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self.settings = settings
        self.signer = Signer.of(folder)
        seconds = settings.pace.timeout.total_seconds()
        self.notifier = Notifier(
            store,
            clock,
            settings,
            transport or apprise_transport.AppriseTransport(settings.mail, seconds),
            self.signer,
        )
        self._warm = None if transport else apprise_transport.loaded
        self.heartbeat = Heartbeat(settings.proof)
        self._proven: str | None = None
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self.notifier.run, name="notifier", daemon=True),
            threading.Thread(target=self._chores, name="notice-chores", daemon=True),
        ]
        self._unsubscribe = store.on_change(lambda _revision: self.notifier.wake())

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End what is under way; safe to call twice and without `start`."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._unsubscribe()
        self.notifier.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self.notifier.close()

    @property
    def fault(self) -> str | None:
        """What stands in the way, for /healthz."""
        return self.notifier.fault or self.heartbeat.fault

    def prove(self, now: datetime) -> bool:
        """Write the proof that is due by now, if it is not written yet; True if it was."""
        due = proof.last_time(self.settings.proof, now)
        if due is None or due[0] == self._proven:
            return False
        key = due[0]
        with self._store.read() as conn:
            written = proof.is_written(conn, key)
        if not written:

            def write(conn: Connection) -> None:
                with Work(conn, now, uuid7, self._policy.at(now)) as work:
                    proof.write(work, self.settings.proof, key)

            self._store.write(write)
        self._proven = key
        return not written

    def _chores(self) -> None:
        if self.settings.people and self._warm is not None:
            self._warm()  # so that the first notice need not wait for it
        while not self._stopping.wait(CHORE_SECONDS):
            now = self._clock.now()
            try:
                self.prove(now)
                if self.heartbeat.is_due(now):
                    with self._store.read() as conn:
                        may = self.heartbeat.may(conn, now)
                    if may:
                        self.heartbeat.beat(now)
            except (StoreFault, SQLAlchemyError) as error:
                log.error("notices.cannot_store", error=type(error).__name__)


def settings_of(path: str) -> Settings:
    """The settings in a file; an empty path is an office that has not said yet whom to tell: nobody is."""
    return load(Path(path)) if path else Settings()
