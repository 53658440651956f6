"""The wired hub: which part runs in which role, from the start to the stop. No pages."""

import threading

import msgspec
import structlog

from contract.refusal import Refused
from contract.time import Clock, SystemClock
from hub import agenda, districts, standing
from hub import policy as policies
from hub import roles as roles_of_hub
from hub.commanding import Commander
from hub.config import HubConfig
from hub.districts import Districts
from hub.due import Sweeper
from hub.files import Watched
from hub.handlers import HANDLERS
from hub.health import Checkup, Health
from hub.ingest import Ingest
from hub.jetstream import JetStreamLine
from hub.line import Line
from hub.notices.service import Notices, settings_of
from hub.opening import lock, open_store, read_districts, read_keeping, read_policy, read_speaking
from hub.policy import Policy, PolicyBook
from hub.retention import daily as keeping
from hub.retention.policy import Retention
from hub.roles import ALL, Role
from hub.rounds import Rounds
from hub.speaking import Speaking
from hub.telemetry.keeper import Keeper
from hub.teller import Teller
from hub.trends import daily as trends
from hub.trends.settings import Settings as TrendSettings
from hub.vocabulary import DueKind
from hub.watch import slots

log = structlog.get_logger(__name__)


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
        self.policies = PolicyBook(read_policy(config))
        self._districts = Watched([config.districts], lambda: read_districts(config), self._take_districts)
        self._keeping = Watched([config.retention, config.trends], lambda: read_keeping(config))
        self._said = Watched([config.speaking], lambda: read_speaking(config), self._say)
        files = (self._districts, self._keeping, self._said)
        self._rounds = Rounds(self.clock, self.policies)
        self._lock = lock(config, "-".join([*sorted(roles), name]) if name else "")
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
                self.store, broker, self.clock, self.policies, self._rounds.ring, worker=name
            )
            self._teller = None if Role.ingest in roles else Teller(broker, self._rounds.ring)
            self.telemetry = Keeper(self.store, config.telemetry)
        except BaseException:
            self._close()
            raise
        self.ingest.on_telemetry = self.telemetry.offer
        handlers = {
            **HANDLERS,
            DueKind.retention: lambda work, subjects: keeping.handler(self.retention)(work, subjects),
            DueKind.trend: lambda work, subjects: trends.handler(self.trends)(work, subjects),
        }
        self.sweeper = Sweeper(self.store, self.clock, self.policies, handlers=handlers)
        self.commander = Commander(
            self.store,
            self.clock,
            self.policies,
            lambda topic, payload: self._telling.publish(topic, payload, retain=True),
            self._said.value,
        )
        try:
            self.notices = Notices(
                self.store, self.clock, self.policies, settings_of(config.notices), config.folder
            )
        except BaseException:
            self._close()
            raise
        self._stopped = False
        self._unsubscribe = self.store.on_change(lambda _revision: self._rounds.ring())
        self._sweeping = threading.Thread(target=self.sweeper.run, name="sweeper", daemon=True)
        self._checkup = Checkup(
            self.store,
            self.clock,
            roles,
            self.ingest,
            self.sweeper,
            self._sweeping.is_alive,
            self.notices,
            self.telemetry,
            files,
        )
        self._threads = [
            self._sweeping,
            threading.Thread(
                target=self._rounds.tell,
                args=(self.store, self.commander, lambda: self._telling.hears),
                name="commander",
                daemon=True,
            ),
        ]
        # Whoever sweeps reads new policies before its batches, the others from here.
        self._reader = threading.Thread(
            target=self._rounds.read_anew, args=(self.store, files), name="policies", daemon=True
        )
        if self._teller is not None:
            self._threads.append(
                threading.Thread(
                    target=self._rounds.watch_sight, args=(self.store,), name="sight", daemon=True
                )
            )

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self.policies.at(self.clock.now())

    @property
    def districts(self) -> Districts:
        """The city's districts, as its file says now."""
        return self._districts.value

    @property
    def retention(self) -> Retention:
        """How long what is kept."""
        return self._keeping.value[0]

    @property
    def trends(self) -> TrendSettings:
        """When a change is worth a word."""
        return self._keeping.value[1]

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
        if self._stopped:
            return
        self._stopped = True
        self._rounds.stop()
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
        self._rounds.ring()

    def health(self) -> Health:
        """How the hub is, as of now. Reads a few rows; may be asked every second."""
        return self._checkup.health()

    def _take_districts(self, known: Districts) -> None:
        self.store.write(lambda conn: districts.write(conn, known))

    def _say(self, said: Speaking) -> None:
        self.commander.say(said)
        self._rounds.ring()

    def _close(self) -> None:
        self.store.close()
        self._lock.close()

    @property
    def _telling(self) -> Line | JetStreamLine | Teller:
        """The line on which speakers are told their times."""
        return self._teller or self.ingest.line
