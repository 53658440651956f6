"""What all tables are made of: one set of names, instants that sort, and numbers that are large enough."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, String
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: ISO 8601 text of fixed width on SQLite, so that text order is time order."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` where there is one."""
        return dialect.type_descriptor(
            DateTime(timezone=True) if dialect.name == "postgresql" else String(27)
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time: it would be somebody's local one."""
        if value is None or dialect.name != "postgresql":
            return self.spelled(value)
        return _aware(value).astimezone(UTC)

    @staticmethod
    def spelled(value: datetime | None) -> str | None:
        """As SQLite keeps it."""
        if value is None:
            return None
        utc = _aware(value) if value.tzinfo is UTC else _aware(value).astimezone(UTC)
        # Not strftime: it writes the year 1 of a clock that was never set without its zeros.
        return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy names it
        """Back to an aware UTC datetime."""
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromisoformat(value)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a naive datetime must not reach the store")
    return value


MANY = Integer().with_variant(BigInteger(), "postgresql")
"""Rows that a country counts by the billion; SQLite's INTEGER is large enough anyway."""
