"""Policies with the day from which they are in force; schedules that rest on public holidays."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "policy_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_at", tables.Instant(length=27), nullable=False),
        sa.Column("imported_at", tables.Instant(length=27), nullable=False),
        sa.Column("imported_by", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
    )
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("on_holidays", sa.Boolean(), server_default=sa.true(), nullable=False))
