"""Messages the hub could not use: kept with their reason, counted per device, never in the way of the others."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from hub.store import tables as t

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
    """Write them down and count them on the rows of the `known` devices.

    The same payload again, as a speaker resends what nobody acknowledged, is counted and not kept twice.
    """
    of_device: dict[str | None, dict[bytes, Rejected]] = defaultdict(dict)
    for one in rejected:
        of_device[one.device].setdefault(one.payload[:KEPT_BYTES], one)
    rows = []
    for device, payloads in of_device.items():
        mine = t.quarantine.c.device_id.is_(None) if device is None else t.quarantine.c.device_id == device
        room = MOST_PER_DEVICE - (conn.scalar(select(func.count()).where(mine)) or 0)
        kept = select(t.quarantine.c.payload).where(mine, t.quarantine.c.payload.in_(list(payloads)))
        for payload in set(conn.scalars(kept)):
            del payloads[payload]
        rows += [
            {
                "device_id": device,
                "topic": one.topic[:200],
                "received_at": one.at,
                "payload": payload,
                "why": one.why[:500],
            }
            for payload, one in list(payloads.items())[: max(room, 0)]
        ]
    if rows:
        conn.execute(insert(t.quarantine), rows)
    for device, count in Counter(one.device for one in rejected).items():
        if device in known:
            conn.execute(
                update(t.device).where(t.device.c.id == device).values(malformed=t.device.c.malformed + count)
            )


def count(conn: Connection) -> int:
    """How many messages are kept in quarantine."""
    return conn.scalar(select(func.count()).select_from(t.quarantine)) or 0
