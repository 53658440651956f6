"""What came from the homes, as it came. Rows of `event` are only ever added."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, LargeBinary, String, Table

from hub.store.tables.columns import MANY, Instant, metadata

event = Table(
    "event",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("device_id", String(48), nullable=False),
    Column("resident_id", String(24)),
    Column("session", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),  # when it happened, by the device
    Column("received_at", Instant, nullable=False),  # when it arrived here
    Column("clock", String(8), nullable=False),
    Column("late", Boolean, nullable=False),
    Column("type", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Index("ix_event_resident_id", "resident_id", "at"),  # the history of one resident
    Index("ix_event_received_at", "received_at"),  # data age, /healthz
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("topic", String(200), nullable=False),
    Column("device_id", String(48)),
    Column("received_at", Instant, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # the first 4 KiB
    Column("why", String(500), nullable=False),
    # Of the first 4 KiB and the device; absent in rows of version 9 and before, which may be kept once more.
    Column("fingerprint", MANY),
    Column("place", MANY),  # the first one kept of a device has 1; the oldest go first
    Index("ix_quarantine_fingerprint", "fingerprint"),  # has this been kept already?
    Index("ix_quarantine_device_id", "device_id", "place"),  # is there room for one more of this device?
)
