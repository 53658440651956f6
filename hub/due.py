"""The night shift: works off what fell due, in order, a batch at a time, and sleeps until the next deadline."""

import itertools
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from contract.ids import NewId, uuid7
from contract.refusal import Refused
from contract.time import Clock
from hub import agenda, blindness, pulse
from hub.agenda import next_at
from hub.handlers import HANDLERS
from hub.policy import InForce, Policy
from hub.store.database import StoreFault
from hub.vocabulary import DueKind
from hub.work import Handler, Work

__all__ = ["Handler", "Sweeper", "lose_sight", "next_at", "regain_sight"]

T = TypeVar("T")
BATCH = 500
"""Rows per transaction: large enough that the commit costs little, small enough that an answer need not wait."""
LONGEST_NAP = 0.5
"""Seconds; a clock that was stepped forward is noticed within this."""
HEARTBEAT = timedelta(seconds=15)
"""How old the pulse may be while nothing is due."""

# What the broken data of one subject can raise. A disk that is full or a store that is gone is not among them:
# that undoes the whole batch, which is then tried again.
_OF_ONE_SUBJECT = (
    Refused,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    DataError,
    IntegrityError,
)
_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(hours=1)

log = structlog.get_logger(__name__)


class Writable(Protocol):
    """What the night shift needs of the store."""

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction of the only writer."""

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that only reads."""


def lose_sight(conn: Connection, now: datetime) -> None:
    """The hub hears nobody from `now` on: called when the broker is gone. Harmless when already blind."""
    agenda.lose_sight(conn, now)
    agenda.schedule(conn, DueKind.hub_sight, "hub", now)


def regain_sight(conn: Connection, now: datetime, policy: Policy) -> None:
    """The hub hears again: nobody is called silent before the settle window after `now` is over (P6)."""
    agenda.regain_sight(conn, now + policy.watch.settle_after_start)
    agenda.schedule(conn, DueKind.hub_sight, "hub", now)


class Sweeper:
    """The one clock. `sweep` is one batch for tests and for `run`, the loop of a thread of its owner."""

    def __init__(
        self,
        store: Writable,
        clock: Clock,
        policy: InForce,
        ids: NewId = uuid7,
        handlers: Mapping[DueKind, Handler] = HANDLERS,
    ) -> None:
        """`handlers` says who does what; by default the hub's own."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self._ids = ids
        self._handlers = handlers
        self._started = False
        self._planned: datetime | None = None
        self._beaten: datetime | None = None
        self._failing_since: datetime | None = None
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self.fault: str | None = None
        """Why the last sweep could not be done, None when it could; shown by /healthz."""

    def sweep(self, now: datetime) -> bool:
        """Work off one batch of what is due at `now`; True if there may be more.

        1. On the first sweep, after an oversleep, and when the store is back: was the hub blind? Then silence waits for
           late answers.
        2. Claim the overdue rows, the oldest first.
        3. Do them, kind by kind; one subject whose data is broken is put back, seen, and blocks nobody.
        4. Beat the pulse and note when the next row falls due.
        All of it is one transaction: a crash anywhere leaves the rows due.
        """
        planned = self._planned
        stuck = self._late(self._failing_since, now)  # then nobody's answer could be stored either
        if self._started:
            with self._store.read() as conn:
                self._planned = next_at(conn)
            if not stuck and (self._planned is None or self._planned > now):
                self._beat(now)
                return False
        overslept = stuck or (self._late(planned, now) and self._late(self._planned, now))
        return self._store.write(lambda conn: self._batch(conn, now, overslept))

    def _batch(self, conn: Connection, now: datetime, overslept: bool) -> bool:
        if overslept or (not self._started and self._late(pulse.last(conn, pulse.LAST_SWEEP), now)):
            wait = self._policy.at(now).watch.settle_after_start
            log.warning("hub.stood_still", settle_seconds=wait.total_seconds())
            agenda.settle(conn, now + wait)  # whether it hears its broker is another matter
            since = pulse.last(conn, pulse.LAST_SWEEP)
            if since is not None:
                with Work(conn, now, self._ids, self._policy.at(now)) as work:
                    blindness.stood_still(work, since)
        rows = agenda.claim(conn, now, BATCH)
        self._policy.refresh(conn)
        for kind, run in itertools.groupby(rows, key=lambda row: row.kind):
            self._do(conn, now, kind, list(run))
        pulse.beat(conn, pulse.LAST_SWEEP, now)
        self._beaten = now
        self._started = True
        more = len(rows) == BATCH
        self._planned = None if more else next_at(conn)
        return more or (self._planned is not None and self._planned <= now)

    def _do(self, conn: Connection, now: datetime, kind: DueKind, rows: list[agenda.Row]) -> None:
        """Do these rows together; where that fails, one by one, so that only what is broken is put back."""
        error = self._attempt(conn, now, kind, rows)
        if error is None:
            return
        if len(rows) > 1:
            for row in rows:
                self._do(conn, now, kind, [row])
            return
        [row] = rows
        what = f"{type(error).__name__}: {error.orig if isinstance(error, DBAPIError) else error}"
        where = traceback.extract_tb(error.__traceback__)[-1]
        # No traceback: it may show the values of variables, and with them a name.
        log.error(
            "due.failed",
            kind=kind,
            subject=row.subject,
            failures=row.failures + 1,
            error=type(error).__name__,
            where=f"{Path(where.filename).name}:{where.lineno}",
        )
        wait = min(_FIRST_RETRY * 2 ** min(row.failures, 10), _LAST_RETRY)
        agenda.fail(conn, row, now + wait, what)

    def _attempt(
        self, conn: Connection, now: datetime, kind: DueKind, rows: list[agenda.Row]
    ) -> Exception | None:
        try:
            with conn.begin_nested(), Work(conn, now, self._ids, self._policy.at(now)) as work:
                self._handlers[kind](work, [row.subject for row in rows])
        except _OF_ONE_SUBJECT as error:
            return error
        return None

    def _late(self, promised: datetime | None, now: datetime) -> bool:
        """Whether the clock stood still past `promised`: stopped, suspended, stuck on a disk, or stepped."""
        return promised is not None and now - promised > self._policy.at(now).watch.blind_after

    def _beat(self, now: datetime) -> None:
        if self._beaten is None or now - self._beaten >= HEARTBEAT:
            self._store.write(lambda conn: pulse.beat(conn, pulse.LAST_SWEEP, now))
            self._beaten = now

    # ---- the loop ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Sweep until `stop`; the thread belongs to the caller.

        A store that cannot be written is reported in `fault` and tried again: the rows stay due.
        """
        while not self._stopping.is_set():
            self._woken.clear()
            now = self._clock.now()
            try:
                more = self.sweep(now)
            except (StoreFault, SQLAlchemyError) as error:
                log.error("sweep.failed", error=type(error).__name__)
                self.fault = str(error.orig if isinstance(error, DBAPIError) else error)[:300]
                self._failing_since = self._failing_since or now
                more = False
            else:
                self.fault = self._failing_since = None
            if not more:
                self._woken.wait(self._nap(now))

    def stop(self) -> None:
        """Let `run` return after the batch it is in."""
        self._stopping.set()
        self._woken.set()

    def wake(self) -> None:
        """Look again now: something may be due sooner than was planned, or the clock has travelled."""
        self._woken.set()

    def _nap(self, now: datetime) -> float:
        if self.fault is None and self._planned is not None:
            return min(max((self._planned - now).total_seconds(), 0.001), LONGEST_NAP)
        return LONGEST_NAP
