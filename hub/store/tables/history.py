"""What changed, who looked and what was let go: rows that are only ever added."""

from sqlalchemy import Column, Index, Integer, String, Table

from hub.store.tables.columns import MANY, Instant, metadata

transition = Table(
    "transition",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("subject_kind", String(16), nullable=False),  # slot | case | device | absence | resident | area
    Column("subject", String(80), nullable=False),
    Column("old", String(40)),
    Column("new", String(40), nullable=False),
    Column("why", String(300), nullable=False),
    Column("actor", String(80), nullable=False),  # an account, a device, or "hub"
    Index("ix_transition_subject", "subject_kind", "subject"),  # the history of one thing
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),  # hub.access.Action
    Column("subject_kind", String(16), nullable=False),
    Column("subject", String(80), nullable=False),
    Index("ix_access_log_subject", "subject_kind", "subject", "at"),  # who saw this resident?
    Index("ix_access_log_actor", "actor", "at"),  # what did this person see?
)

deletion = Table(
    "deletion",
    metadata,
    # What retention removed: how much of what, never its contents.
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kept", String(24), nullable=False),  # hub.retention.policy.Kind
    Column("before", Instant, nullable=False),
    Column("removed", Integer, nullable=False),
    Index("ix_deletion_kept", "kept", "at"),  # one row a kind and run; `mimamori retention`
)
