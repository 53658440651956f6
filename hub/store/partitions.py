"""Events by month, on PostgreSQL: a month can be dropped, moved or backed up alone, and its index stays small.

The key is the event's id: a UUIDv7 begins with its milliseconds, so ids in order are events in order, and the id can
stay the one key that tells an event told twice. What was made by a clock far from the truth, or by a device that makes
its ids otherwise, lies in the default partition and is no less stored.
"""

import re
from datetime import UTC, datetime, timedelta

from psycopg import errors
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

AHEAD_MONTHS = 13
"""Made at every start: a hub that runs for a year without one still has its months. After that the default takes over."""

LOCK_SECONDS = 2
"""How long a drop waits for those who read: whoever comes after it waits with it, and a backup reads for hours."""

_WEEK = timedelta(days=7)
_MONTH = re.compile(r"event_(\d{4})_(\d{2})")


def first_id(month: datetime) -> str:
    """The least id of a month: the milliseconds of its first instant, as a UUIDv7 writes them."""
    digits = f"{int(month.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-"


def make_ahead(conn: Connection, now: datetime | None = None) -> list[str]:
    """Make the partitions of this month and the next ones that are not there; return their names."""
    there = _there(conn)
    made = []
    month = (now or datetime.now(UTC)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(AHEAD_MONTHS):
        following = _following(month)
        name = f"event_{month:%Y_%m}"
        if name not in there and not _already_in_default(conn, month, following):
            conn.exec_driver_sql(
                f"CREATE TABLE {name} PARTITION OF event "
                f"FOR VALUES FROM ('{first_id(month)}') TO ('{first_id(following)}')"
            )
            made.append(name)
        month = following
    return made


def drop_old(conn: Connection, before: datetime) -> int | None:
    """Drop the oldest month that was over, and whose last event arrived, before `before`; how many events went with it.

    None if there is no such month, or somebody reads events for too long: then it stays for another time.
    """
    if conn.dialect.name != "postgresql":
        return None
    for name in sorted(_there(conn)):
        month = _MONTH.fullmatch(name)
        if month is None or _following(datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC)) > before:
            continue
        later = f"SELECT EXISTS (SELECT 1 FROM {name} WHERE received_at >= '{before.isoformat()}')"
        if conn.exec_driver_sql(later).scalar():
            continue
        events = int(conn.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())
        return events if _drop(conn, name) else None
    return None


def _drop(conn: Connection, name: str) -> bool:
    try:
        with conn.begin_nested():
            conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            conn.exec_driver_sql(f"DROP TABLE {name}")
            conn.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.orig, errors.LockNotAvailable):
            raise
        return False
    return True


def _there(conn: Connection) -> set[str]:
    return {
        name
        for (name,) in conn.exec_driver_sql(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass"
        )
    }


def _following(month: datetime) -> datetime:
    return (month.replace(day=28, hour=12) + _WEEK).replace(day=1, hour=0)


def _already_in_default(conn: Connection, month: datetime, following: datetime) -> bool:
    """Whether events of that month already lie in the default partition, as from a clock that was ahead of us."""
    found = conn.exec_driver_sql(
        f"SELECT EXISTS (SELECT 1 FROM event_other WHERE id >= '{first_id(month)}' AND id < '{first_id(following)}')"
    )
    return bool(found.scalar())
