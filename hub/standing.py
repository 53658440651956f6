"""What falls due day after day, put on the agenda of a store that does not have it yet: a new one, or an older version's."""

from datetime import datetime

from sqlalchemy import Connection, select

from hub import agenda
from hub.retention import daily as keeping
from hub.retention.policy import Retention
from hub.store import tables as t
from hub.telemetry import rollup
from hub.trends import daily as trends
from hub.vocabulary import DueKind


def plan(conn: Connection, now: datetime, retention: Retention) -> None:
    """Let the daily works fall due; what is on the agenda already stays where it is."""
    trends.plan(conn, now)
    keeping.plan(conn, now, retention)
    if not _on_agenda(conn, DueKind.rollup):
        agenda.schedule(conn, DueKind.rollup, rollup.first_subject(now), now + rollup.PAUSE)


def _on_agenda(conn: Connection, kind: DueKind) -> bool:
    return conn.scalar(select(t.due.c.id).where(t.due.c.kind == kind).limit(1)) is not None
