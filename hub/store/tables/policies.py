"""Which policy was in force, and who is on duty."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from hub.store.tables.columns import Instant, metadata

policy_version = Table(
    "policy_version",
    metadata,
    # Only ever added to: what was in force on a day stays what was in force on that day.
    Column("id", Integer, primary_key=True),
    Column("from_at", Instant, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("imported_by", String(80), nullable=False),
    Column("text", Text, nullable=False),  # the file as it was imported
)

duty_shift = Table(
    "duty_shift",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("account", String(80), nullable=False),  # a login
    Column("phone", String(20)),
    Index("ix_duty_shift_until_at", "until_at"),  # who is on duty now?
)
