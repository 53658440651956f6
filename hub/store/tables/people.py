"""People and programs that log in."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table

from hub.store.tables.columns import Instant, metadata

account = Table(
    "account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("login", String(80), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("role", String(32), nullable=False),
    Column("district", String(24)),  # a 民生委員 sees only the own one
    Column("password_hash", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

login_session = Table(
    "login_session",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

token = Table(
    "api_token",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("role", String(32), nullable=False),
    Column("district", String(24)),  # as on an account: a district-bound role sees only this one
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)
