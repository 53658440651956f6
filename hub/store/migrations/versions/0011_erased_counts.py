"""What the year's figures need of people who were erased."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "erased_count",
        sa.Column("fiscal_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.String(length=120), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fiscal_year", "what", "detail", name=op.f("pk_erased_count")),
    )
