"""Many rows in one statement: the driver is called once a batch and not once a row.

sqlite3 lets go of the interpreter for every row of an `executemany`, and beside a busy thread (the broker's) waits up to
a switch interval to get it back: 843 rows a second were measured that way, 26,000 as one statement. SQLAlchemy's own
multi-row forms compile every value anew; here the text depends only on how many rows there are.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Table

from hub.store.among import among

MOST_VALUES = 30_000
"""Values in one statement: SQLite takes 32,766 unless it was built for more, PostgreSQL 65,535."""

Row = Mapping[str, Any]


def insert(conn: Connection, table: Table, rows: Sequence[Row], conflict: str = "") -> None:
    """Insert `rows`, which all name the same columns as the first; `conflict` is an ON CONFLICT clause.

    Defaults that SQLAlchemy would fill in are not filled in: name every column that has no default in the database.
    """
    if rows:
        columns = _columns(table, tuple(rows[0]))
        names = ", ".join(_quoted(conn, column) for column in columns)
        head = f"INSERT INTO {_quoted(conn, table)} ({names}) VALUES "
        _run(conn, columns, rows, lambda values: f"{head}{values} {conflict}")


def update(conn: Connection, table: Table, key: str, rows: Sequence[Row]) -> None:
    """Let the row whose `key` column is that of one of `rows` hold what else stands there."""
    if rows:
        columns = _columns(table, (key, *(name for name in rows[0] if name != key)))
        sets = ", ".join(
            f"{_quoted(conn, column)} = given.column{number}"
            for number, column in enumerate(columns[1:], start=2)
        )
        whole = _quoted(conn, table)
        where = f"WHERE {whole}.{_quoted(conn, columns[0])} = given.column1"
        _run(
            conn,
            columns,
            rows,
            lambda values: f"UPDATE {whole} SET {sets} FROM (VALUES {values}) AS given {where}",
        )


def delete(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Delete the rows that hold the values of one of `rows`; no instants among them.

    By `among` and not by a VALUES list: with several columns SQLite would go through the whole table for that.
    """
    if rows:
        columns = _columns(table, tuple(rows[0]))
        named = [[row[column.name] for column in columns] for row in rows]
        conn.execute(table.delete().where(among(columns, named)))


def _columns(table: Table, names: tuple[str, ...]) -> list[Column[Any]]:
    return [table.c[name] for name in names]


def _quoted(conn: Connection, what: Column[Any] | Table) -> str:
    return conn.dialect.identifier_preparer.quote(what.name)


def _run(
    conn: Connection, columns: Sequence[Column[Any]], rows: Sequence[Row], statement: Callable[[str], str]
) -> None:
    places = [_place(conn.dialect, column) for column in columns]
    one = f"({', '.join(place for place, _ in places)})"
    known = [(column.name, process) for column, (_, process) in zip(columns, places, strict=True)]
    together = MOST_VALUES // len(columns)
    for start in range(0, len(rows), together):
        some = rows[start : start + together]
        by_column = [
            [row[name] for row in some]
            if process is None
            else _processed([row[name] for row in some], process)
            for name, process in known
        ]
        values = tuple(chain.from_iterable(zip(*by_column, strict=True)))
        conn.exec_driver_sql(statement(", ".join([one] * len(some))), values)


def _processed(values: Sequence[Any], process: Callable[[Any], Any]) -> list[Any]:
    """Each value made ready for the driver; an instant that many rows share is spelled out once."""
    if not isinstance(values[0], datetime):
        return [process(value) for value in values]
    known: dict[Any, Any] = {}
    ready = []
    for value in values:
        written = known.get(value)
        if written is None and value is not None:
            written = known[value] = process(value)
        ready.append(written)
    return ready


@lru_cache(maxsize=1024)
def _place(dialect: Dialect, column: Column[Any]) -> tuple[str, Callable[[Any], Any] | None]:
    """How a value of this column is written in the statement, and made ready for the driver."""
    kind = column.type.dialect_impl(dialect)
    process = column.type.bind_processor(dialect) or kind.bind_processor(dialect)
    if dialect.name != "postgresql":
        return "?", process
    # Where a VALUES list stands alone, PostgreSQL takes what has no type for text.
    return f"CAST(%s AS {column.type.compile(dialect)})", process
