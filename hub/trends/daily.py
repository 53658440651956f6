"""Once a day for each person: tell a change once, follow it, and say when it is over."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from contract.time import office_date, office_instant
from hub import agenda
from hub.outreach import cases
from hub.outreach.reasons import Finding, report, resolve, reword, standing
from hub.store import tables as t
from hub.trends import words
from hub.trends.judging import Measure, calm, readings
from hub.trends.records import records
from hub.trends.settings import Settings, load
from hub.vocabulary import CaseOutcome, DueKind, Lane, ReasonCode, Severity
from hub.work import Handler, Work

AT_ONCE = 25
"""People in one transaction; after an outage everybody is due, and the rest waits a few seconds, so that an answer need not."""
PAUSE = timedelta(seconds=1)


class Ended(StrEnum):
    """Why a change is no longer told."""

    returned = "returned"
    """Back to what was usual."""
    accepted = "accepted"
    """It lasted, and is how the person is now."""
    person = "person"
    """Somebody dealt with it."""


def plan(
    conn: Connection,
    now: datetime,
    residents: Sequence[str] | None = None,
    settings: Settings | None = None,
) -> None:
    """Let the daily look fall due for these people, by default for everybody who has none yet."""
    settings = settings or load()
    wanted = select(t.resident.c.id).where(t.resident.c.ended_at.is_(None))
    if residents is not None:
        wanted = wanted.where(t.resident.c.id.in_(residents))
    on_it = select(t.due.c.subject).where(t.due.c.kind == DueKind.trend)
    missing = conn.scalars(wanted.where(t.resident.c.id.not_in(on_it))).all()
    agenda.schedule_all(conn, [(DueKind.trend, one, next_look(one, now, settings)) for one in missing])


def next_look(resident_id: str, now: datetime, settings: Settings) -> datetime:
    """The next time at which this person is looked at: always the same time of day, another one for everybody."""
    digest = hashlib.blake2b(resident_id.encode(), digest_size=4).digest()
    share = int.from_bytes(digest) / 2**32
    offset = timedelta(seconds=settings.daily.start_seconds + share * settings.daily.length_seconds)
    day = office_date(now)
    at = office_instant(day, offset)
    return at if at > now else office_instant(day + timedelta(days=1), offset)


def handler(settings: Settings) -> Handler:
    """Who does the daily look with these settings."""
    return lambda work, subjects: at_look(work, subjects, settings)


def at_look(work: Work, subjects: Sequence[str], settings: Settings) -> None:
    """Look at these people. Somebody who has left is not looked at again."""
    for place, resident_id in enumerate(subjects):
        if place >= AT_ONCE:
            work.schedule(DueKind.trend, resident_id, PAUSE * (place // AT_ONCE))
            continue
        person = work.conn.execute(
            select(t.resident.c.ended_at).where(t.resident.c.id == resident_id)
        ).one_or_none()
        if person is None or person.ended_at is not None:
            continue
        look(work, resident_id, settings)
        work.schedule(DueKind.trend, resident_id, next_look(resident_id, work.now, settings))


def look(work: Work, resident_id: str, settings: Settings) -> None:
    """Compare one person's lately with their usual, as of yesterday: today is not over."""
    today = office_date(work.now) - timedelta(days=1)
    last = latest(work.conn, resident_id)
    told = _known(work, last)
    if last is not None and told is not None:
        _follow(work, resident_id, last, told, today, settings)
        return
    last = latest(work.conn, resident_id)
    if last is not None and _rests(last, work.now, settings):
        return
    known = records(work.conn, resident_id, *_reach(today, settings), settings)
    found = readings(known, today, settings, usual_from=usual_from(last))
    changed = [one for one in found.values() if one.changed]
    if not changed:
        return
    change_id = work.ids(work.now)
    work.conn.execute(
        insert(t.trend_change).values(
            id=change_id,
            resident_id=resident_id,
            told_at=work.now,
            measures=[one.measure for one in changed],
        )
    )
    finding = Finding(
        person=cases.person(work.conn, resident_id),
        lane=Lane.person,
        code=ReasonCode.change,
        severity=Severity.needs_check,
        words=words.sign(changed),
        source=source(change_id),
    )
    report(work, [finding])


def latest(conn: Connection, resident_id: str) -> RowMapping | None:
    """The change that was told last, standing or over."""
    return (
        conn.execute(
            select(t.trend_change)
            .where(t.trend_change.c.resident_id == resident_id)
            .order_by(t.trend_change.c.told_at.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )


def usual_from(last: RowMapping | None) -> date | None:
    """From when on records count: a change that somebody dealt with, or that stayed, begins a new usual."""
    if last is None or last["ended_why"] not in (Ended.person, Ended.accepted):
        return None
    return office_date(last["told_at"])


def source(change_id: str) -> str:
    """What the reason of a change names as its source."""
    return f"change/{change_id}"


def _known(work: Work, last: RowMapping | None) -> RowMapping | None:
    """The reason of a change that still stands; one that a person settled ends the change here."""
    if last is None or last["ended_at"] is not None:
        return None
    for reason in standing(work, [last["resident_id"]], [ReasonCode.change]):
        if reason["source"] == source(last["id"]):
            return reason
    _end(work, last, Ended.person)
    return None


def _follow(
    work: Work, resident_id: str, last: RowMapping, told: RowMapping, today: date, settings: Settings
) -> None:
    told_on = office_date(last["told_at"]) - timedelta(days=1)
    known = records(work.conn, resident_id, *_reach(today, settings), settings)
    measures = [Measure(one) for one in last["measures"]]
    if calm(known, today, settings, told_on, measures):
        resolve(work, [told], words.RETURNED, outcome=CaseOutcome.settled_by_itself)
        _end(work, last, Ended.returned)
        return
    if work.now - last["told_at"] >= settings.course.accepted_after:
        resolve(work, [told], words.ACCEPTED, outcome=CaseOutcome.settled_by_itself)
        _end(work, last, Ended.accepted)
        return
    found = readings(known, today, settings)
    more = [one.measure for one in found.values() if one.changed and one.measure not in measures]
    if more:
        # One change of a person is one reason, however many measures come to show it.
        every = [found[one] for one in [*measures, *more] if one in found]
        reword(work, told, words.sign(every))
        work.conn.execute(
            update(t.trend_change)
            .where(t.trend_change.c.id == last["id"])
            .values(measures=[*measures, *more])
        )


def _end(work: Work, last: RowMapping, why: Ended) -> None:
    work.conn.execute(
        update(t.trend_change)
        .where(t.trend_change.c.id == last["id"])
        .values(ended_at=work.now, ended_why=why)
    )


def _rests(last: RowMapping, now: datetime, settings: Settings) -> bool:
    ended: Any = last["ended_at"]
    return bool(now - ended < settings.course.cool_down)


def _reach(today: date, settings: Settings) -> tuple[date, date]:
    return today - timedelta(days=settings.reach_days), today
