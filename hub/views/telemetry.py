"""What one speaker told of itself: the latest numbers, the last hours, the last days."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, select

from hub.store import tables as t
from hub.telemetry import rollup
from hub.telemetry.rollup import Tally

HOURS, DAYS = timedelta(hours=48), timedelta(days=62)


class TelemetryPoint(Struct, frozen=True, kw_only=True):
    """An hour or a day of one number."""

    start: datetime
    times: int
    low: float
    high: float
    mean: float
    last: float


class DeviceTelemetry(Struct, frozen=True, kw_only=True):
    """Everything of one speaker."""

    device_id: str
    at: datetime | None
    """When it last told anything; None when it never did."""
    last: dict[str, float]
    flags: list[str]
    """Names of numbers that are out of their bounds (hub/telemetry.toml)."""
    hours: dict[str, list[TelemetryPoint]]
    """By name, the oldest first: the last two days."""
    days: dict[str, list[TelemetryPoint]]
    """By name, the oldest first: the last two months."""


def telemetry(conn: Connection, device_id: str, now: datetime) -> DeviceTelemetry:
    """One speaker's."""
    row = conn.execute(
        select(t.telemetry_last).where(t.telemetry_last.c.device_id == device_id)
    ).one_or_none()
    return DeviceTelemetry(
        device_id=device_id,
        at=row.at if row else None,
        last=row.numbers if row else {},
        flags=row.flags if row else [],
        hours=_points(conn, device_id, rollup.HOUR, now - HOURS),
        days=_points(conn, device_id, rollup.DAY, now - DAYS),
    )


def _points(conn: Connection, device_id: str, span: str, since: datetime) -> dict[str, list[TelemetryPoint]]:
    mine = t.telemetry_rollup.c
    rows = conn.execute(
        select(mine.start, mine.numbers)
        .where(mine.device_id == device_id, mine.span == span, mine.start >= since)
        .order_by(mine.start)
    )
    found: dict[str, list[TelemetryPoint]] = {}
    for row in rows:
        for name, values in row.numbers.items():
            found.setdefault(name, []).append(TelemetryPoint(start=row.start, **Tally(*values)._asdict()))
    return found
