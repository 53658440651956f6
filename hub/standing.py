"""What falls due day after day, put on the agenda of a store that does not have it yet: a new one, or an older version's."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from hub import agenda
from hub.retention import daily as keeping
from hub.retention.policy import Retention
from hub.store import tables as t
from hub.telemetry import rollup
from hub.trends import daily as trends
from hub.trends.settings import Settings
from hub.vocabulary import DueKind

_DAILY = (DueKind.trend, DueKind.rollup, DueKind.retention)
_AHEAD = timedelta(days=3)


def plan(conn: Connection, now: datetime, retention: Retention, settings: Settings | None = None) -> None:
    """Let the daily works fall due; what is on the agenda already stays where it is.

    Unless that is days ahead: a clock that had jumped put it there, and the work would rest until then.
    """
    conn.execute(delete(t.due).where(t.due.c.kind.in_(_DAILY), t.due.c.at > now + _AHEAD))
    trends.plan(conn, now, settings=settings)
    keeping.plan(conn, now, retention)
    if not _on_agenda(conn, DueKind.rollup):
        agenda.schedule(conn, DueKind.rollup, rollup.first_subject(now), now + rollup.PAUSE)


def _on_agenda(conn: Connection, kind: DueKind) -> bool:
    return conn.scalar(select(t.due.c.id).where(t.due.c.kind == kind).limit(1)) is not None
