"""The family's link: signed, expiring, revocable. Who holds it may say what came of looking in on one case, nothing else."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer
from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from contract.ids import NewId
from contract.refusal import Refused
from hub.notices.people import Recipient
from hub.notices.settings import Family
from hub.store import tables as t

KEY_FILE = "family-link.key"


class Link(Struct, frozen=True, kw_only=True):
    """A row of the table: what one person was asked about one case."""

    id: str
    case_id: str
    resident_id: str
    recipient: str
    called: str
    """The relative's name."""
    at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    answer: str | None
    answered_at: datetime | None


class Signer:
    """Makes and reads the tokens in links. The key lies in the data folder; who has it could make links."""

    def __init__(self, key: str) -> None:
        self._serializer = URLSafeSerializer(key, salt="family-link")

    @classmethod
    def of(cls, folder: Path) -> "Signer":
        """With the key of a data folder, made when it is not there."""
        path = folder / KEY_FILE
        try:
            # Made under another name first: two programs that start together must not read half a key.
            fresh = folder / f".{KEY_FILE}.{os.getpid()}"
            if not path.exists():
                with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                    out.write(secrets.token_urlsafe(32))
                with contextlib.suppress(FileExistsError):
                    os.link(fresh, path)
                fresh.unlink()
            key = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(
                f"家族リンクの鍵 {path} を読み書きできません ({error})。権限を確かめてください。"
            ) from error
        if len(key) < 32:
            raise Refused(f"家族リンクの鍵 {path} が短すぎます。消すと、次の起動で作り直します。")
        return cls(key)

    def token(self, link_id: str, expires_at: datetime) -> str:
        """What stands in the address."""
        signed = self._serializer.dumps([link_id, int(expires_at.timestamp())])
        assert isinstance(signed, str)
        return signed

    def read(self, token: str, now: datetime) -> str | None:
        """The link's id; None for what we did not sign, and for what is over."""
        try:
            link_id, expires = self._serializer.loads(token)
        except (BadSignature, ValueError, TypeError):
            return None
        return str(link_id) if datetime.fromtimestamp(expires, UTC) > now else None


def ensure(
    conn: Connection,
    case_id: str,
    resident_id: str,
    recipient: Recipient,
    family: Family,
    now: datetime,
    new_id: NewId,
) -> tuple[str, datetime] | None:
    """The link of a relative for a case and when it expires, made or prolonged; None when it was revoked."""
    row = conn.execute(
        select(t.family_link).where(
            t.family_link.c.case_id == case_id,
            t.family_link.c.resident_id == resident_id,
            t.family_link.c.recipient == recipient.id,
        )
    ).one_or_none()
    expires_at = now + family.link_lasts
    if row is None:
        link_id = new_id(now)
        conn.execute(
            insert(t.family_link).values(
                id=link_id,
                case_id=case_id,
                resident_id=resident_id,
                recipient=recipient.id,
                called=recipient.called,
                at=now,
                expires_at=expires_at,
            )
        )
        return link_id, expires_at
    if row.revoked_at is not None:
        return None
    conn.execute(update(t.family_link).where(t.family_link.c.id == row.id).values(expires_at=expires_at))
    return str(row.id), expires_at


def get(conn: Connection, link_id: str) -> Link | None:
    """The row of a link."""
    row = conn.execute(select(t.family_link).where(t.family_link.c.id == link_id)).mappings().one_or_none()
    return None if row is None else Link(**row)


def of_cases(conn: Connection, cases: Iterable[str]) -> list[Link]:
    """Every link of these cases, the oldest first."""
    rows = conn.execute(
        select(t.family_link).where(t.family_link.c.case_id.in_(list(cases))).order_by(t.family_link.c.at)
    ).mappings()
    return [Link(**row) for row in rows]


def revoke(conn: Connection, link_id: str, now: datetime) -> None:
    """Nobody may answer by this link any more."""
    conn.execute(
        update(t.family_link)
        .where(t.family_link.c.id == link_id, t.family_link.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
