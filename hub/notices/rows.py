"""The outbox's statements: each is one, however many notices or subjects it is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, or_, select, update

from hub.notices.notice import DeliveryState, NoticeKind
from hub.store import bulk
from hub.store import tables as t

_KEPT = [kind for kind in NoticeKind if kind.ends_something]


def insert(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store notices; one whose key is known already changes nothing."""
    bulk.insert(conn, t.notice, rows, "ON CONFLICT (key) DO NOTHING")


def withdraw(conn: Connection, rows: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """Let everything about these subjects (kind, id, why) that is not out yet stay in; what is over is never told.

    What is being handed over at this moment cannot be stopped; it counts as told.
    """
    if not rows:
        return
    values = [{"of_kind": kind, "of_subject": subject, "because": why[:300]} for kind, subject, why in rows]
    notice, delivery = t.notice.c, t.delivery.c
    about = (
        notice.subject_kind == bindparam("of_kind"),
        notice.subject == bindparam("of_subject"),
        # Not `not_in`: its parameters cannot be used when several subjects go in one statement.
        *(notice.kind != kept for kept in _KEPT),
        notice.withdrawn_at.is_(None),
    )
    not_out = or_(
        notice.addressed_at.is_(None),
        exists().where(delivery.notice_id == notice.id, delivery.ended_at.is_(None)),
    )
    conn.execute(
        update(t.notice).where(*about, not_out).values(withdrawn_at=now, withdrawn_why=bindparam("because")),
        values,
    )
    withdrawn = select(notice.id).where(*about[:2], notice.withdrawn_at == now)
    conn.execute(
        update(t.delivery)
        .where(delivery.state == DeliveryState.waiting, delivery.notice_id.in_(withdrawn))
        .values(state=DeliveryState.withdrawn, ended_at=now, error=bindparam("because")),
        values,
    )
