"""The notifier: takes what the outbox holds to people, in bounded threads, and survives its own death at any point."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from contract.ids import NewId, uuid7
from contract.time import Clock
from hub.due import Writable
from hub.notices import addressing, bundle, deliveries, links
from hub.notices.deliveries import Claimed
from hub.notices.notice import DeliveryState
from hub.notices.people import Place, places
from hub.notices.settings import Settings
from hub.notices.transport import Message, NotTaken, Transport, Unclear
from hub.store import tables as t
from hub.store.database import StoreFault

LONGEST_NAP = 1.0
"""Seconds; a clock that was stepped forward, and another program's notice, are seen within this."""

log = structlog.get_logger(__name__)


class Going(NamedTuple):
    """A message and where it goes."""

    claimed: Claimed
    message: Message
    addresses: tuple[str, ...]


class Ended(NamedTuple):
    """What came of a hand-over; `why` is empty when it was taken."""

    claimed: Claimed
    why: str = ""
    hopeless: bool = False
    unclear: bool = False


class Signing(Protocol):
    """Whoever makes the family's links."""

    def token(self, link_id: str, expires_at: datetime) -> str:
        """What stands in the address."""


class Notifier:
    """`step` is one look for tests and for `run`, the loop of a thread of its owner."""

    def __init__(
        self,
        store: Writable,
        clock: Clock,
        settings: Settings,
        transport: Transport,
        signer: Signing | None = None,
        ids: NewId = uuid7,
    ) -> None:
        """`signer` makes the family's links; without one, or without a base_url, messages carry none."""
        self._store = store
        self._clock = clock
        self.settings = settings
        self._transport = transport
        self._signer = signer
        self._ids = ids
        self._pool = ThreadPoolExecutor(settings.pace.at_once, thread_name_prefix="notice")
        self._under_way: dict[Future[Ended], Claimed] = {}
        self._full = False
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self.fault: str | None = None
        """Why the last look could not be taken, None when it could; shown by /healthz."""

    # ---- one look ---------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Take one look; True if there may be more to do at once.

        1. Write down what came of the hand-overs that have ended.
        2. Address new notices.
        3. Claim what is due, as many messages as there are free threads; look up where each person is reached.
        4. Hand them over, each in a thread.
        A crash between 3 and 1 leaves deliveries in `sending`; they go out again when their lease is over.
        """
        now = self._clock.now()
        ended = self._write_down(now)
        with self._store.read() as conn:
            fresh = addressing.is_new(conn)
            planned = deliveries.next_due(conn)
        addressed = (
            self._store.write(partial(addressing.address, settings=self.settings, now=now)) if fresh else 0
        )
        free = self.settings.pace.at_once - len(self._under_way)
        more = self._full = False
        if free > 0 and (addressed or (planned is not None and planned <= now)):
            going, more = self._store.write(partial(self._claim, now=now, free=free))
            self._full = more and not going
            for one in going:
                future = self._pool.submit(self._hand_over, one)
                self._under_way[future] = one.claimed
                future.add_done_callback(lambda _future: self._woken.set())
        return (more and not self._full) or ended or bool(addressed)

    def settle(self) -> None:
        """Step until nothing is under way and nothing is due at this instant: for tests, commands and the end."""
        while self.step() or self._under_way:
            for future in list(self._under_way):
                future.exception()  # waits

    def _write_down(self, now: datetime) -> bool:
        done = [future for future in self._under_way if future.done()]
        if not done:
            return False
        ended = [future.result() for future in done]

        def write(conn: Connection) -> None:
            for one in ended:
                if one.why:
                    deliveries.not_sent(
                        conn,
                        one.claimed,
                        one.why,
                        self.settings.pace,
                        now,
                        hopeless=one.hopeless,
                        unclear=one.unclear,
                    )
                else:
                    deliveries.sent(conn, one.claimed, now)

        self._store.write(write)
        for future in done:
            del self._under_way[future]
        return True

    def _claim(self, conn: Connection, now: datetime, free: int) -> tuple[list[Going], bool]:
        messages, more = deliveries.claim(conn, self.settings.pace, now, free, self._ids)
        reached = places(conn, self.settings, [one.recipient for one in messages])
        names = self._names(conn, messages)
        going = []
        for one in messages:
            place: Place = reached[one.recipient]
            if place.why_not:
                ids = [row["id"] for row in one.rows]
                deliveries.end(conn, ids, DeliveryState.withdrawn, place.why_not, now)
                continue
            message = bundle.compose(one, self.settings, names, self._links(conn, one, now))
            going.append(Going(one, message, place.addresses))
        return going, more

    def _names(self, conn: Connection, messages: Sequence[Claimed]) -> dict[str, str]:
        residents = {
            one.recipient.id.split("/")[1] for one in messages if one.recipient.id.startswith("contact/")
        }
        if not residents:
            return {}
        rows = conn.execute(select(t.resident.c.id, t.resident.c.name).where(t.resident.c.id.in_(residents)))
        return {row.id: row.name for row in rows}

    def _links(self, conn: Connection, message: Claimed, now: datetime) -> dict[str, str]:
        """The address of the family's page, by case."""
        base = self.settings.base_url
        if self._signer is None or not base or not message.recipient.id.startswith("contact/"):
            return {}
        resident = message.recipient.id.split("/")[1]
        found = {}
        for case_id in {row["subject"] for row in message.rows if row["subject_kind"] == "case"}:
            link = links.ensure(
                conn, case_id, resident, message.recipient, self.settings.family, now, self._ids
            )
            if link is not None:
                found[case_id] = f"{base}/f/{self._signer.token(*link)}"
        return found

    def _hand_over(self, going: Going) -> Ended:
        """In a thread of the pool: the person's addresses in turn, until one takes it."""
        whys: list[str] = []
        hopeless, unclear = True, False
        for address in going.addresses:
            try:
                self._transport.hand_over(address, going.message)
            except NotTaken as refused:
                whys.append(refused.why)
                hopeless = hopeless and refused.hopeless
            except Unclear as silence:
                # Not the next address: this one may have arrived, and is tried again.
                return Ended(going.claimed, silence.why, unclear=True)
            except Exception as error:
                # A plug-in's mistake must not end the notifier; its text may hold an address.
                log.error("notice.transport_broke", error=type(error).__name__, message=going.message.id)
                whys.append(
                    f"送るプログラムの不具合です ({type(error).__name__})。管理者に知らせてください。"
                )
                hopeless, unclear = False, True
            else:
                log.info("notice.handed_over", message=going.message.id, notices=len(going.message.keys))
                return Ended(going.claimed)
        log.warning("notice.not_taken", message=going.message.id, hopeless=hopeless)
        return Ended(going.claimed, " ".join(dict.fromkeys(whys)), hopeless, unclear)

    # ---- the loop ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Look until `stop`; the thread belongs to the caller. A store that cannot be written is tried again."""
        while not self._stopping.is_set():
            self._woken.clear()
            nap = LONGEST_NAP
            try:
                more = self.step()
                if not more:
                    nap = self._nap()
            except (StoreFault, SQLAlchemyError) as error:
                log.error("notifier.cannot_store", error=type(error).__name__)
                self.fault = str(error.orig if isinstance(error, DBAPIError) else error)[:300]
                more = False
            else:
                self.fault = None
            if not more:
                self._woken.wait(nap)

    def _nap(self) -> float:
        if self._full:  # the end of a hand-over rings
            return LONGEST_NAP
        with self._store.read() as conn:
            planned = deliveries.next_due(conn)
        if planned is None:
            return LONGEST_NAP
        return min(max((planned - self._clock.now()).total_seconds(), 0.01), LONGEST_NAP)

    def wake(self) -> None:
        """Look now: somebody has put a notice in."""
        self._woken.set()

    def stop(self) -> None:
        """Let `run` return; then `close`."""
        self._stopping.set()
        self._woken.set()

    def close(self) -> None:
        """After `run` has returned: wait for the hand-overs under way, which the transport bounds, and write them down."""
        self._pool.shutdown(wait=True)
        self._write_down(self._clock.now())
