"""Messages the hub could not use: kept with their reason, counted per device, never in the way of the others."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, or_, select

from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among

KEPT_BYTES = 4096
"""How much of a payload is kept: more than an event of ours has, unless somebody spoke for minutes."""
MOST_PER_DEVICE = 1000
"""Rows kept of one device. A speaker gone mad is counted on, but does not fill the disk."""


class Rejected(NamedTuple):
    """One of them."""

    device: str | None
    topic: str
    payload: bytes
    at: datetime
    why: str


def keep(conn: Connection, rejected: Sequence[Rejected], known: set[str]) -> None:
    """Write them down and count them on the rows of the `known` devices; the same few statements for one or hundreds.

    The same payload again, as a speaker resends what nobody acknowledged, is counted and not kept twice.
    """
    if not rejected:
        return
    fresh: dict[str | None, dict[bytes, Rejected]] = defaultdict(dict)
    for one in rejected:
        fresh[one.device].setdefault(one.payload[:KEPT_BYTES], one)
    held = _held(conn, fresh)
    # Who has no room left is not asked what lies there: that is where a speaker gone mad would cost the most.
    looked_at = [device for device in fresh if 0 < held.get(device, 0) < MOST_PER_DEVICE]
    for device, payload in _kept(conn, looked_at, {payload for one in looked_at for payload in fresh[one]}):
        fresh[device].pop(payload, None)
    bulk.insert(
        conn,
        t.quarantine,
        [
            {
                "device_id": device,
                "topic": one.topic[:200],
                "received_at": one.at,
                "payload": payload,
                "why": one.why[:500],
            }
            for device, payloads in fresh.items()
            for payload, one in list(payloads.items())[: max(MOST_PER_DEVICE - held.get(device, 0), 0)]
        ],
    )
    _count_up(conn, Counter(one.device for one in rejected if one.device in known))


def _held(conn: Connection, devices: Collection[str | None]) -> dict[str | None, int]:
    """How many rows each has."""
    mine = _of(devices)
    rows = conn.execute(
        select(t.quarantine.c.device_id, func.count()).where(mine).group_by(t.quarantine.c.device_id)
    )
    return dict(rows.all())


def _kept(
    conn: Connection, devices: Collection[str | None], payloads: Collection[bytes]
) -> list[tuple[str | None, bytes]]:
    """Which of these payloads lie there already."""
    if not payloads:
        return []
    rows = conn.execute(
        select(t.quarantine.c.device_id, t.quarantine.c.payload).where(
            _of(devices), t.quarantine.c.payload.in_(list(payloads))
        )
    )
    return [(device, bytes(payload)) for device, payload in rows]


def _of(devices: Collection[str | None]) -> ColumnElement[bool]:
    named = among(t.quarantine.c.device_id, [device for device in devices if device is not None])
    return or_(named, t.quarantine.c.device_id.is_(None)) if None in devices else named


def _count_up(conn: Connection, counts: Mapping[str | None, int]) -> None:
    rows = conn.execute(
        select(t.device.c.id, t.device.c.malformed).where(among(t.device.c.id, [id for id in counts if id]))
    )
    bulk.update(
        conn, t.device, "id", [{"id": id, "malformed": malformed + counts[id]} for id, malformed in rows]
    )


def count(conn: Connection) -> int:
    """How many messages are kept in quarantine."""
    return conn.scalar(select(func.count()).select_from(t.quarantine)) or 0
