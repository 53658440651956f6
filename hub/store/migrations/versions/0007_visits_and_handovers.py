"""Visits, offers to hand over, and since when somebody has a case in hand."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "handover",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("offered_by", sa.String(length=80), nullable=False),
        sa.Column("offered_to", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("offered_at", tables.Instant(length=27), nullable=False),
        sa.Column("answered_at", tables.Instant(length=27), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["outreach_case.id"], name=op.f("fk_handover_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index("ix_handover_case_id", ["case_id"], unique=False)
        batch_op.create_index(
            "uq_handover_open",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )

    op.create_table(
        "visit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("program", sa.String(length=40), nullable=True),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("scope_do", sa.String(length=300), nullable=False),
        sa.Column("scope_dont", sa.String(length=300), nullable=False),
        sa.Column("coordination", sa.JSON(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("assignee", sa.String(length=80), nullable=False),
        sa.Column("assigned_by", sa.String(length=80), nullable=False),
        sa.Column("assigned_at", tables.Instant(length=27), nullable=False),
        sa.Column("planned_for", tables.Instant(length=27), nullable=False),
        sa.Column("started_at", tables.Instant(length=27), nullable=True),
        sa.Column("visited_at", tables.Instant(length=27), nullable=True),
        sa.Column("written_at", tables.Instant(length=27), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("provider", sa.String(length=24), nullable=True),
        sa.Column("delivery_mode", sa.String(length=16), nullable=True),
        sa.Column("cancelled_at", tables.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["outreach_case.id"], name=op.f("fk_visit_case_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_visit_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index("ix_visit_assignee", ["assignee", "planned_for"], unique=False)
        batch_op.create_index("ix_visit_case_id", ["case_id"], unique=False)
        batch_op.create_index("ix_visit_household_id", ["household_id"], unique=False)
        batch_op.create_index("ix_visit_visited_at", ["visited_at"], unique=False)

    with op.batch_alter_table("outreach_case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owned_at", tables.Instant(length=27), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.String(length=36), nullable=True))
