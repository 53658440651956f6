"""The wired hub: the store, the line to the homes, the night shift, and what the speakers are told. No pages."""

import fcntl
import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from contract.refusal import Refused
from contract.time import Clock, SystemClock
from hub import agenda, districts, due, pulse, quarantine, sight, speaking, standing
from hub import policy as policies
from hub import roles as roles_of_hub
from hub.commanding import Commander
from hub.config import HubConfig, load
from hub.districts import Districts
from hub.due import Sweeper
from hub.handlers import HANDLERS
from hub.ingest import Ingest
from hub.jetstream import JetStreamLine
from hub.line import Line, Teller
from hub.notices import state as notices_state
from hub.notices.service import Notices, settings_of
from hub.policy import Policy, PolicyBook
from hub.retention import daily as keeping
from hub.retention import policy as retention
from hub.roles import ALL, Role
from hub.store.database import Store, StoreFault
from hub.telemetry.keeper import Keeper
from hub.trends import daily as trends
from hub.trends import settings as trend_settings
from hub.vocabulary import DueKind
from hub.watch import slots

SWEEP_OVERDUE = timedelta(seconds=60)
"""The night shift beats its pulse every 15 seconds; later than this and it is stuck."""
NOTICES_LATE = timedelta(minutes=5)
"""A notice that should be out and is older than this is somebody's business."""
PAUSE_SECONDS = 0.2
"""Between two looks at what the speakers should be told, so that a burst of events is one look."""
GLANCE_SECONDS = 5.0

log = structlog.get_logger(__name__)


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
    quarantined: int
    """Messages the hub could not use, since the beginning."""
    failing: int
    """Things that were due and could not be done; they are tried again."""
    notices_unsent: int
    """Deliveries of notices that are not out yet, those that wait for their turn included."""
    notices_oldest_s: float | None
    """Age of the oldest notice that should be out by now; None when none should."""
    notices_failed: int
    """Deliveries given up in the last seven days: somebody has to look at /notices."""
    telemetry_dropped: int
    """Telemetry messages lost since the start: too much at once, or the time series database away for too long."""
    telemetry_fault: str | None
    """What is wrong with the time series database, where there is one. Nothing that concerns people."""


