"""What the hub last did: one row each of last_event, last_sweep and, while it hears nobody, blind_since."""

from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.store import tables as t

LAST_EVENT = "last_event"
LAST_SWEEP = "last_sweep"
BLIND_SINCE = "blind_since"
LAST_BACKUP = "last_backup"
SETTLED_AT = "settled_at"
"""When the last settle window ends or ended."""


def beat(conn: Connection, name: str, at: datetime) -> None:
    """Write down that `name` happened at `at`."""
    # The two dialects share the clause but not the class.
    put = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(t.pulse)
    conn.execute(
        put.values(name=name, at=at).on_conflict_do_update(
            index_elements=["name"], set_={"at": put.excluded.at}
        )
    )


def last(conn: Connection, name: str) -> datetime | None:
    """When `name` last happened, None if it never did."""
    at: datetime | None = conn.scalar(select(t.pulse.c.at).where(t.pulse.c.name == name))
    return at


def forget(conn: Connection, name: str) -> None:
    """`name` is no longer so."""
    conn.execute(delete(t.pulse).where(t.pulse.c.name == name))
