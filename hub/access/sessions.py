"""Server-side sessions behind an opaque cookie: a working day long, and cut at once when they are revoked."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from hub.access.roles import Viewer, load_roles
from hub.access.secrets import hash_of, new_key
from hub.store import tables as t

LASTS = timedelta(hours=12)
"""A working day, so that a board on the wall is not logged out at noon."""


class Session(Struct, frozen=True, kw_only=True):
    """An open session."""

    key_hash: str
    viewer: Viewer
    must_change: bool
    """The password was given by somebody else; nothing but changing it is allowed."""


def open_session(conn: Connection, account_id: str, now: datetime) -> str:
    """Begin a session and return the key for the cookie; only its hash is stored."""
    key = new_key()
    conn.execute(
        insert(t.login_session).values(
            key_hash=hash_of(key), account_id=account_id, created_at=now, expires_at=now + LASTS
        )
    )
    return key


def find_session(conn: Connection, key: str | None, now: datetime) -> Session | None:
    """The session behind a cookie's key, or None if it is unknown, over, revoked, or its account is closed."""
    return find_session_by_hash(conn, hash_of(key), now) if key else None


def find_session_by_hash(conn: Connection, key_hash: str, now: datetime) -> Session | None:
    """`find_session` for whoever keeps the hash only, such as an open stream that asks again."""
    row = (
        conn.execute(
            select(t.account)
            .join(t.login_session, t.login_session.c.account_id == t.account.c.id)
            .where(
                t.login_session.c.key_hash == key_hash,
                t.login_session.c.revoked_at.is_(None),
                t.login_session.c.expires_at > now,
                t.account.c.disabled_at.is_(None),
            )
        )
        .mappings()
        .first()
    )
    role = load_roles().get(row["role"]) if row else None
    if row is None or role is None:
        return None
    return Session(
        key_hash=key_hash,
        viewer=Viewer(
            actor=row["login"], name=row["name"], role_name=row["role"], role=role, district=row["district"]
        ),
        must_change=row["must_change"],
    )


def end_session(conn: Connection, key_hash: str, now: datetime) -> None:
    """Log out."""
    conn.execute(
        update(t.login_session)
        .where(t.login_session.c.key_hash == key_hash, t.login_session.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def end_sessions(conn: Connection, account_id: str, now: datetime) -> None:
    """Log an account out everywhere."""
    conn.execute(
        update(t.login_session)
        .where(t.login_session.c.account_id == account_id, t.login_session.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
