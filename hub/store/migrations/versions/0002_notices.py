"""Notices: what people are told, their deliveries, the family link, and where a contact is written to."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("audience_of", sa.String(length=120), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("urgency", sa.String(length=12), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("addressed_at", tables.Instant(length=27), nullable=True),
        sa.Column("nobody", sa.String(length=300), nullable=True),
        sa.Column("withdrawn_at", tables.Instant(length=27), nullable=True),
        sa.Column("withdrawn_why", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_new",
            ["at"],
            unique=False,
            sqlite_where=sa.text("addressed_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("addressed_at IS NULL AND withdrawn_at IS NULL"),
        )
        batch_op.create_index("ix_notice_subject", ["subject_kind", "subject"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("called", sa.String(length=80), nullable=False),
        sa.Column("urgency", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", tables.Instant(length=27), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unclear", sa.Boolean(), nullable=False),
        sa.Column("claimed_at", tables.Instant(length=27), nullable=True),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("ended_at", tables.Instant(length=27), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notice_id", "recipient", name=op.f("uq_delivery_notice_id")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_delivery_recipient", ["recipient", "claimed_at"], unique=False)

    op.create_table(
        "family_link",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("called", sa.String(length=80), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("expires_at", tables.Instant(length=27), nullable=False),
        sa.Column("revoked_at", tables.Instant(length=27), nullable=True),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_at", tables.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["outreach_case.id"], name=op.f("fk_family_link_case_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_family_link_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_link")),
        sa.UniqueConstraint("case_id", "resident_id", "recipient", name=op.f("uq_family_link_case_id")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=300), nullable=True))
