"""From the broker to the store: enqueue, store a batch in one transaction, and only then acknowledge.

Three promises in this order: COMMIT, then the broker may forget, then the device may forget (our own `ack`). A crash
between any two of them means that something is said twice, and stored once.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from contract.commands import Ack, encode
from contract.ids import NewId, uuid7
from contract.time import Clock
from contract.topics import Channel, topic
from hub import agenda, due, pulse, sight
from hub.config import BrokerConfig
from hub.inbox import Taken, take_in_read
from hub.jetstream import JetStreamLine
from hub.lanes import Lanes
from hub.line import Delivery, Line
from hub.messages import Read, read
from hub.policy import InForce, Policy
from hub.store.database import Store, StoreFault
from hub.telemetry.rollup import Reading

BATCH = 2048
"""Messages per transaction: at 500 an event cost the writer 63 µs of the processor, at 1,000 52, at 2,000 47, at 4,000 no
less. Two of them are what our NATS sends ahead: one is decoded while the other one is written."""
ROOM = 4096
"""Messages that may wait. A broker sends no more than it has unacknowledged: our NATS 4,096, others often 1,024."""
IDS_PER_ACK = 500
"""So that an `ack` with the longest ids stays well under the broker's 64 KiB."""
GLANCE_SECONDS = 0.5
"""How long the worker waits for a message before it looks at its line."""
RETRY_SECONDS = 1.0
"""Until a batch that could not be stored is brought again."""

log = structlog.get_logger(__name__)


class _Batch:
    """Messages on their way into the store, in one transaction."""

    def __init__(self, deliveries: list[Delivery], urgent: bool) -> None:
        """Decodes them."""
        self.deliveries: list[Delivery] = []
        self.urgent = urgent
        self._items: list[Read] = []
        self._future: Future[Taken] | None = None
        self.add(deliveries)

    def add(self, deliveries: list[Delivery]) -> None:
        """More of them."""
        self.deliveries += deliveries
        self._items += [read(delivery.message) for delivery in deliveries]

    def bring(self, store: Store, ids: NewId, policy: Callable[[], Policy], then: Callable[[], None]) -> None:
        """Hand them to the writer, which asks for the policy when their turn comes; `then` is called when it is done."""
        if self._items:
            self._future = store.submit(lambda conn: take_in_read(conn, self._items, ids, policy()))
            self._future.add_done_callback(lambda _: then())

    def written(self) -> bool:
        """Whether the writer is done with them, well or not."""
        return self._future is None or self._future.done()

    def result(self) -> Taken:
        """Wait until they are on disk."""
        assert self._future is not None
        return self._future.result()


