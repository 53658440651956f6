"""`among(column, values)`: is it one of these? One parameter, however many they are.

`column.in_(values)` writes a parameter per value: SQLAlchemy renders the statement anew for every batch, and a
database has a limit. Both dialects can read the values from one JSON text instead, and use an index with them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    bindparam,
    column,
    false,
    or_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class among(FunctionElement[bool]):
    """Whether a column is one of `values`, or some columns together are one of these tuples.

    Strings, whole numbers and dates; no instants, whose spelling is the dialect's own.
    """

    name = "among"
    type = Boolean()
    inherit_cache = True

    def __init__(self, columns: Column[Any] | Sequence[Column[Any]], values: Collection[Any]) -> None:
        named = [columns] if isinstance(columns, Column) else list(columns)
        listed = bindparam(None, msgspec.json.encode(list(values)).decode(), type_=String(), unique=True)
        super().__init__(*named, listed)

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy names it
        """As it is: SQLite has no boolean, and `= 1` after it would keep it from the index."""
        return self


@compiles(among)
def _on_sqlite(element: among, compiler: SQLCompiler, **how: Any) -> str:
    *columns, listed = element.clauses
    # Without the CAST nothing is known of their type, and several columns together do not use the index. One alone does,
    # and takes two thirds of the time without.
    picked = ", ".join(
        f"CAST(value ->> {number} AS {'INTEGER' if isinstance(column.type, Integer) else 'TEXT'})"
        for number, column in enumerate(columns)
    )
    one_by_one = (
        f"SELECT {picked if len(columns) > 1 else 'value'} FROM json_each({compiler.process(listed, **how)})"
    )
    return f"{_names(columns, compiler, how)} IN ({one_by_one})"


@compiles(among, "postgresql")
def _on_postgresql(element: among, compiler: SQLCompiler, **how: Any) -> str:
    *columns, listed = element.clauses
    types = [column.type.compile(compiler.dialect) for column in columns]
    text = f"CAST({compiler.process(listed, **how)} AS jsonb)"
    if len(columns) > 1:
        picked = ", ".join(f"CAST(one ->> {number} AS {kind})" for number, kind in enumerate(types))
        one_by_one = f"SELECT {picked} FROM jsonb_array_elements({text}) AS one"
    else:
        one_by_one = f"SELECT CAST(one AS {types[0]}) FROM jsonb_array_elements_text({text}) AS one"
    return f"{_names(columns, compiler, how)} IN ({one_by_one})"


FEW_GROUPS = 8
"""So many groups are asked for apart on SQLite, which takes half as long as all columns together."""


def among_groups(
    conn: Connection,
    columns: Sequence[Column[Any]],
    place: int,
    groups: Mapping[tuple[Any, ...], Collection[Any]],
) -> ColumnElement[bool]:
    """Whether the column at `place` is one of the values of a group, and the other ones are the key of that group.

    `columns` in the order of their index. PostgreSQL takes them together by it, and walks through a whole group for
    one of them.
    """
    if len(groups) > FEW_GROUPS or conn.dialect.name == "postgresql":
        rows = [(*key[:place], one, *key[place:]) for key, values in groups.items() for one in values]
        return among(columns, rows)
    same = [*columns[:place], *columns[place + 1 :]]
    return or_(
        false(),
        *(
            and_(among(columns[place], values), *(each == one for each, one in zip(same, key, strict=True)))
            for key, values in groups.items()
        ),
    )


class _listed(FunctionElement[str]):
    """The values of a JSON text, as a table of one column."""

    name = "listed"
    inherit_cache = True


def each_of(values: Collection[str]) -> ColumnElement[str]:
    """A column that holds these strings one after another, to ask something of the store for each."""
    text = bindparam(None, msgspec.json.encode(list(values)).decode(), type_=String(), unique=True)
    return _listed(text).table_valued(column("value", String)).c.value


@compiles(_listed)
def _listed_on_sqlite(element: _listed, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_listed, "postgresql")
def _listed_on_postgresql(element: _listed, compiler: SQLCompiler, **how: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **how)} AS jsonb))"


def _names(columns: Sequence[Any], compiler: SQLCompiler, how: dict[str, Any]) -> str:
    names = ", ".join(compiler.process(column, **how) for column in columns)
    return f"({names})" if len(columns) > 1 else names
