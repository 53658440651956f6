"""Who is on duty, and when."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "duty_shift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_at", tables.Instant(length=27), nullable=False),
        sa.Column("until_at", tables.Instant(length=27), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
    )
    with op.batch_alter_table("duty_shift", schema=None) as batch_op:
        batch_op.create_index("ix_duty_shift_until_at", ["until_at"], unique=False)
