"""Many rows in one statement: the driver is called once a batch and not once a row.

sqlite3 lets go of the interpreter for every row of an `executemany`, and beside a busy thread (the broker's) waits up to
a switch interval to get it back: 843 rows a second were measured that way, 26,000 as one statement. SQLAlchemy's own
multi-row forms compile every value anew; here the text depends only on how many rows there are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import JSON, Boolean, Column, Connection, Dialect, Table

from hub.store import jsons
from hub.store.tables.columns import Instant

MOST_VALUES = 30_000
"""Values in one statement: SQLite takes 32,766 unless it was built for more, PostgreSQL 65,535."""
FEWEST_IN_A_BLOCK = 32
"""Below so many rows a statement of its own length is written: it costs less than another call."""

Row = Mapping[str, Any]


def insert(conn: Connection, table: Table, rows: Sequence[Row], conflict: str = "") -> int:
    """Insert `rows`, which all name the same columns as the first, and return how many there were put in or changed.

    `conflict` is an ON CONFLICT clause. Defaults that SQLAlchemy would fill in are not filled in: name every column
    that has no default in the database.
    """
    return insert_columns(conn, table, _by_column(rows, tuple(rows[0])), conflict) if rows else 0


def insert_columns(
    conn: Connection, table: Table, columns: Mapping[str, list[Any]], conflict: str = ""
) -> int:
    """The same for rows that stand as lists of equal length, one for each column."""
    into = [table.c[name] for name in columns]
    names = ", ".join(_quoted(conn, column) for column in into)
    head = f"INSERT INTO {_quoted(conn, table)} ({names}) VALUES "
    return _run(conn, into, list(columns.values()), lambda values: f"{head}{values} {conflict}")


def update(conn: Connection, table: Table, key: str, rows: Sequence[Row], names: Sequence[str] = ()) -> None:
    """Let the row whose `key` column is that of one of `rows` hold what stands there, or of it only `names`."""
    if not rows:
        return
    by_column = _by_column(rows, (key, *(names or (name for name in rows[0] if name != key))))
    columns = [table.c[name] for name in by_column]
    sets = ", ".join(
        f"{_quoted(conn, column)} = given.column{number}"
        for number, column in enumerate(columns[1:], start=2)
    )
    whole = _quoted(conn, table)
    where = f"WHERE {whole}.{_quoted(conn, columns[0])} = given.column1"
    _run(
        conn,
        columns,
        list(by_column.values()),
        lambda values: f"UPDATE {whole} SET {sets} FROM (VALUES {values}) AS given {where}",
    )


def _by_column(rows: Sequence[Row], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: list(map(itemgetter(name), rows)) for name in names}


def _quoted(conn: Connection, what: Column[Any] | Table) -> str:
    return conn.dialect.identifier_preparer.quote(what.name)


def _run(
    conn: Connection,
    columns: Sequence[Column[Any]],
    by_column: Sequence[list[Any]],
    statement: Callable[[str], str],
) -> int:
    """Run it for all rows, and return how many rows it touched."""
    places = [_place(conn.dialect, column) for column in columns]
    one = f"({', '.join(place for place, _ in places)})"
    ready = [make(values) for values, (_, make) in zip(by_column, places, strict=True)]
    values = tuple(chain.from_iterable(zip(*ready, strict=True)))
    width, start, touched = len(columns), 0, 0
    for some in _blocks(len(by_column[0]), MOST_VALUES // width):
        end = start + some * width
        touched += conn.exec_driver_sql(statement(", ".join([one] * some)), values[start:end]).rowcount
        start = end
    return touched


def _blocks(rows: int, most: int) -> Iterator[int]:
    """How many rows each statement gets: few different numbers, so that the driver knows their texts already."""
    size = 1 << (most.bit_length() - 1)
    while rows >= FEWEST_IN_A_BLOCK or rows > most:
        while size > rows:
            size >>= 1
        yield size
        rows -= size
    if rows:
        yield rows


# ---- values made ready for the driver -------------------------------------------------------------------------

Ready = Callable[[list[Any]], list[Any]]


@lru_cache(maxsize=1024)
def _place(dialect: Dialect, column: Column[Any]) -> tuple[str, Ready]:
    """How a value of this column is written in the statement, and what makes a list of them ready for the driver."""
    kind = column.type.dialect_impl(dialect)
    process = column.type.bind_processor(dialect) or kind.bind_processor(dialect)
    if dialect.name == "postgresql":
        # Where a VALUES list stands alone, PostgreSQL takes what has no type for text.
        return f"CAST(%s AS {column.type.compile(dialect)})", _each(process)
    match column.type:
        case Instant():
            return "?", _spelled
        case Boolean():
            return "?", list  # the driver's own
        case JSON():
            return "?", _each(jsons.encode)
        case _:
            return "?", _each(process)


def _each(process: Callable[[Any], Any] | None) -> Ready:
    if process is None:
        return _plain

    def ready(values: list[Any]) -> list[Any]:
        if values[0] is values[-1] and values.count(values[0]) == len(values):
            return [process(values[0])] * len(values)  # such as the day of all these slots
        return [process(value) for value in values]

    return ready


def _plain(values: list[Any]) -> list[Any]:
    """A word of our vocabulary as what it says: the driver would look for an adapter each time it meets one."""
    if _AS_THEY_ARE.issuperset(map(type, values)):
        return values
    words = {value: str(value) if isinstance(value, StrEnum) else value for value in set(values)}
    return list(map(words.__getitem__, values))


_AS_THEY_ARE = {str, int, float, bytes, type(None)}


def _spelled(values: list[datetime | None]) -> list[str | None]:
    """Instants as SQLite keeps them, all at once: msgspec takes a fiftieth of `isoformat`, but drops zeros."""
    if values[0] is values[-1] and values.count(values[0]) == len(values):
        return [Instant.spelled(values[0])] * len(values)
    ready: list[str | None] = msgspec.to_builtins(values)
    if set(map(len, filter(None, ready))) <= {_WITH_MICROSECONDS}:
        return ready
    for number, text in enumerate(ready):
        # The length tells: one of another zone ends in its distance, a naive one in nothing.
        if text is None or len(text) == _WITH_MICROSECONDS:
            continue
        ready[number] = (
            f"{text[:-1]}.000000Z" if len(text) == _WHOLE_SECOND else Instant.spelled(values[number])
        )
    return ready


_WITH_MICROSECONDS = len("2026-11-24T03:00:00.000001Z")
_WHOLE_SECOND = len("2026-11-24T03:00:00Z")
