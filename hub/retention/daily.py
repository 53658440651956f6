"""Every night: what is older than the policy keeps goes, a batch at a time, and how much it was is written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from contract.events import ClockQuality
from contract.refusal import Refused
from contract.time import office_date, office_instant
from hub import agenda
from hub.retention import removing
from hub.retention.policy import Kind, Retention
from hub.store import tables as t
from hub.vocabulary import DueKind
from hub.work import Handler, Work

BATCH = 300
"""Rows a transaction: some milliseconds of the writer's time."""
PAUSE = timedelta(seconds=1)
"""Between two batches, for whoever has something to say."""
SILENT = timedelta(days=3)
"""Without a word from any home for longer than this nothing goes."""
WITNESSES = 21
"""Events that are asked what time it is; the median of them answers."""
APART_AT_MOST = timedelta(days=1)
APART = timedelta(minutes=7)
"""Between the beginnings of two kinds."""


class Doomed(Struct, frozen=True, kw_only=True):
    """How much of a kind is too old."""

    kind: Kind
    before: datetime
    rows: int


def plan(conn: Connection, now: datetime, retention: Retention) -> None:
    """Let the nightly work fall due for every kind that is not on the agenda."""
    known = set(conn.scalars(select(t.due.c.subject).where(t.due.c.kind == DueKind.retention)))
    agenda.schedule_all(
        conn,
        [(DueKind.retention, kind, _next(kind, now, retention)) for kind in Kind if kind not in known],
    )


def handler(retention: Retention) -> Handler:
    """Who does the nightly work under this policy."""

    def at_night(work: Work, subjects: Sequence[str]) -> None:
        trust(work.conn, work.now)
        for subject in subjects:
            kind = Kind(subject)
            removed = run(work.conn, kind, work.now, retention)
            later: datetime | timedelta = PAUSE if removed else _next(kind, work.now, retention)
            work.schedule(DueKind.retention, kind, later)

    return at_night


def trust(conn: Connection, now: datetime) -> None:
    """`Refused` while the clock may be ahead: by a clock of years to come everything would be too old.

    The homes are the witnesses. Either nothing has been heard for days, or what was heard last was said, by speakers
    whose clocks network time keeps, on another day than this one.
    """
    heard = t.event.c
    latest = conn.execute(
        select(heard.at, heard.received_at)
        .where(heard.clock == ClockQuality.synced, heard.late.is_(False))
        .order_by(heard.received_at.desc())
        .limit(WITNESSES)
    ).all()
    if not latest:
        return
    if now - latest[0].received_at > SILENT:
        days = (now - latest[0].received_at).days
        raise Refused(
            f"最後の記録から {days} 日たっているため、古い記録を消しません。"
            "時計が進んでいないか確かめてください。家の記録がまた届けば、次の夜から消します。"
        )
    apart = sorted(abs(row.received_at - row.at) for row in latest)[len(latest) // 2]
    if apart > APART_AT_MOST:
        raise Refused(
            f"ハブの時計がスピーカーの時計と {apart.days} 日違うため、古い記録を消しません。ハブの時計を合わせてください。"
        )


def run(conn: Connection, kind: Kind, now: datetime, retention: Retention) -> int:
    """One batch of one kind, written down; returns how much went, 0 when nothing is too old any more."""
    before = now - retention.keep[kind]
    removed = removing.remove(conn, kind, before, BATCH)
    if removed:
        _note(conn, kind, now, before, removed)
    return removed


def doomed(conn: Connection, now: datetime, retention: Retention) -> list[Doomed]:
    """What would go now; reads every table."""
    return [
        Doomed(kind=kind, before=before, rows=removing.count(conn, kind, before))
        for kind in Kind
        for before in [now - retention.keep[kind]]
    ]


def _note(conn: Connection, kind: Kind, now: datetime, before: datetime, removed: int) -> None:
    """One row a kind and office day: how much, never what."""
    midnight = office_instant(office_date(now), timedelta())
    mine = t.deletion.c
    today = conn.scalar(select(mine.id).where(mine.kept == kind, mine.at >= midnight).limit(1))
    if today is None:
        conn.execute(insert(t.deletion).values(at=now, kept=kind, before=before, removed=removed))
    else:
        conn.execute(
            update(t.deletion)
            .where(mine.id == today)
            .values(at=now, before=before, removed=mine.removed + removed)
        )


def _next(kind: Kind, now: datetime, retention: Retention) -> datetime:
    hours, minutes, *_ = (int(part) for part in retention.at.split(":"))
    offset = timedelta(hours=hours, minutes=minutes) + APART * list(Kind).index(kind)
    day = office_date(now)
    at = office_instant(day, offset)
    return at if at > now else office_instant(day + timedelta(days=1), offset)