class Hub:
    """One town's hub. `start` either has everything running or raises `Refused` with nothing running."""

    def __init__(
        self,
        config: HubConfig,
        clock: Clock | None = None,
        roles: frozenset[Role] = ALL,
        name: str = "",
    ) -> None:
        """Reads the policy and the districts, opens the store; `Refused` says what is wrong with them.

        `roles` is what this process does, `name` what it is called among others on a server's store.
        """
        self.config = config
        self.clock = clock or SystemClock()
        self.roles = roles
        name = roles_of_hub.worker_name(name) if config.store.url else ""
        if roles != ALL and not config.store.url:
            raise Refused(
                "役割 (--role) を分けられるのは、[store] の url に PostgreSQL を書いたときだけです。"
                "SQLite ではすべての役割を 1 つのハブで動かしてください。"
            )
        base, self.districts = _data(config)
        self.policies = PolicyBook(base)
        self.trends = trend_settings.load(Path(config.trends) if config.trends else None)
        """When a change is worth a word."""
        self.retention = retention.load(Path(config.retention) if config.retention else None, self.trends)
        """How long what is kept."""
        said = speaking.load(Path(config.speaking) if config.speaking else None)
        self._lock = _lock(config, "-".join([*sorted(roles), name]) if name else "")
        try:
            self.store = open_store(config, self.districts)
        except BaseException:
            self._lock.close()
            raise
        try:
            with self.store.read() as conn:
                self.policies.refresh(conn)
                policies.check_residents(conn, self.policy)
                replan = slots.out_of_step(conn, self.policy, self.clock.now())
            if replan:
                self.store.write(
                    lambda conn: agenda.schedule(conn, DueKind.policy_change, "start", self.clock.now())
                )
            broker = config.broker
            if name and broker.nats:
                broker = msgspec.structs.replace(broker, client_id=f"{broker.client_id}-{name}")
            self.ingest = Ingest(
                self.store, broker, self.clock, self.policies, self._sight_changed, worker=name
            )
            self._teller = None if Role.ingest in roles else Teller(broker, self._sight_changed)
            self.telemetry = Keeper(self.store, config.telemetry)
        except BaseException:
            self._close()
            raise
        self.ingest.on_telemetry = self.telemetry.offer
        handlers = {
            **HANDLERS,
            DueKind.retention: keeping.handler(self.retention),
            DueKind.trend: trends.handler(self.trends),
        }
        self.sweeper = Sweeper(self.store, self.clock, self.policies, handlers=handlers)
        self.commander = Commander(
            self.store,
            self.clock,
            self.policies,
            lambda topic, payload: self._telling.publish(topic, payload, retain=True),
            said,
        )
        try:
            self.notices = Notices(
                self.store, self.clock, self.policies, settings_of(config.notices), config.folder
            )
        except BaseException:
            self._close()
            raise
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._unsubscribe = self.store.on_change(lambda _revision: self._bell.set())
        self._sweeping = threading.Thread(target=self.sweeper.run, name="sweeper", daemon=True)
        self._threads = [
            self._sweeping,
            threading.Thread(target=self._command, name="commander", daemon=True),
        ]
        # Whoever sweeps reads new policies before its batches, the others from here.
        self._reader = threading.Thread(target=self._read_policies, name="policies", daemon=True)
        if self._teller is not None:
            self._threads.append(threading.Thread(target=self._watch_sight, name="sight", daemon=True))

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self.policies.at(self.clock.now())

    def start(self) -> None:
        """Listen to the homes and watch the clock, until `stop`. A broker that is not there yet is waited for."""
        if Role.ingest in self.roles:
            self.telemetry.start()
            self.ingest.start()
        self._reader.start()
        if Role.watch in self.roles:
            self.store.write(lambda conn: standing.plan(conn, self.clock.now(), self.retention, self.trends))
            if self._teller is not None:
                self._teller.start()
            for thread in self._threads:
                thread.start()
        if Role.notify in self.roles:
            self.notices.start()
        log.info("hub.started")

    def stop(self) -> None:
        """Finish what is under way and let go of the store; safe to call twice, and without `start`."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._bell.set()
        self._unsubscribe()
        if Role.ingest in self.roles:
            self.ingest.stop()
            self.telemetry.stop()
        self.sweeper.stop()
        for thread in (self._reader, *self._threads):
            if thread.is_alive():
                thread.join()
        if self._teller is not None and Role.watch in self.roles:
            self._teller.stop()
        if Role.notify in self.roles:
            self.notices.stop()
        self._close()
        log.info("hub.stopped")

    def __enter__(self) -> "Hub":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wake(self) -> None:
        """Look again now: the clock has travelled."""
        self.sweeper.wake()
        self.notices.notifier.wake()
        self._bell.set()

    def _close(self) -> None:
        self.store.close()
        self._lock.close()

    # ---- what the speakers are told ---------------------------------------------------------------------

    def _sight_changed(self) -> None:
        self._bell.set()

    @property
    def _telling(self) -> Line | JetStreamLine | Teller:
        """The line on which speakers are told their times."""
        return self._teller or self.ingest.line

    def _read_policies(self) -> None:
        """A policy may be imported by another process: take it over within seconds, whatever this one does."""
        while not self._stopping.wait(GLANCE_SECONDS):
            try:
                with self.store.read() as conn:
                    self.policies.refresh(conn)
            except (StoreFault, SQLAlchemyError) as error:
                log.error("policies.cannot_read", error=type(error).__name__)

    def _watch_sight(self) -> None:
        """The processes that listen may have died without a word: then nobody is called silent (P6)."""
        while not self._stopping.wait(sight.EVERY.total_seconds()):
            now = self.clock.now()
            try:
                with self.store.read() as conn:
                    blind = agenda.blind_since(conn) is None and not sight.workers(conn, now)
                if blind:
                    log.warning("hub.nobody_listens")
                    self.store.write(lambda conn, now=now: due.lose_sight(conn, now))  # type: ignore[misc]
            except (StoreFault, SQLAlchemyError) as error:
                log.error("sight.cannot_store", error=type(error).__name__)

    def _command(self) -> None:
        heard_before = False
        told_by = self.policy
        while not self._stopping.is_set():
            self._bell.clear()
            hears = self._telling.hears
            if hears:
                try:
                    with self.store.read() as conn:
                        self.policies.refresh(conn)
                    if not heard_before or self.policy is not told_by:
                        self.commander.forget()
                    told_by = self.policy
                    self.commander.step()
                except (StoreFault, SQLAlchemyError) as error:
                    log.error("commander.cannot_store", error=type(error).__name__)
                    self.commander.forget()
            heard_before = hears
            self._stopping.wait(PAUSE_SECONDS)
            self._bell.wait(GLANCE_SECONDS)

    # ---- health -----------------------------------------------------------------------------------------

    def health(self) -> Health:
        """How the hub is, as of now. Reads a few rows; may be asked every second."""
        now = self.clock.now()
        with self.store.read() as conn:
            last_event = pulse.last(conn, pulse.LAST_EVENT)
            last_sweep = pulse.last(conn, pulse.LAST_SWEEP)
            blind_since = agenda.blind_since(conn)
            failing = len(agenda.failing(conn))
            quarantined = quarantine.count(conn)
            notices = notices_state.queue(conn, now)
        blindness = self._blindness(now, last_sweep, blind_since)
        problems = [blindness] if blindness else []
        if failing:
            problems.append(
                f"期限が来たのに処理できないものが {failing} 件あります。記録を管理者に知らせてください。"
            )
        if notices.oldest is not None and now - notices.oldest > NOTICES_LATE:
            problems.append(
                f"送れていない知らせが {notices.overdue} 件あります。「知らせ」の画面で理由を確かめてください。"
            )
        if self.notices.fault is not None:
            problems.append(self.notices.fault)
        return Health(
            ok=not problems,
            problem=" ".join(problems) or None,
            blindness=blindness,
            at=now,
            listening=self.ingest.line.hears if Role.ingest in self.roles else blind_since is None,
            blind_since=blind_since,
            last_event_at=last_event,
            last_event_age_s=_age(now, last_event),
            last_sweep_at=last_sweep,
            last_sweep_age_s=_age(now, last_sweep),
            messages_waiting=self.ingest.waiting,
            works_waiting=self.store.waiting(),
            writable=self.store.fault is None,
            quarantined=quarantined,
            failing=failing,
            notices_unsent=notices.unsent,
            notices_oldest_s=_age(now, notices.oldest),
            notices_failed=notices.failed,
            telemetry_dropped=self.ingest.dropped + self.telemetry.dropped,
            telemetry_fault=self.telemetry.fault,
        )

    def _blindness(
        self, now: datetime, last_sweep: datetime | None, blind_since: datetime | None
    ) -> str | None:
        """The first reason why the pages may be behind, the gravest first; of other processes, what the store knows."""
        if self.store.fault is not None:
            return self.store.fault
        deaf = self._deafness(blind_since)
        if deaf is not None:
            return deaf
        if self.sweeper.fault is not None:
            return f"期限を見る係が処理できません ({self.sweeper.fault})。"
        stopped = Role.watch in self.roles and not self._sweeping.is_alive()
        if stopped or last_sweep is None or now - last_sweep > SWEEP_OVERDUE:
            return "期限を見る係が止まっています。ハブを起動し直してください。"
        return None

    def _deafness(self, blind_since: datetime | None) -> str | None:
        if Role.ingest not in self.roles:
            if blind_since is None:
                return None
            return "家々の声を受け取る係 (ingest) が 1 つも動いていません。起動し直してください。"
        if self.ingest.line.fault is not None:
            return self.ingest.line.fault
        if not self.ingest.alive:
            return "届いた記録を書く係が止まっています。ハブを起動し直してください。"
        return self.ingest.fault


def _age(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else (now - at).total_seconds()


def _data(config: HubConfig) -> tuple[Policy, Districts]:
    known = districts.load(Path(config.districts) if config.districts else None)
    if config.policy == "demo":
        return policies.load_demo(), known
    return policies.load(Path(config.policy) if config.policy else None), known


def load_data(path: Path) -> tuple[HubConfig, Districts, Policy]:
    """A configuration file and the data files it names, all checked; for commands that need no running hub."""
    config = load(path)
    policy, known = _data(config)
    return config, known, policy


def open_store(config: HubConfig, known: Districts) -> Store:
    """The store of a configuration, with these districts; may be open in a running hub as well."""
    store = Store.open(config.store_at)
    try:
        store.write(lambda conn: districts.write(conn, known))
    except BaseException:
        store.close()
        raise
    return store


def _lock(config: HubConfig, name: str) -> TextIO:
    """Hold the data folder, or `name` in it, for this process; the kernel lets go of it, however the process ends."""
    try:
        config.folder.mkdir(parents=True, exist_ok=True)
        lock = (config.folder / f"hub{name and '-'}{name}.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise Refused(
            f"データフォルダー {config.folder} に書けません ({error.strerror})。場所と権限を確かめてください。"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        other = lock.read().strip() or "?"
        lock.close()
        raise Refused(
            f"データフォルダー {config.folder} はほかのハブ (プロセス {other}) が使っています。"
            "そちらを止めるか、data を別のフォルダーにしてください。"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
