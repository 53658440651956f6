"""Bearer tokens for programs: shown once, stored as a hash, tied to a role and, where the role is, to a district."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, insert, literal, select, update

from contract.ids import uuid7
from contract.refusal import Refused
from contract.time import Clock
from hub.access.accounts import known_districts
from hub.access.roles import Viewer, check_district, load_roles
from hub.access.secrets import hash_of, new_key
from hub.store import tables as t
from hub.store.database import Store


class TokenRow(Struct, frozen=True, kw_only=True):
    """One token, without its secret."""

    id: str
    name: str
    role: str
    district: str | None
    created_at: datetime
    revoked_at: datetime | None


def create_token(
    store: Store, clock: Clock, *, role: str, name: str = "", district: str | None = None
) -> tuple[str, str]:
    """Make a token; return its id and the secret, which cannot be had again. Raises `Refused` as `check_district`."""
    now, key = clock.now(), new_key()
    token_id = uuid7(now)

    def work(conn: Connection) -> None:
        check_district(role, district, known_districts(conn))
        conn.execute(
            insert(t.token).values(
                id=token_id,
                name=name or role,
                role=role,
                district=district,
                key_hash=hash_of(key),
                created_at=now,
            )
        )

    store.write(work)
    return token_id, key


def list_tokens(conn: Connection) -> list[TokenRow]:
    """Every token ever made, the oldest first."""
    rows = conn.execute(select(t.token).order_by(t.token.c.created_at, t.token.c.id)).mappings()
    return [TokenRow(**{field: row[field] for field in TokenRow.__struct_fields__}) for row in rows]


def revoke_token(store: Store, clock: Clock, token_id: str) -> None:
    """Cut a token; raises `Refused` if there is none with this id."""

    def work(conn: Connection) -> int:
        done = conn.execute(
            update(t.token)
            .where(t.token.c.id == token_id)
            .values(revoked_at=func.coalesce(t.token.c.revoked_at, literal(clock.now(), t.Instant())))
        )
        return done.rowcount

    if store.write(work) == 0:
        raise Refused(
            f"トークン「{token_id}」はありません。「mimamori token list」で番号を確かめてください。"
        )


def find_token(conn: Connection, key: str) -> Viewer | None:
    """Whoever stands behind a bearer token, or None if it is unknown or revoked."""
    row = (
        conn.execute(
            select(t.token).where(t.token.c.key_hash == hash_of(key), t.token.c.revoked_at.is_(None))
        )
        .mappings()
        .first()
    )
    role = load_roles().get(row["role"]) if row else None
    if row is None or role is None:
        return None
    return Viewer(
        actor=f"token:{row['id']}",
        name=row["name"],
        role_name=row["role"],
        role=role,
        district=row["district"],
    )
