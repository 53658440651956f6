"""Who did something, by name: histories hold a login, `token:ID`, a device or "hub"."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select

from hub.store import tables as t


def actor_name(actor: ColumnElement[Any]) -> ColumnElement[str]:
    """The name behind an actor's column: an account's, a token's, or the actor itself."""
    account = select(t.account.c.name).where(t.account.c.login == actor).scalar_subquery()
    token = select(t.token.c.name).where(literal("token:") + t.token.c.id == actor).scalar_subquery()
    return func.coalesce(account, token, actor)


def name_of(conn: Connection, actor: str) -> str:
    """The name behind one actor, for a sentence that staff read: nobody is known by a login."""
    return str(conn.scalar(select(actor_name(literal(actor)))))
