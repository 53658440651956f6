"""What a speaker should be told about the home it stands in: name, times, retries, pause, consent."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, true

from contract.commands import Config, SlotPlan
from contract.time import office_date
from hub.holidays import holidays_of
from hub.policy import Policy, of_day
from hub.roster.entry import Tick
from hub.speaking import Speaking, SpeakingSet
from hub.store import tables as t
from hub.watch.away import covers

MANY = 500
"""From here on reading a whole table is cheaper than naming rows of it."""
WORDS_NEED = frozenset({Tick.record_answers, Tick.share})
"""What a resident must have consented to before words leave the home, and before the hub keeps them (P8)."""


def configurations(
    conn: Connection,
    homes: Mapping[str, str | None],
    now: datetime,
    policy: Policy,
    speaking: Speaking,
) -> dict[str, Config]:
    """Device to what it should be told, with revision 1; `homes` is device to resident.

    A speaker that stands nowhere, or whose resident has left, is told to ask nothing.
    """
    residents = {resident for resident in homes.values() if resident is not None}
    names = _names(conn, residents)
    slots = _slots(conn, residents, policy)
    this_year = office_date(now).year
    holidays = [*holidays_of(this_year), *holidays_of(this_year + 1)]
    absent = _absent_until(conn, residents, now)
    consents = consents_of(conn, residents)
    said = _said(conn, residents, speaking)
    retries = [retry.total_seconds() for retry in policy.watch.retry_after]
    return {
        device: Config(
            revision=1,
            call_name=names[resident],
            slots=slots[resident],
            retry_after_seconds=retries,
            paused_until=absent.get(resident),
            holidays=[] if all(slot.on_holidays for slot in slots[resident]) else holidays,
            share_text=consents[resident] >= WORDS_NEED,
            extras=said[resident].extras,
            reminders=said[resident].reminders,
            quiet=speaking.quiet,
            listen_for_help=Tick.listen_for_help in consents[resident],
            keep_audio=Tick.keep_audio in consents[resident],
        )
        if resident in names
        else Config(revision=1, retry_after_seconds=retries)
        for device, resident in homes.items()
    }


def consents_of(conn: Connection, residents: set[str]) -> dict[str | None, set[str]]:
    """Resident to the ticks that are given now; nobody has none."""
    given: dict[str | None, set[str]] = defaultdict(set)
    wanted = select(t.consent.c.resident_id, t.consent.c.tick).where(t.consent.c.revoked_at.is_(None))
    for row in conn.execute(wanted.where(_of(t.consent.c.resident_id, residents))):
        given[row.resident_id].add(row.tick)
    return given


def _of(column: ColumnElement[Any], residents: set[str]) -> ColumnElement[bool]:
    return column.in_(residents) if len(residents) <= MANY else true()


def _names(conn: Connection, residents: set[str]) -> dict[str | None, str]:
    wanted = select(t.resident.c.id, t.resident.c.call_name).where(t.resident.c.ended_at.is_(None))
    return {row.id: row.call_name for row in conn.execute(wanted.where(_of(t.resident.c.id, residents)))}


def _said(conn: Connection, residents: set[str], speaking: Speaking) -> dict[str | None, SpeakingSet]:
    wanted = select(t.resident.c.id, t.resident.c.risk_class)
    rows = conn.execute(wanted.where(_of(t.resident.c.id, residents)))
    return {row.id: speaking.of(row.id, row.risk_class) for row in rows}


def _slots(conn: Connection, residents: set[str], policy: Policy) -> dict[str | None, list[SlotPlan]]:
    """The agreed times, each home's a little later by its own shift: a town does not speak in the same second."""
    found: dict[str | None, list[SlotPlan]] = defaultdict(list)
    wanted = select(t.schedule).order_by(t.schedule.c.at, t.schedule.c.name)
    for row in conn.execute(wanted.where(_of(t.schedule.c.resident_id, residents))):
        found[row.resident_id].append(
            SlotPlan(
                name=row.name,
                at=_time_of_day(policy.at_home(row.at, row.resident_id), row.at),
                weekdays=row.weekdays,
                on_holidays=row.on_holidays,
            )
        )
    return found


def _time_of_day(since_midnight: timedelta, agreed: str) -> str:
    """As agreed where nothing is moved, so that such a home's configuration stays as it is."""
    if since_midnight == of_day(agreed):
        return agreed
    seconds = int(since_midnight.total_seconds())
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _absent_until(conn: Connection, residents: set[str], now: datetime) -> dict[str | None, datetime]:
    wanted = (
        select(t.absence.c.resident_id, func.max(t.absence.c.until).label("until"))
        .where(covers(now), t.absence.c.ended_at.is_(None), _of(t.absence.c.resident_id, residents))
        .group_by(t.absence.c.resident_id)
    )
    return {row.resident_id: row.until for row in conn.execute(wanted)}
