"""Rows of offers to hand a case over: at most one of a case waits for an answer."""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from hub.outreach.cases import Case
from hub.store import tables as t
from hub.work import Work


def pending(conn: Connection, case_id: str) -> Row[Any] | None:
    """The offer that waits for an answer."""
    return conn.execute(
        select(t.handover).where(t.handover.c.case_id == case_id, t.handover.c.answered_at.is_(None))
    ).one_or_none()


def settle(work: Work, case: Case, words: str) -> None:
    """Whatever offer was open is over, because of `words`."""
    work.conn.execute(
        update(t.handover)
        .where(t.handover.c.case_id == case.id, t.handover.c.answered_at.is_(None))
        .values(answered_at=work.now, answer=words)
    )
