"""What should have been heard, what must happen by when, and when the hub last did what."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from hub.store.tables.columns import MANY, Instant, metadata

slot = Table(
    "slot",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column("day", Date, nullable=False),  # office date
    Column("name", String(24), nullable=False),
    Column("opens_at", Instant, nullable=False),
    Column("deadline_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # hub.vocabulary.SlotState
    Column("why", String(32)),  # hub.vocabulary.ReasonCode: why it is cannot_tell
    Column("intent", String(16)),
    Column("asked", Boolean, nullable=False, default=False),  # a prompt was heard to play
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_outcome", String(16)),
    Column("closed_at", Instant),
    Column("event_id", String(64)),  # the event that decided it
    UniqueConstraint("resident_id", "day", "name"),
    Index("ix_slot_day", "day", "state"),  # the board's tiles, /api/v1/slots
)

due = Table(
    "due",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("failures", Integer, nullable=False, default=0),  # how often its work could not be done, in a row
    Column("error", String(300)),  # what stood in the way the last time; shown by /healthz
    UniqueConstraint("kind", "subject"),
    Index("ix_due_at", "at"),  # the sweep
)

pulse = Table(
    "pulse",
    metadata,
    # What the hub last did, for /healthz and the board's data age: one row each of last_event, last_sweep.
    Column("name", String(24), primary_key=True),
    Column("at", Instant, nullable=False),
)
