"""On PostgreSQL: events by month, and numbers that a country does not use up. Nothing changes on SQLite."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("slot", "due", "transition", "quarantine", "access_log", "delivery"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN id TYPE bigint")
        op.execute(f"ALTER SEQUENCE {table}_id_seq AS bigint")
    # The collation "C" makes the order of ids the order of their bytes, whatever the database speaks.
    op.execute("ALTER TABLE event RENAME TO event_before")
    op.execute("ALTER TABLE event_before RENAME CONSTRAINT pk_event TO pk_event_before")
    for index in ("ix_event_resident_id", "ix_event_received_at"):
        op.execute(f"DROP INDEX {index}")
    op.execute('ALTER TABLE event_before ALTER COLUMN id TYPE varchar(64) COLLATE "C"')
    op.execute("CREATE TABLE event (LIKE event_before INCLUDING DEFAULTS) PARTITION BY RANGE (id)")
    op.execute("ALTER TABLE event ADD CONSTRAINT pk_event PRIMARY KEY (id)")
    op.execute("CREATE INDEX ix_event_resident_id ON event (resident_id, at)")
    op.execute("CREATE INDEX ix_event_received_at ON event (received_at)")
    op.execute("CREATE TABLE event_other PARTITION OF event DEFAULT")
    op.execute("INSERT INTO event SELECT * FROM event_before")
    op.execute("DROP TABLE event_before")
