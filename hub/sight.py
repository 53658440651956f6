"""Whether any of several ingest processes hears the homes: each says so every few seconds, in a row of its own.

One hub on one store knows by itself when it is deaf. Where roles are processes of their own, the one that watches the
clock must not call anybody silent because the ones that listen are gone, killed before they could say so (P6).
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from hub import pulse
from hub.store import tables as t

EVERY = timedelta(seconds=5)
"""How often a worker that hears says so."""
FRESH = timedelta(seconds=15)
"""Older than this says nothing: three times missed."""
LONGEST_NAME = 18
"""Letters of a worker's name."""

_PREFIX = "hears:"


def beat(conn: Connection, worker: str, now: datetime) -> None:
    """`worker` hears."""
    pulse.beat(conn, _PREFIX + worker, now)


def end(conn: Connection, worker: str) -> None:
    """`worker` hears no more."""
    pulse.forget(conn, _PREFIX + worker)


def workers(conn: Connection, now: datetime) -> list[str]:
    """Who hears."""
    rows = conn.execute(
        select(t.pulse.c.name).where(t.pulse.c.name.startswith(_PREFIX), t.pulse.c.at > now - FRESH)
    )
    return sorted(name.removeprefix(_PREFIX) for (name,) in rows)
