"""From a notice to the people it is for: each gets a delivery, once."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from hub.notices.notice import Audience, AudienceKind, DeliveryState, Subject
from hub.notices.people import Asked, resolve
from hub.notices.settings import Settings
from hub.store import bulk
from hub.store import tables as t

AT_ONCE = 500
"""Notices a transaction."""
_NEW = and_(t.notice.c.addressed_at.is_(None), t.notice.c.withdrawn_at.is_(None))


def is_new(conn: Connection) -> bool:
    """Whether a notice waits to be addressed."""
    return conn.scalar(select(t.notice.c.id).where(_NEW).limit(1)) is not None


def address(conn: Connection, settings: Settings, now: datetime) -> int:
    """Give the people behind new notices their deliveries; return how many notices were dealt with.

    An all-clear waits while something of what it ends is being handed over: who was told is not known before.
    """
    rows = conn.execute(
        select(t.notice)
        .where(_NEW)
        .order_by(t.notice.c.at, t.notice.c.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    asked: dict[str, Asked] = {
        row.id: (
            Audience(AudienceKind(row.audience), row.audience_of),
            Subject(row.subject_kind, row.subject),
            row.at,
        )
        for row in rows
    }
    found = resolve(conn, settings, set(asked.values()), now)
    deliveries: list[dict[str, Any]] = []
    addressed: list[str] = []
    nobody: dict[str, list[str]] = defaultdict(list)
    nobody_waits: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        behind = found[asked[row.id]]
        if behind.wait:
            continue
        if behind.people:
            addressed.append(row.id)
        elif row.audience == AudienceKind.told:
            nobody_waits[behind.nobody].append(row.id)
        else:
            nobody[behind.nobody].append(row.id)
        deliveries += [
            {
                "notice_id": row.id,
                "recipient": person.id,
                "called": person.called,
                "urgency": row.urgency,
                "state": DeliveryState.waiting,
                "due_at": now,
                "attempts": 0,
                "unclear": False,
            }
            for person in behind.people
        ]
    bulk.insert(conn, t.delivery, deliveries)
    _set(conn, addressed, addressed_at=now)
    for why, ids in nobody.items():
        _set(conn, ids, addressed_at=now, nobody=why)
    for why, ids in nobody_waits.items():  # nobody heard that it began, so nobody waits to hear of its end
        _set(conn, ids, addressed_at=now, withdrawn_at=now, withdrawn_why=why)
    return len(addressed) + sum(len(ids) for ids in (*nobody.values(), *nobody_waits.values()))


def _set(conn: Connection, notices: Collection[str], **values: Any) -> None:
    if notices:
        conn.execute(update(t.notice).where(t.notice.c.id.in_(notices)).values(**values))
