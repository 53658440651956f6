"""Messages the hub could not use: kept with their reason, counted per device, never in the way of the others."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among, each_of
from hub.store.gathered import gathered

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
    payloads: dict[str | None, dict[bytes, Rejected]] = defaultdict(dict)
    for one in rejected:
        payloads[one.device].setdefault(one.payload[:KEPT_BYTES], one)
    held = _held(conn, payloads)
    # Of who has no room left nothing is looked for: that is where a speaker gone mad would cost the most.
    fresh = {
        _fingerprint(device, payload): (device, payload, one)
        for device, theirs in payloads.items()
        if held[device].rows < MOST_PER_DEVICE
        for payload, one in theirs.items()
    }
    for kept in _kept(conn, fresh):
        del fresh[kept]
    rows = []
    more: Counter[str | None] = Counter()
    for fingerprint, (device, payload, one) in fresh.items():
        more[device] += 1
        if held[device].rows + more[device] <= MOST_PER_DEVICE:
            rows.append(
                {
                    "device_id": device,
                    "topic": one.topic[:200],
                    "received_at": one.at,
                    "payload": payload,
                    "why": one.why[:500],
                    "fingerprint": fingerprint,
                    "place": held[device].last + more[device],
                }
            )
    bulk.insert(conn, t.quarantine, rows)
    _count_up(conn, Counter(one.device for one in rejected if one.device in known))


class _Places(NamedTuple):
    """Which places the rows of a device take; 0 and 0 when it has none."""

    device_id: str | None
    first: int = 0
    last: int = 0

    @property
    def rows(self) -> int:
        """At most so many: the oldest go first."""
        return self.last - self.first + 1 if self.last else 0


def _held(conn: Connection, devices: Collection[str | None]) -> dict[str | None, _Places]:
    """The places of each: two steps down an index, however many rows lie there."""
    mine = t.quarantine.c
    named = each_of([device for device in devices if device is not None])
    ends = [func.coalesce(end(mine.place), 0) for end in (func.min, func.max)]
    of_one = [select(end).where(mine.device_id == named).scalar_subquery() for end in ends]
    found = {places.device_id: places for places in gathered(conn, _Places, select(named, *of_one))}
    if None in devices:
        found[None] = _Places(None, *conn.execute(select(*ends).where(mine.device_id.is_(None))).one())
    return found


def _fingerprint(device: str | None, payload: bytes) -> int:
    """The same for the same payload of the same device, and in 64 bits for hardly any other."""
    digest = blake2b(b"%b\0%b" % ((device or "").encode(), payload), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _kept(conn: Connection, fingerprints: Collection[int]) -> Sequence[int]:
    """Which of these lie there already."""
    mine = t.quarantine.c.fingerprint
    return conn.scalars(select(mine).where(among(mine, fingerprints))).all()


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
