"""What arrived from the homes, as rows: each event once, with its effects, and nothing thrown away unseen.

One call is part of somebody else's transaction. It knows nothing of the broker.
"""

import itertools
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, StatementError

from contract.envelope import Event, Unknown
from contract.events import CheckIn, Sos, TalkRequest
from contract.ids import NewId
from contract.refusal import Refused
from contract.state import State, Telemetry
from hub import pulse, watch
from hub.homes import WORDS_NEED, consents_of
from hub.messages import Message, Read, Why, read
from hub.policy import Policy
from hub.quarantine import Rejected, keep
from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among
from hub.store.gathered import gathered
from hub.telemetry.rollup import Reading

TOUCH_AFTER = timedelta(minutes=1)
"""Telemetry moves `last_seen_at` no oftener than this."""

log = structlog.get_logger(__name__)

# What the data of one message can make the heart raise. A disk that is full or a store that is gone is not among
# them: that undoes the whole batch, which is then brought again.
_OF_ONE_MESSAGE = (
    Refused,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    DataError,
    IntegrityError,
    InterfaceError,
)


_AS_IN_EVENT = ("id", "session", "seq", "at", "clock", "late", "type")
"""The columns of `event` that are called as the envelope calls them."""


class Taken(NamedTuple):
    """What became of a batch."""

    stored: dict[str, list[str]]
    """Device to the ids it may delete: stored now or before, or kept in quarantine for good."""
    new: int
    repeated: int
    quarantined: int
    telemetry: list[Reading]


def take_in(conn: Connection, messages: Sequence[Message], ids: NewId, policy: Policy) -> Taken:
    """Store a batch in order of arrival.

    An event whose id is stored already is only acknowledged again. What is malformed, comes on another device's
    topic, from a device nobody knows, or breaks the heart, goes to quarantine with its reason; the rest of the batch
    is not disturbed. Raises only what is wrong with the store itself.
    """
    return take_in_read(conn, [read(message) for message in messages], ids, policy)


def take_in_read(conn: Connection, items: list[Read], ids: NewId, policy: Policy) -> Taken:
    """`take_in` for messages that are decoded already; it notes in them what is wrong with each."""
    return _Batch(conn, items, ids, policy).take()


class _Sender(NamedTuple):
    """An event stored before."""

    event_id: str
    device_id: str


class _Seen(NamedTuple):
    """When a device was last heard of."""

    device_id: str
    at: datetime | None


