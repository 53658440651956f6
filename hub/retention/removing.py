"""What belongs to each kind of record, and how the old of it goes.

A batch is a few hundred rows: the writer is busy for milliseconds, and an answer slips in between. Where a table has
no index of its time, its ids grow with it, so the oldest are looked for at its head and never by reading all of it.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from contract.time import office_date
from hub import pulse
from hub.homes import WORDS_NEED, consents_of
from hub.retention.policy import Kind
from hub.store import partitions
from hub.store import tables as t
from hub.telemetry import rollup
from hub.vocabulary import SlotState

HEAD = 10
"""How many batches deep the head of a table is looked through: rows of a clock that once jumped ahead lie there too."""
WORDS_GONE = "words_gone"
"""The pulse that says until when words have been taken out."""
_OVERLAP = timedelta(days=7)
"""Looked through again: what arrived while the clock was behind."""

Condition = Callable[[datetime], ColumnElement[bool]]


def remove(conn: Connection, kind: Kind, before: datetime, most: int) -> int:
    """Take away up to about `most` rows of a kind that are older than `before`; 0 when there are no more.

    Where events lie by month, a month that is too old as a whole goes as one, however many it holds.
    """
    if kind is Kind.words:
        return _words(conn, before, most)
    if kind in _SPANS:
        return rollup.forget(conn, _SPANS[kind], before, most)
    if kind is Kind.events and (dropped := partitions.drop_old(conn, before)):
        return dropped
    gone = 0
    for part in _PARTS[kind]:
        gone += part.remove(conn, before, most - gone)
        if gone >= most:
            break
    return gone


def count(conn: Connection, kind: Kind, before: datetime) -> int:
    """How many rows of a kind are older than `before`; reads all of them, for `--dry-run`."""
    if kind is Kind.words:
        return conn.scalar(select(func.count()).where(t.event.c.received_at < before, _HAS_WORDS)) or 0
    if kind in _SPANS:
        mine = t.telemetry_rollup.c
        return conn.scalar(select(func.count()).where(mine.span == _SPANS[kind], mine.start < before)) or 0
    return sum(part.count(conn, before) for part in _PARTS[kind])


def forget_words(conn: Connection, residents: Collection[str]) -> int:
    """Take out at once what was heard of those of these people who do not consent to its being kept (any more).

    What could not be read of their speakers goes too: it may hold words. Returns how many events held some.
    """
    given = consents_of(conn, set(residents))
    revoked = [one for one in residents if not given[one] >= WORDS_NEED]
    if not revoked:
        return 0
    mine = t.event.c.resident_id.in_(revoked)
    gone = _without_words(conn, select(t.event.c.id, t.event.c.body).where(mine, _HAS_WORDS))
    speakers = select(t.device.c.id).where(t.device.c.resident_id.in_(revoked))
    conn.execute(delete(t.quarantine).where(t.quarantine.c.device_id.in_(speakers)))
    return gone


# ---- words ---------------------------------------------------------------------------------------------------------

_HAS_WORDS = t.event.c.body["text"].as_string().is_not(None)


def _words(conn: Connection, before: datetime, most: int) -> int:
    since = pulse.last(conn, WORDS_GONE)
    wanted = select(t.event.c.id, t.event.c.body).where(t.event.c.received_at < before, _HAS_WORDS)
    if since is not None:
        wanted = wanted.where(t.event.c.received_at >= min(since, before) - _OVERLAP)
    gone = _without_words(conn, wanted.order_by(t.event.c.received_at).limit(most))
    if gone == 0 and (since is None or since < before):
        pulse.beat(conn, WORDS_GONE, before)
    return gone


def _without_words(conn: Connection, wanted: Select[Any]) -> int:
    rows = conn.execute(wanted).all()
    for row in rows:
        body = {name: value for name, value in row.body.items() if name != "text"}
        conn.execute(update(t.event).where(t.event.c.id == row.id).values(body=body))
    return len(rows)


# ---- rows ----------------------------------------------------------------------------------------------------------


class _Part:
    """The old rows of one table, found by an index, or at the head of its ids where those grow with time."""

    def __init__(self, table: Table, old: Condition, *, at_head: bool = False) -> None:
        self._table = table
        self._old = old
        self._at_head = at_head
        (self._key,) = table.primary_key.columns

    def remove(self, conn: Connection, before: datetime, most: int) -> int:
        """Take away up to `most`, with everything that refers to them; returns how many."""
        wanted = select(self._key).where(self._old(before)).limit(most)
        if self._at_head:
            head = select(self._key).order_by(self._key).limit(most * HEAD).subquery()
            wanted = wanted.where(self._key.in_(select(*head.c))).order_by(self._key)
        keys = conn.scalars(wanted).all()
        if keys:
            if self._table is t.case:
                of_case = (t.transition.c.subject_kind == "case", t.transition.c.subject.in_(keys))
                conn.execute(delete(t.transition).where(*of_case))
            _take_away(conn, self._key, keys)
        return len(keys)

    def count(self, conn: Connection, before: datetime) -> int:
        """How many there are; reads all of the table."""
        return conn.scalar(select(func.count()).select_from(self._table).where(self._old(before))) or 0


def _take_away(conn: Connection, key: Column[Any], keys: Collection[Any]) -> None:
    """Delete the rows of these keys, and before them every row of another table that refers to them."""
    for table in t.metadata.tables.values():
        for reference in table.foreign_keys:
            if reference.column is key:
                mine = reference.parent.in_(keys)
                own = list(table.primary_key.columns)
                if len(own) == 1 and (referring := conn.scalars(select(own[0]).where(mine)).all()):
                    _take_away(conn, own[0], referring)
                conn.execute(delete(table).where(mine))
    conn.execute(delete(key.table).where(key.in_(keys)))


_KEPT_CASE = exists().where(t.case.c.id == t.transition.c.subject)
_SPANS = {Kind.telemetry_hours: rollup.HOUR, Kind.telemetry_days: rollup.DAY}
_PARTS: Mapping[Kind, tuple[_Part, ...]] = {
    Kind.events: (_Part(t.event, lambda before: t.event.c.received_at < before),),
    Kind.quarantine: (_Part(t.quarantine, lambda before: t.quarantine.c.received_at < before, at_head=True),),
    Kind.notices: (_Part(t.notice, lambda before: t.notice.c.at < before, at_head=True),),
    Kind.sessions: (_Part(t.login_session, lambda before: t.login_session.c.expires_at < before),),
    Kind.access_log: (_Part(t.access_log, lambda before: t.access_log.c.at < before, at_head=True),),
    Kind.history: (
        _Part(t.case, lambda before: t.case.c.closed_at < before),
        _Part(
            t.transition,
            lambda before: and_(
                t.transition.c.at < before, or_(t.transition.c.subject_kind != "case", ~_KEPT_CASE)
            ),
            at_head=True,
        ),
        _Part(
            t.slot,
            lambda before: and_(t.slot.c.day < office_date(before), t.slot.c.state != SlotState.waiting),
        ),
        _Part(t.absence, lambda before: t.absence.c.ended_at < before),
        _Part(t.trend_change, lambda before: t.trend_change.c.ended_at < before),
        _Part(t.area_outage, lambda before: t.area_outage.c.ended_at < before),
    ),
}
