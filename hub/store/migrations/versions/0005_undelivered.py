"""What was given up, and what reached nobody, is found without a walk through everything."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_failed",
            ["ended_at"],
            unique=False,
            sqlite_where=sa.text("state = 'failed'"),
            postgresql_where=sa.text("state = 'failed'"),
        )

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_nobody",
            ["at"],
            unique=False,
            sqlite_where=sa.text("nobody IS NOT NULL"),
            postgresql_where=sa.text("nobody IS NOT NULL"),
        )
