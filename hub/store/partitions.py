"""Events by month, on PostgreSQL: a month can be dropped, moved or backed up alone, and its index stays small.

The key is the event's id: a UUIDv7 begins with its milliseconds, so ids in order are events in order, and the id can
stay the one key that tells an event told twice. What was made by a clock far from the truth, or by a device that makes
its ids otherwise, lies in the default partition and is no less stored.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

AHEAD_MONTHS = 13
"""Made at every start: a hub that runs for a year without one still has its months. After that the default takes over."""

_WEEK = timedelta(days=7)


def first_id(month: datetime) -> str:
    """The least id of a month: the milliseconds of its first instant, as a UUIDv7 writes them."""
    digits = f"{int(month.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-"


def make_ahead(conn: Connection, now: datetime | None = None) -> list[str]:
    """Make the partitions of this month and the next ones that are not there; return their names."""
    there = {
        name
        for (name,) in conn.exec_driver_sql(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass"
        )
    }
    made = []
    month = (now or datetime.now(UTC)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(AHEAD_MONTHS):
        following = (month.replace(day=28, hour=12) + _WEEK).replace(day=1, hour=0)
        name = f"event_{month:%Y_%m}"
        if name not in there and not _already_in_default(conn, month, following):
            conn.exec_driver_sql(
                f"CREATE TABLE {name} PARTITION OF event "
                f"FOR VALUES FROM ('{first_id(month)}') TO ('{first_id(following)}')"
            )
            made.append(name)
        month = following
    return made


def _already_in_default(conn: Connection, month: datetime, following: datetime) -> bool:
    """Whether events of that month already lie in the default partition, as from a clock that was ahead of us."""
    found = conn.exec_driver_sql(
        f"SELECT EXISTS (SELECT 1 FROM event_other WHERE id >= '{first_id(month)}' AND id < '{first_id(following)}')"
    )
    return bool(found.scalar())
