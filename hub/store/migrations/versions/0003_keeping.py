"""Signs of change, telemetry rolled up, and what retention removed."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "deletion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("kept", sa.String(length=24), nullable=False),
        sa.Column("before", tables.Instant(length=27), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
    )
    with op.batch_alter_table("deletion", schema=None) as batch_op:
        batch_op.create_index("ix_deletion_kept", ["kept", "at"], unique=False)

    op.create_table(
        "telemetry_last",
        sa.Column("device_id", sa.String(length=48), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_telemetry_last")),
    )
    op.create_table(
        "telemetry_rollup",
        sa.Column("device_id", sa.String(length=48), nullable=False),
        sa.Column("span", sa.String(length=4), nullable=False),
        sa.Column("start", tables.Instant(length=27), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "span", "start", name=op.f("pk_telemetry_rollup")),
    )
    with op.batch_alter_table("telemetry_rollup", schema=None) as batch_op:
        batch_op.create_index("ix_telemetry_rollup_span", ["span", "start"], unique=False)

    op.create_table(
        "trend_change",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("told_at", tables.Instant(length=27), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("ended_at", tables.Instant(length=27), nullable=True),
        sa.Column("ended_why", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_trend_change_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trend_change")),
    )
    with op.batch_alter_table("trend_change", schema=None) as batch_op:
        batch_op.create_index("ix_trend_change_resident_id", ["resident_id", "told_at"], unique=False)
