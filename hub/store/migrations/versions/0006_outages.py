"""Outages of districts, and everybody in them."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "area_outage",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("began_at", tables.Instant(length=27), nullable=False),
        sa.Column("confirmed_at", tables.Instant(length=27), nullable=True),
        sa.Column("ended_at", tables.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_area_outage_district")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_outage")),
    )
    with op.batch_alter_table("area_outage", schema=None) as batch_op:
        batch_op.create_index(
            "uq_area_outage_open",
            ["district"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "outage_member",
        sa.Column("outage_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("device_id", sa.String(length=48), nullable=False),
        sa.Column("lost_at", tables.Instant(length=27), nullable=False),
        sa.Column("back_at", tables.Instant(length=27), nullable=True),
        sa.Column("checked_at", tables.Instant(length=27), nullable=True),
        sa.Column("checked_by", sa.String(length=80), nullable=True),
        sa.Column("checked_how", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["outage_id"], ["area_outage.id"], name=op.f("fk_outage_member_outage_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_outage_member_resident_id")),
        sa.PrimaryKeyConstraint("outage_id", "resident_id", name=op.f("pk_outage_member")),
    )
    with op.batch_alter_table("outage_member", schema=None) as batch_op:
        batch_op.create_index("ix_outage_member_resident_id", ["resident_id"], unique=False)