class Ingest:
    """The line, the lanes, and the worker thread between them and the store."""

    def __init__(
        self,
        store: Store,
        broker: BrokerConfig,
        clock: Clock,
        policy: InForce,
        on_sight: Callable[[], None] = lambda: None,
        ids: NewId = uuid7,
        batch: int = BATCH,
        worker: str = "",
    ) -> None:
        """`start` connects; `on_sight` is called when `line.hears` has changed; `batch` is the most of a transaction."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self._ids = ids
        self._batch = batch
        self._lanes: Lanes[Delivery] = Lanes(ROOM)
        self._stopping = threading.Event()
        self._worker = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._seen_before = False
        self._sees = False
        self.on_telemetry: Callable[[Sequence[Reading]], None] = lambda _readings: None
        """Is handed what speakers tell of themselves, in the worker's thread, and must not wait."""
        self._worker_name = worker
        """Empty for the only one; else one of several, which are blind only together."""
        self._beaten: datetime | None = None
        self.line: Line | JetStreamLine = (
            JetStreamLine(broker, clock, self._arrived, on_sight)
            if broker.nats
            else Line(broker, clock, self._arrived, on_sight)
        )
        self.fault: str | None = None
        """Why the last batch could not be stored; None when it could."""
        self.taken = 0
        """Messages dealt with and acknowledged to the broker, since the start."""
        self.dropped = 0
        """Telemetry that was not even looked at, because too much was waiting."""

    def start(self) -> None:
        """Begin to listen. The hub counts as blind until it is connected and subscribed."""
        self._store.write(self._go_blind)
        self._worker.start()
        self.line.start()

    def stop(self) -> None:
        """Stop listening; what was not stored was not acknowledged and is delivered at the next start."""
        self._stopping.set()
        self._lanes.close()
        if self._worker.is_alive():
            self._worker.join()
        self.line.stop()
        if self._worker_name:
            try:
                self._store.write(self._go_blind)
            except StoreFault as error:
                log.error("ingest.cannot_store", error=type(error).__name__)

    @property
    def waiting(self) -> int:
        """Messages not yet stored."""
        return len(self._lanes)

    @property
    def alive(self) -> bool:
        """Whether the worker works."""
        return self._worker.is_alive()

    # ---- the broker's thread ----------------------------------------------------------------------------

    def _arrived(self, deliveries: list[Delivery]) -> None:
        ordinary = []
        for delivery in deliveries:
            if delivery.channel is Channel.sos:
                self._lanes.put(delivery, urgent=True)
            elif delivery.channel is Channel.telemetry:
                self.dropped += not self._lanes.offer(delivery)
            else:
                ordinary.append(delivery)
        if ordinary:
            self._lanes.put_all(ordinary)

    # ---- the worker -------------------------------------------------------------------------------------

    def _run(self) -> None:
        """1. Take a batch and decode it, and more of it for as long as the one before is still being written.

        2. Wait for the one before, and bring this one to the writer at once, so that it does not stand idle.
        3. Acknowledge the one before.
        """
        before: _Batch | None = None
        while not self._stopping.is_set():
            batch = self._next(before)
            try:
                self._look()
                if before is not None:
                    taken = before.result()
                    self._bring(batch)
                    self._done(before, taken)
                else:
                    self._bring(batch)
                self.fault = None
            except (StoreFault, SQLAlchemyError) as error:
                # Nothing of it was stored, nothing acknowledged: it waits here, and the broker holds back the rest.
                log.error("ingest.cannot_store", error=type(error).__name__, waiting=self.waiting)
                self.fault = str(error)[:300]
                for one in (batch, before):
                    if one is not None:
                        self._lanes.put_back(one.deliveries, urgent=one.urgent)
                before = None
                self._stopping.wait(RETRY_SECONDS)
            else:
                before = batch if batch.deliveries else None
        if before is not None:
            self._finish(before)

    def _next(self, before: _Batch | None) -> _Batch:
        """Brought early, a batch would only wait; and the broker sends on in pieces, as it is acknowledged."""
        batch = _Batch(*self._lanes.take(self._batch, 0.0 if before else GLANCE_SECONDS))
        while before is not None and not batch.urgent and (room := self._batch - len(batch.deliveries)):
            more = self._lanes.take_more(room, before.written)
            if not more:
                break
            batch.add(more)
        return batch

    def _bring(self, batch: _Batch) -> None:
        batch.bring(self._store, self._ids, self._in_force, self._lanes.ring)

    def _in_force(self) -> Policy:
        return self._policy.at(self._clock.now())

    def _finish(self, batch: "_Batch") -> None:
        """What is under way when the hub stops is stored anyway: let it be acknowledged."""
        try:
            self._done(batch, batch.result())
        except (StoreFault, SQLAlchemyError) as error:
            log.error("ingest.cannot_store", error=type(error).__name__, waiting=self.waiting)

    def _done(self, batch: "_Batch", taken: Taken) -> None:
        self.line.acknowledge(*(delivery for delivery in batch.deliveries if delivery.mid))
        self._tell(taken)
        if taken.telemetry:
            self.on_telemetry(taken.telemetry)
        self.taken += len(batch.deliveries)
        log.debug("ingest.taken", new=taken.new, repeated=taken.repeated, quarantined=taken.quarantined)

    def _tell(self, taken: Taken) -> None:
        """Let the devices delete what is stored. One that does not hear it says it again and is told again."""
        self.line.publish_all(
            [
                (topic(device, Channel.ack), encode(Ack(ids=stored[start : start + IDS_PER_ACK])))
                for device, stored in taken.stored.items()
                for start in range(0, len(stored), IDS_PER_ACK)
            ]
        )

    # ---- whether the hub hears at all (P6) --------------------------------------------------------------

    def _look(self) -> None:
        """Write down when the hub began to hear nobody, and when it hears again."""
        hears = self.line.hears
        if self._worker_name:
            self._look_beside_others(hears)
        elif hears and not self._sees:
            self._store.write(lambda conn: self._regain(conn, self._clock.now()))
        elif not hears:
            # Said again and again: the sweep, after an oversleep, takes the hub for seeing.
            with self._store.read() as conn:
                blind = agenda.blind_since(conn) is not None
            if not blind:
                self._store.write(lambda conn: due.lose_sight(conn, self._clock.now()))
        self._sees = hears
        self._seen_before |= hears

    def _look_beside_others(self, hears: bool) -> None:
        """The same for one of several workers: they are blind when none of them hears."""
        now = self._clock.now()
        if hears and (not self._sees or self._beaten is None or now - self._beaten >= sight.EVERY):
            self._store.write(lambda conn: self._still_hear(conn, now))
            self._beaten = now
        elif not hears and self._sees:
            self._store.write(self._go_blind)

    def _still_hear(self, conn: Connection, now: datetime) -> None:
        sight.beat(conn, self._worker_name, now)
        if agenda.blind_since(conn) is not None:
            self._regain(conn, now)

    def _go_blind(self, conn: Connection) -> None:
        now = self._clock.now()
        if self._worker_name:
            sight.end(conn, self._worker_name)
        if not (self._worker_name and sight.workers(conn, now)):
            due.lose_sight(conn, now)

    def _regain(self, conn: Connection, now: datetime) -> None:
        since = agenda.blind_since(conn)
        briefly = since is not None and now - since < self._policy.at(now).watch.blind_after
        if self._seen_before or not briefly:
            due.regain_sight(conn, now, self._policy.at(now))
            return
        # A quick restart of the hub alone: the homes kept their lines, and the broker has what they said meanwhile.
        until = now + self._policy.at(now).watch.blind_after
        agenda.regain_sight(conn, max(until, pulse.last(conn, pulse.SETTLED_AT) or until))