class _Batch:
    def __init__(self, conn: Connection, items: list[Read], ids: NewId, policy: Policy) -> None:
        self._conn = conn
        self._items = items
        self._ids = ids
        self._policy = policy
        self._devices = watch.boxes_of(conn, {item.device for item in items if item.device is not None})
        self._repeated = 0

    def take(self) -> Taken:
        readable = [item for item in self._items if item.why is None]
        todo = self._sort_out(readable, {})
        # Hardly ever was one stored before, so that is found out by storing them.
        if not self._apply_together(todo):
            for item in readable:
                item.why, item.detail = None, ""
            todo = self._sort_out(readable, self._known_senders())
            if not self._apply_together(todo):
                for item in todo:
                    self._apply_alone(item)
        self._touch()
        arrived = [item.message.at for item in todo if item.why is None and isinstance(item.what, Event)]
        if arrived:
            pulse.beat(self._conn, pulse.LAST_EVENT, max(arrived))
        rejected = [item for item in self._items if item.why is not None and not _is_noise(item)]
        keep(self._conn, [_rejected(item) for item in rejected], set(self._devices))
        return Taken(self._acknowledged(), len(arrived), self._repeated, len(rejected), self._telemetry())

    # ---- what is known already --------------------------------------------------------------------------

    def _known_senders(self) -> dict[str, str]:
        """Event id to the device that sent it, of those stored before."""
        named = {item.id for item in self._items if isinstance(item.what, Event)}
        columns = (t.event.c.id, t.event.c.device_id)
        return dict(gathered(self._conn, _Sender, select(*columns).where(among(t.event.c.id, named))))

    def _sort_out(self, readable: Sequence[Read], senders: dict[str, str]) -> list[Read]:
        """What is new and usable, if `senders` are those of the events stored before; notes why the others are not."""
        self._repeated = 0
        seen = set(senders)
        todo = []
        for item in readable:
            if item.device not in self._devices:
                item.why, item.detail = Why.unknown_device, "not on the roster"
            elif item.id is None:
                todo.append(item)
            elif (sender := senders.setdefault(item.id, item.device)) != item.device:
                item.why, item.detail = Why.id_of_another, f"stored for {sender}"
            elif item.id in seen:
                self._repeated += 1
            else:
                seen.add(item.id)
                todo.append(item)
        self._forget_words(todo)
        return todo

    def _forget_words(self, todo: Sequence[Read]) -> None:
        """Take the words out of what residents said who have not consented to their being kept.

        The speaker does not send them then; one that has not heard of a consent withdrawn still might.
        """
        speaking = [item for item in todo if _has_words(item)]
        if not speaking:
            return
        given = consents_of(self._conn, {one for item in speaking if (one := self._resident_of(item))})
        for item in speaking:
            if not given[self._resident_of(item)] >= WORDS_NEED:
                item.what = _without_words(item.what)

    def _resident_of(self, item: Read) -> str | None:
        return self._devices[item.device or ""].resident_id

    # ---- what it changes --------------------------------------------------------------------------------

    def _apply_together(self, todo: Sequence[Read]) -> bool:
        """Store and let take effect all of them or none: False if one was stored before, or cannot be."""
        try:
            with self._conn.begin_nested() as step:
                if self._store([item for item in todo if isinstance(item.what, Event)]):
                    self._take_effects(todo, self._devices)
                    return True
                step.rollback()
        except (*_OF_ONE_MESSAGE, StatementError) as error:
            _raise_what_is_the_stores(error)
        return False

    def _apply_alone(self, item: Read) -> None:
        """The same for one, which is set aside when it cannot be."""
        try:
            with self._conn.begin_nested():
                if isinstance(item.what, Event):
                    self._store([item])
                self._take_effects([item], None)
        except (*_OF_ONE_MESSAGE, StatementError) as error:
            _raise_what_is_the_stores(error)
            item.why, item.detail = Why.broke_the_heart, f"{type(error).__name__}: {error}"
            # No traceback: it may show values, and with them a name.
            where = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "message.broke_the_heart",
                device=item.device,
                event_id=item.id,
                error=type(error).__name__,
                where=f"{Path(where.filename).name}:{where.lineno}",
            )

    def _store(self, items: Sequence[Read]) -> bool:
        """Store what these events say; False if one of their ids was there already."""
        if not items:
            return True
        events = [item.what for item in items if isinstance(item.what, Event)]
        columns: dict[str, list[Any]] = {name: list(map(attrgetter(name), events)) for name in _AS_IN_EVENT}
        columns["device_id"] = [event.device for event in events]
        columns["resident_id"] = [self._devices[event.device].resident_id for event in events]
        columns["received_at"] = [item.message.at for item in items]
        columns["body"] = [
            msgspec.json.decode(event.body.raw) if isinstance(event.body, Unknown) else event.body
            for event in events
        ]
        return bulk.insert_columns(self._conn, t.event, columns, "ON CONFLICT (id) DO NOTHING") == len(items)

    def _take_effects(self, todo: Sequence[Read], boxes: Mapping[str, watch.Box] | None) -> None:
        """`boxes` are theirs, if nothing has taken effect since they were read."""
        for are_events, run in itertools.groupby(todo, _is_event):
            self._take_effect(list(run), boxes, are_events=are_events)
            boxes = None

    def _take_effect(
        self, run: Sequence[Read], boxes: Mapping[str, watch.Box] | None, *, are_events: bool
    ) -> None:
        """A run of events, or of messages that are none, in their order."""
        if are_events:
            arrivals = [watch.Arrival(one.what, one.message.at) for one in run if isinstance(one.what, Event)]
            watch.on_events(self._conn, arrivals, self._ids, self._policy, boxes)
            return
        for item in run:
            if isinstance(item.what, State):
                assert item.device is not None
                watch.on_state(self._conn, item.device, item.what, item.message.at, self._ids, self._policy)

    def _touch(self) -> None:
        """Telemetry shows that a line works."""
        latest = {
            item.device: item.message.at
            for item in self._items
            if isinstance(item.what, Telemetry) and item.why is None and not item.message.retained
        }
        if latest:
            before = select(t.device.c.id, t.device.c.last_seen_at).where(among(t.device.c.id, latest))
            long_ago = [
                {"id": device, "last_seen_at": latest[device]}
                for device, at in gathered(self._conn, _Seen, before)
                if at is None or latest[device] - at >= TOUCH_AFTER
            ]
            bulk.update(self._conn, t.device, "id", long_ago)

    def _telemetry(self) -> list[Reading]:
        return [
            Reading(item.device or "", item.message.at, item.what.values)
            for item in self._items
            if isinstance(item.what, Telemetry) and item.why is None and not item.message.retained
        ]

    def _acknowledged(self) -> dict[str, list[str]]:
        """What each device may delete. A device that nobody knows keeps what it has: it may be enrolled tomorrow."""
        stored: dict[str, list[str]] = defaultdict(list)
        for item in self._items:
            if item.device is not None and item.id is not None and item.why is not Why.unknown_device:
                stored[item.device].append(item.id)
        return {device: ids if len(ids) == 1 else list(dict.fromkeys(ids)) for device, ids in stored.items()}


def _raise_what_is_the_stores(error: Exception) -> None:
    """Raise it again if it says something about the store and not about a message."""
    if isinstance(error, DBAPIError) and not isinstance(error, _OF_ONE_MESSAGE):
        raise error


def _is_event(item: Read) -> bool:
    return isinstance(item.what, Event)


def _is_noise(item: Read) -> bool:
    """Telemetry of nobody: it may be lost anyway, and would fill the quarantine."""
    return item.why is Why.unknown_device and isinstance(item.what, Telemetry)


def _has_words(item: Read) -> bool:
    if not isinstance(item.what, Event):
        return False
    body = item.what.body
    if type(body) is Unknown:
        data = msgspec.json.decode(body.raw)
        return isinstance(data, dict) and "text" in data
    return getattr(body, "text", None) is not None


def _without_words(what: Event | State | Telemetry | None) -> Event | State | Telemetry | None:
    match what:
        case Event(body=CheckIn() | Sos() | TalkRequest() as body):
            return msgspec.structs.replace(what, body=msgspec.structs.replace(body, text=None))
        case Event(body=Unknown() as body):
            data = msgspec.json.decode(body.raw)
            del data["text"]
            return msgspec.structs.replace(what, body=Unknown(msgspec.json.encode(data)))
        case _:
            return what


def _rejected(item: Read) -> Rejected:
    message = item.message
    return Rejected(item.device, message.topic, message.payload, message.at, f"{item.why}: {item.detail}")
