"""Whether the hub may be trusted right now, judged from what the store knows and what this process runs."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from msgspec import Struct

from contract.time import Clock
from hub import agenda, pulse, quarantine
from hub.due import Sweeper
from hub.files import Watched
from hub.ingest import Ingest
from hub.notices import state as notices_state
from hub.notices.service import Notices
from hub.roles import Role
from hub.store.database import Store, StoreFault
from hub.telemetry.keeper import Keeper

SWEEP_OVERDUE = timedelta(seconds=60)
"""The night shift beats its pulse every 15 seconds; later than this and it is stuck."""
NOTICES_LATE = timedelta(minutes=5)
"""A notice that should be out and is older than this is somebody's business."""


class Health(Struct, frozen=True, kw_only=True):
    """Whether the hub may be trusted right now, for /healthz and every page's head."""

    ok: bool
    problem: str | None
    """What somebody should look at, in sentences for people."""
    blindness: str | None
    """Why what the pages show may be out of date: the hub hears nobody, or cannot write, or does not sweep."""
    at: datetime
    listening: bool
    """Connected to the broker and subscribed."""
    blind_since: datetime | None
    last_event_at: datetime | None
    last_event_age_s: float | None
    last_sweep_at: datetime | None
    last_sweep_age_s: float | None
    messages_waiting: int
    """Arrived, and not stored yet."""
    works_waiting: int
    """Works that wait for the store's writer."""
    writable: bool
    quarantined: int | None
    """Messages the hub could not use, since the beginning; like all counts below None while the store cannot be read."""
    failing: int | None
    """Things that were due and could not be done; they are tried again."""
    notices_unsent: int | None
    """Deliveries of notices that are not out yet, those that wait for their turn included."""
    notices_oldest_s: float | None
    """Age of the oldest notice that should be out by now; None when none should."""
    notices_failed: int | None
    """Deliveries given up in the last seven days: somebody has to look at /notices."""
    telemetry_dropped: int
    """Telemetry messages lost since the start: too much at once, or the time series database away for too long."""
    telemetry_fault: str | None
    """What is wrong with the time series database, where there is one. Nothing that concerns people."""


class _Stored(NamedTuple):
    """What the store knows of the hub: nothing while it cannot be read."""

    fault: str | None = None
    last_event: datetime | None = None
    last_sweep: datetime | None = None
    blind_since: datetime | None = None
    failing: int | None = None
    quarantined: int | None = None
    notices: notices_state.Queue | None = None

    @property
    def workers_hear(self) -> bool:
        """Whether some other process is known to hear the homes."""
        return self.fault is None and self.blind_since is None


class Checkup:
    """Looks at the parts of a running hub, as many of them as this process has."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        roles: frozenset[Role],
        ingest: Ingest,
        sweeper: Sweeper,
        sweeps: Callable[[], bool],
        notices: Notices,
        telemetry: Keeper,
        files: Sequence[Watched[Any]],
    ) -> None:
        """`sweeps` tells whether the thread of the sweeper is alive; what is no role of this process is not asked."""
        self._store = store
        self._clock = clock
        self._roles = roles
        self._ingest = ingest
        self._sweeper = sweeper
        self._sweeps = sweeps
        self._notices = notices
        self._telemetry = telemetry
        self._files = files

    def health(self) -> Health:
        """How the hub is, as of now. Reads a few rows; may be asked every second, also while the store is away."""
        now = self._clock.now()
        stored = self._stored(now)
        blindness = self._blindness(now, stored)
        problems = [blindness] if blindness else []
        if stored.failing:
            problems.append(
                f"期限が来たのに処理できないものが {stored.failing} 件あります。記録を管理者に知らせてください。"
            )
        notices = stored.notices
        if notices is not None and notices.oldest is not None and now - notices.oldest > NOTICES_LATE:
            problems.append(
                f"送れていない知らせが {notices.overdue} 件あります。「知らせ」の画面で理由を確かめてください。"
            )
        if self._notices.fault is not None and not stored.fault:
            problems.append(self._notices.fault)
        problems += [file.fault for file in self._files if file.fault is not None]
        return Health(
            ok=not problems,
            problem=" ".join(problems) or None,
            blindness=blindness,
            at=now,
            listening=self._ingest.line.hears if Role.ingest in self._roles else stored.workers_hear,
            blind_since=stored.blind_since,
            last_event_at=stored.last_event,
            last_event_age_s=_age(now, stored.last_event),
            last_sweep_at=stored.last_sweep,
            last_sweep_age_s=_age(now, stored.last_sweep),
            messages_waiting=self._ingest.waiting,
            works_waiting=self._store.waiting(),
            writable=self._store.fault is None and not stored.fault,
            quarantined=stored.quarantined,
            failing=stored.failing,
            notices_unsent=None if notices is None else notices.unsent,
            notices_oldest_s=None if notices is None else _age(now, notices.oldest),
            notices_failed=None if notices is None else notices.failed,
            telemetry_dropped=self._ingest.dropped + self._telemetry.dropped,
            telemetry_fault=self._telemetry.fault,
        )

    def _stored(self, now: datetime) -> _Stored:
        try:
            with self._store.read() as conn:
                return _Stored(
                    last_event=pulse.last(conn, pulse.LAST_EVENT),
                    last_sweep=pulse.last(conn, pulse.LAST_SWEEP),
                    blind_since=agenda.blind_since(conn),
                    failing=len(agenda.failing(conn)),
                    quarantined=quarantine.count(conn),
                    notices=notices_state.queue(conn, now),
                )
        except StoreFault as fault:
            return _Stored(fault=str(fault))

    def _blindness(self, now: datetime, stored: _Stored) -> str | None:
        """The first reason why the pages may be behind, the gravest first; of other processes, what the store knows."""
        if (fault := stored.fault or self._store.fault) is not None:
            return fault
        deaf = self._deafness(stored.blind_since)
        if deaf is not None:
            return deaf
        if self._sweeper.fault is not None:
            return f"期限を見る係が処理できません ({self._sweeper.fault})。"
        stopped = Role.watch in self._roles and not self._sweeps()
        if stopped or stored.last_sweep is None or now - stored.last_sweep > SWEEP_OVERDUE:
            return "期限を見る係が止まっています。ハブを起動し直してください。"
        return None

    def _deafness(self, blind_since: datetime | None) -> str | None:
        if Role.ingest not in self._roles:
            if blind_since is None:
                return None
            return "家々の声を受け取る係 (ingest) が 1 つも動いていません。起動し直してください。"
        if self._ingest.line.fault is not None:
            return self._ingest.line.fault
        if not self._ingest.alive:
            return "届いた記録を書く係が止まっています。ハブを起動し直してください。"
        return self._ingest.fault


def _age(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else (now - at).total_seconds()
