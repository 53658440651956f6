"""${message}."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    ${upgrades if upgrades else "pass"}
