"""What a hub looks at again and again beside the due table: policies, files, who hears, what speakers must be told."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from contract.time import Clock
from hub import agenda, due, sight
from hub.commanding import Commander
from hub.files import Watched
from hub.policy import PolicyBook
from hub.store.database import Store, StoreFault

PAUSE_SECONDS = 0.2
"""Between two looks at what the speakers should be told, so that a burst of events is one look."""
GLANCE_SECONDS = 5.0
"""Between two looks when nothing rings."""

log = structlog.get_logger(__name__)


class Rounds:
    """Each round is a method that runs in a thread of its own until `stop`; a store that fails is tried again."""

    def __init__(self, clock: Clock, policies: PolicyBook) -> None:
        self._clock = clock
        self._policies = policies
        self._bell = threading.Event()
        self._stopping = threading.Event()

    def ring(self) -> None:
        """Something has changed that speakers may have to be told."""
        self._bell.set()

    def stop(self) -> None:
        """End every round soon."""
        self._stopping.set()
        self._bell.set()

    def read_anew(self, store: Store, files: Sequence[Watched[Any]]) -> None:
        """A policy may be imported by another process, a file be edited: take it over within seconds."""
        while not self._stopping.wait(GLANCE_SECONDS):
            try:
                with store.read() as conn:
                    self._policies.refresh(conn)
                for file in files:
                    file.look()
            except (StoreFault, SQLAlchemyError) as error:
                log.error("policies.cannot_read", error=type(error).__name__)

    def watch_sight(self, store: Store) -> None:
        """The processes that listen may have died without a word: then nobody is called silent (P6)."""
        while not self._stopping.wait(sight.EVERY.total_seconds()):
            now = self._clock.now()
            try:
                with store.read() as conn:
                    blind = agenda.blind_since(conn) is None and not sight.workers(conn, now)
                if blind:
                    log.warning("hub.nobody_listens")
                    store.write(lambda conn, now=now: due.lose_sight(conn, now))  # type: ignore[misc]
            except (StoreFault, SQLAlchemyError) as error:
                log.error("sight.cannot_store", error=type(error).__name__)

    def tell(self, store: Store, commander: Commander, hears: Callable[[], bool]) -> None:
        """Tell the speakers what is new while their line `hears`; all of it again after it did not, or a new policy."""
        heard_before = False
        told_by = self._policies.at(self._clock.now())
        while not self._stopping.is_set():
            self._bell.clear()
            heard = hears()
            if heard:
                try:
                    with store.read() as conn:
                        self._policies.refresh(conn)
                    policy = self._policies.at(self._clock.now())
                    if not heard_before or policy is not told_by:
                        commander.forget()
                    told_by = policy
                    commander.step()
                except (StoreFault, SQLAlchemyError) as error:
                    log.error("commander.cannot_store", error=type(error).__name__)
                    commander.forget()
            heard_before = heard
            self._stopping.wait(PAUSE_SECONDS)
            self._bell.wait(GLANCE_SECONDS)
