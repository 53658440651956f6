"""What lies in quarantine is found by its fingerprint, and how much of a device lies there by its places."""

import sqlalchemy as sa
from alembic import op

from hub.store.tables.columns import MANY

revision = "0010"
down_revision = "0009"

_IN_ORDER = "SELECT id, row_number() OVER (PARTITION BY device_id ORDER BY id) AS place FROM quarantine"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.add_column("quarantine", sa.Column("fingerprint", MANY, nullable=True))
    op.add_column("quarantine", sa.Column("place", MANY, nullable=True))
    op.execute(
        f"UPDATE quarantine SET place = one.place FROM ({_IN_ORDER}) AS one WHERE one.id = quarantine.id"
    )
    op.drop_index("ix_quarantine_device_id", table_name="quarantine")
    op.create_index("ix_quarantine_fingerprint", "quarantine", ["fingerprint"], unique=False)
    op.create_index("ix_quarantine_device_id", "quarantine", ["device_id", "place"], unique=False)
