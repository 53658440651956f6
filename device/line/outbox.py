"""The outbox: every event is here, on disk, before it is sent, and until the hub says that it has stored it.

Only our own `ack` deletes. A broker's PUBACK means nothing here (P1).
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import structlog

from contract.envelope import Event, MalformedEvent, decode_event, encode_event
from device.line.second_copy import SecondCopies
from device.seal import Broken, sealed, unsealed
from device.store import Store, Work, nothing

log = structlog.get_logger()

_SELECT = "SELECT id, urgent, late, payload FROM event"


@dataclass(frozen=True)
class Waiting:
    """One event that the hub has not acknowledged."""

    event_id: str
    urgent: bool
    """A call for help: on its own topic, ahead of the rest."""
    payload: bytes
    """As it goes on the wire."""


@dataclass(frozen=True)
class Gone:
    """One event that the hub has stored."""

    event_id: str
    milliseconds: float | None
    """Since it was put in; None when an earlier run put it in."""


class Outbox:
    """Safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        counter: Callable[[], float] = time.monotonic,
        copies: SecondCopies | None = None,
    ) -> None:
        self._store = store
        self._counter = counter
        self._copies = copies
        self._changed = threading.Condition()
        _put_ids_right(store)
        rows = store.read("SELECT id, urgent FROM event")
        self._ids = {str(row[0]) for row in rows}
        self._urgent = {str(row[0]) for row in rows if row[1]}
        self._began = counter()
        self._made: dict[str, float] = {}
        self._unsaved: list[tuple[Event, bool, bool]] = []
        """Event, urgent, late: what a full or dead disk would not take. Sent all the same."""
        self.trouble: str | None = None
        """Why some of it is not on disk; None when all is."""
        for event in copies.left() if copies else ():
            if event.id not in self._ids:
                # The database it stood in is gone, or was never written. It was made by an earlier run, so it is late.
                self._take(event, urgent=True, late=True, also=nothing)

    def put(self, event: Event, *, urgent: bool, also: Work = nothing) -> None:
        """Take one event in; it is on disk when this returns, or in memory when the disk takes nothing.

        `also` is written in the same transaction: it happens together with the event or not at all.
        """
        with self._changed:
            if urgent and self._copies:
                self._copies.keep(event)
            self._made[event.id] = self._counter()
            self._take(event, urgent=urgent, late=False, also=also)

    def waiting(self, limit: int) -> list[Waiting]:
        """The first `limit` events to send: calls for help first, then in the order they were made."""
        with self._changed:
            rows = self._store.read(f"{_SELECT} ORDER BY urgent DESC, position LIMIT ?", limit)
            found = [*self._on_disk(rows), *self._in_memory()]
            return sorted(found, key=lambda each: not each.urgent)[:limit]

    def find(self, event_id: str) -> Waiting | None:
        """One event, if it still waits."""
        with self._changed:
            rows = self._store.read(f"{_SELECT} WHERE id = ?", event_id)
            found = [*self._on_disk(rows), *self._in_memory()]
            return next((each for each in found if each.event_id == event_id), None)

    def mark_late(self) -> None:
        """The line was down until now: whatever waits was late."""
        with self._changed:
            if any(self._store.read("SELECT 1 FROM event WHERE NOT late LIMIT 1")):
                self._store.write(lambda db: db.execute("UPDATE event SET late = 1"))
            self._unsaved = [(event, urgent, True) for event, urgent, _ in self._unsaved]

    def ack(self, ids: Iterable[str]) -> list[Gone]:
        """The hub has stored these; forget them. Ids of others, or of long ago, are nothing to us."""
        with self._changed:
            stored = list(ids)
            ours = [event_id for event_id in stored if event_id in self._ids]
            self._unsaved = [each for each in self._unsaved if each[0].id not in ours]
            self.trouble = self.trouble if self._unsaved else None
            # Also what we count as gone already: a dead disk may not have let go of it the first time.
            rows = [(event_id,) for event_id in stored]
            self._store.write(lambda db: db.executemany("DELETE FROM event WHERE id = ?", rows))
            if self._copies:
                self._copies.drop(stored)
            self._ids.difference_update(ours)
            self._urgent.difference_update(ours)
            now = self._counter()
            made = [self._made.pop(event_id, None) for event_id in ours]
            self._changed.notify_all()
            return [
                Gone(event_id, None if at is None else (now - at) * 1000)
                for event_id, at in zip(ours, made, strict=True)
            ]

    def holds(self, event_id: str) -> bool:
        """Whether the hub has not acknowledged this one yet."""
        with self._changed:
            return event_id in self._ids

    @property
    def holds_urgent(self) -> bool:
        """Whether a call for help waits."""
        with self._changed:
            return bool(self._urgent)

    @property
    def waiting_seconds(self) -> float:
        """How long the oldest event has waited in this run; 0 when none does."""
        with self._changed:
            made = (self._made.get(event_id, self._began) for event_id in self._ids)
            return self._counter() - min(made) if self._ids else 0.0

    def await_stored(self, event_id: str, seconds: float) -> bool:
        """Wait until the hub has acknowledged this one; False when `seconds` pass first."""
        with self._changed:
            return self._changed.wait_for(lambda: event_id not in self._ids, seconds)

    def __len__(self) -> int:
        """How many events wait."""
        with self._changed:
            return len(self._ids)

    def _take(self, event: Event, *, urgent: bool, late: bool, also: Work) -> None:
        if self._unsaved:
            self._save_rest()
        in_order = not self._unsaved

        def work(db: sqlite3.Connection) -> None:
            also(db)
            _insert(db, event, urgent=urgent, late=late)

        if not (in_order and self._store.write(work)):
            self._unsaved.append((event, urgent, late))
            self.trouble = self._store.trouble or self.trouble
        self._ids.add(event.id)
        if urgent:
            self._urgent.add(event.id)

    def _on_disk(self, rows: list[tuple[object, ...]]) -> Iterator[Waiting]:
        for event_id, urgent, late, raw in rows:
            payload = self._payload(str(event_id), raw, late=bool(late))
            if event_id in self._ids and payload is not None:
                yield Waiting(str(event_id), bool(urgent), payload)

    def _in_memory(self) -> Iterator[Waiting]:
        for event, urgent, late in self._unsaved:
            yield Waiting(event.id, urgent, encode_event(_late(event) if late else event))

    def _save_rest(self) -> None:
        unsaved = self._unsaved

        def work(db: sqlite3.Connection) -> None:
            for event, urgent, late in unsaved:
                _insert(db, event, urgent=urgent, late=late)

        if self._store.write(work):
            self._unsaved, self.trouble = [], None

    def _payload(self, event_id: str, raw: object, *, late: bool) -> bytes | None:
        try:
            event = _read(raw)
        except (MalformedEvent, Broken) as error:
            copy = self._copies.find(event_id) if self._copies else None
            if copy:
                return encode_event(_late(copy) if late else copy)
            # Only a damaged disk writes such a thing. It is no use to the hub, and would be sent for ever.
            log.error("outbox_event_unreadable", event_id=event_id, why=str(error))
            self._store.write(lambda db: db.execute("DELETE FROM event WHERE id = ?", (event_id,)))
            self._ids.discard(event_id)
            self._urgent.discard(event_id)
            return None
        return encode_event(_late(event) if late else event)


def _put_ids_right(store: Store) -> None:
    """An event whose name on the card was damaged goes by the one inside its seal, which the hub may know already."""
    wrong: list[tuple[str, str]] = []
    for event_id, raw in store.read("SELECT id, payload FROM event"):
        with suppress(MalformedEvent, Broken):
            if (right := _read(raw).id) != event_id:
                wrong.append((right, str(event_id)))
    if wrong:
        log.error("outbox_ids_damaged", count=len(wrong))
        store.write(lambda db: db.executemany("UPDATE OR REPLACE event SET id = ? WHERE id = ?", wrong))


def _read(raw: object) -> Event:
    return decode_event(unsealed(raw if isinstance(raw, bytes) else str(raw).encode()))


def _late(event: Event) -> Event:
    return msgspec.structs.replace(event, late=True)


def _insert(db: sqlite3.Connection, event: Event, *, urgent: bool, late: bool) -> None:
    db.execute(
        "INSERT OR IGNORE INTO event(id, urgent, late, payload) VALUES(?, ?, ?, ?)",
        (event.id, urgent, late, sealed(encode_event(event))),
    )
