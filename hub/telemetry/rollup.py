"""What a speaker told of itself, an hour and then a day to one row: a city needs no other store to see a trend."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from contract.time import office_date, office_instant
from hub.store import tables as t
from hub.telemetry import limits
from hub.vocabulary import DueKind
from hub.work import Work

HOUR, DAY = "hour", "day"
NAMES = 64
"""Names kept of one speaker: one gone mad cannot fill the store with inventions."""
AT_ONCE = 200
"""Speakers in one transaction."""
PAUSE = timedelta(seconds=1)
AFTER_MIDNIGHT = timedelta(minutes=20)


class Reading(NamedTuple):
    """One telemetry message."""

    device: str
    at: datetime
    """When it arrived: telemetry is never stored in the home, and a speaker's clock may be weeks off."""
    numbers: Mapping[str, float]


class Tally(NamedTuple):
    """Some values of one number."""

    times: int
    low: float
    high: float
    mean: float
    last: float

    @classmethod
    def of(cls, value: float) -> "Tally":
        """A single one."""
        return cls(1, value, value, value, value)

    def then(self, later: "Tally") -> "Tally":
        """Both, `later` the later one."""
        times = self.times + later.times
        # Not the sum of products: two means near the largest float must not overflow.
        mean = self.mean + (later.mean - self.mean) * (later.times / times)
        return Tally(times, min(self.low, later.low), max(self.high, later.high), mean, later.last)


Tallies = dict[str, Tally]
Key = tuple[str, datetime]
"""A speaker and the hour, or the office midnight, at which the row starts."""


def finite(numbers: Mapping[str, float]) -> dict[str, float]:
    """Without infinities, which JSON cannot keep."""
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def gather(readings: Iterable[Reading]) -> dict[Key, Tallies]:
    """Readings in order of arrival, by speaker and hour."""
    found: dict[Key, Tallies] = defaultdict(dict)
    for reading in readings:
        of_hour = found[reading.device, reading.at.replace(minute=0, second=0, microsecond=0)]
        for name, value in finite(reading.numbers).items():
            _add(of_hour, name, Tally.of(value))
    return found


def keep(conn: Connection, tallies: Mapping[Key, Tallies]) -> None:
    """Add to the hours in the store."""
    before = _rows(conn, list(tallies))
    rows = []
    for key, fresh in tallies.items():
        merged = before.get(key, {})
        for name, tally in fresh.items():
            _add(merged, name, tally)
        rows.append(_row(key, HOUR, merged))
    _put(conn, rows)


def keep_last(conn: Connection, latest: Mapping[str, tuple[datetime, Mapping[str, float]]]) -> None:
    """Write down the latest number of each name, and what of it is out of bounds."""
    known = {
        row.device_id: row.numbers
        for row in conn.execute(select(t.telemetry_last).where(t.telemetry_last.c.device_id.in_(latest)))
    }
    rows = []
    for device, (at, numbers) in latest.items():
        merged = {**known.get(device, {}), **numbers}
        newest = dict(sorted(merged.items(), key=lambda one: one[0] not in numbers)[:NAMES])
        rows.append({"device_id": device, "at": at, "numbers": newest, "flags": limits.flags(newest)})
    if rows:
        put = _insert(conn)(t.telemetry_last)
        values = {name: put.excluded[name] for name in ("at", "numbers", "flags")}
        conn.execute(put.on_conflict_do_update(index_elements=["device_id"], set_=values), rows)


# ---- hours become days -----------------------------------------------------------------------------------------


def first_subject(now: datetime) -> str:
    """Where the daily work begins in a store that has none on its agenda."""
    return f"{office_date(now) - timedelta(days=1)}/"


def at_rollup(work: Work, subjects: Sequence[str]) -> None:
    """Make the day's rows of some speakers, and plan the rest of the day, or the next day."""
    for subject in subjects:
        written, _, after = subject.partition("/")
        day = date.fromisoformat(written)
        start, end = office_instant(day, timedelta()), office_instant(day + timedelta(days=1), timedelta())
        mine = t.telemetry_rollup.c
        hours = (mine.span == HOUR, mine.start >= start, mine.start < end)
        devices = work.conn.scalars(
            select(mine.device_id)
            .where(*hours, mine.device_id > after)
            .distinct()
            .order_by(mine.device_id)
            .limit(AT_ONCE)
        ).all()
        days: dict[Key, Tallies] = defaultdict(dict)
        rows = work.conn.execute(
            select(mine.device_id, mine.numbers)
            .where(*hours, mine.device_id.in_(devices))
            .order_by(mine.start)
        )
        for row in rows:
            for name, tally in _tallies(row.numbers).items():
                _add(days[row.device_id, start], name, tally)
        _put(work.conn, [_row(key, DAY, tallies) for key, tallies in days.items()])
        if len(devices) == AT_ONCE:
            work.schedule(DueKind.rollup, f"{day}/{devices[-1]}", PAUSE)
        else:
            following = day + timedelta(days=1)
            ready = office_instant(following + timedelta(days=1), AFTER_MIDNIGHT)
            work.schedule(DueKind.rollup, f"{following}/", max(ready, work.now + PAUSE))


def forget(conn: Connection, span: str, before: datetime, most: int) -> int:
    """Take away up to `most` rows of a span that start before an instant; returns how many."""
    mine = t.telemetry_rollup.c
    old = conn.execute(
        select(mine.device_id, mine.start)
        .where(mine.span == span, mine.start < before)
        .order_by(mine.start)
        .limit(most)
    ).all()
    if old:
        keys = [tuple(row) for row in old]
        conn.execute(
            delete(t.telemetry_rollup).where(mine.span == span, tuple_(mine.device_id, mine.start).in_(keys))
        )
    return len(old)


# ---- rows ------------------------------------------------------------------------------------------------------


def _add(tallies: Tallies, name: str, tally: Tally) -> None:
    if name in tallies:
        tallies[name] = tallies[name].then(tally)
    elif len(tallies) < NAMES:
        tallies[name] = tally


def _rows(conn: Connection, keys: Sequence[Key]) -> dict[Key, Tallies]:
    mine = t.telemetry_rollup.c
    rows = conn.execute(
        select(mine.device_id, mine.start, mine.numbers)
        .where(mine.span == HOUR, tuple_(mine.device_id, mine.start).in_(keys))
        .with_for_update()
    )
    return {(row.device_id, row.start): _tallies(row.numbers) for row in rows}


def _tallies(numbers: Mapping[str, Any]) -> Tallies:
    return {name: Tally(*values) for name, values in numbers.items()}


def _row(key: Key, span: str, tallies: Tallies) -> dict[str, Any]:
    numbers = {name: list(tally) for name, tally in tallies.items()}
    return {"device_id": key[0], "span": span, "start": key[1], "numbers": numbers}


def _put(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        put = _insert(conn)(t.telemetry_rollup)
        conn.execute(
            put.on_conflict_do_update(
                index_elements=["device_id", "span", "start"], set_={"numbers": put.excluded.numbers}
            ),
            list(rows),
        )


def _insert(conn: Connection) -> Any:
    # The two dialects share the clause but not the class.
    return (postgresql if conn.dialect.name == "postgresql" else sqlite).insert
