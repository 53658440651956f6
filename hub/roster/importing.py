"""From entries to the store: what is new or different is written, the rest is left alone, nothing is deleted."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from contract.ids import NewId, uuid7
from contract.refusal import Refused
from contract.time import office_date, office_instant
from hub import kana, watch
from hub.policy import Policy
from hub.roster import stored
from hub.roster.columns import FIELD_WORDS
from hub.roster.entry import Entry, Household, Summary
from hub.store import tables as t
from hub.trends import daily as trends
from hub.vocabulary import DeviceState

ACTOR = "roster"
"""Who did it, in the history."""


def compare(conn: Connection, wanted: Sequence[Entry], today: date) -> Summary:
    """What `take_over` would do with these entries."""
    return _compare(stored.entries(conn, ended=True), stored.ended(conn), wanted, today)[0]


def take_over(
    conn: Connection, wanted: Sequence[Entry], now: datetime, policy: Policy, ids: NewId = uuid7
) -> Summary:
    """Write the entries and plan the slots of everybody new or changed; all in the caller's transaction.

    Doing it twice changes nothing the second time. Residents who are not among the entries stay as they are.
    `Refused` when a speaker belongs to somebody else.
    """
    from hub.retention.removing import forget_words  # it asks hub.homes for consents, which knows the roster

    today = office_date(now)
    _refuse_erased(conn, wanted)
    current, left = stored.entries(conn, ended=True), stored.ended(conn)
    summary, resolved = _compare(current, left, wanted, today)
    todo = [resolved[resident_id] for resident_id in (*summary.new, *summary.changed)]
    _households(conn, [entry.household for entry in todo])
    for entry in todo:
        old = current.get(entry.id)
        _resident(conn, entry, old, now)
        _consents(conn, entry, old, now)
        _askings(conn, entry, old)
        if old is None or old.contacts != entry.contacts:
            _contacts(conn, entry)
        _history(conn, entry, old, entry.id in left, now)
    forget_words(conn, [entry.id for entry in todo if entry.id in current])
    # Speakers last: two residents may have exchanged theirs.
    _devices(conn, todo, current, now)
    for entry in todo:
        watch.enrol(conn, entry.id, now, policy, ids)
    trends.plan(conn, now, [entry.id for entry in todo])
    return summary


def _refuse_erased(conn: Connection, wanted: Sequence[Entry]) -> None:
    """An old spreadsheet must not bring back somebody who was erased."""
    from hub import erasure  # it asks hub.access, which a roster file need not know

    gone = erasure.known(conn, [entry.id for entry in wanted])
    if gone:
        named = "、".join(f"{one.resident_id} ({office_date(one.at).isoformat()})" for one in gone.values())
        raise Refused(
            f"消去した対象者の番号が名簿にあります: {named}。その行を除いてください。"
            "新しい人には別の番号を付けてください。何も取り込んでいません。"
        )


def _compare(
    current: dict[str, Entry], left: set[str], wanted: Sequence[Entry], today: date
) -> tuple[Summary, dict[str, Entry]]:
    resolved = {entry.id: _dated(entry, current.get(entry.id), today) for entry in wanted}
    same = {one for one, entry in resolved.items() if current.get(one) == entry and one not in left}
    summary = Summary(
        new=[one for one in resolved if one not in current],
        changed=[one for one in resolved if one in current and one not in same],
        same=[one for one in resolved if one in same],
        absent=sorted(set(current) - left - set(resolved)),
    )
    return summary, resolved


def _dated(entry: Entry, old: Entry | None, today: date) -> Entry:
    """A consent without a day keeps the one it has, or was given today."""
    before = old.consents if old else {}
    dated = {tick: on or before.get(tick) or today for tick, on in entry.consents.items()}
    return msgspec.structs.replace(entry, consents=dated)


def _households(conn: Connection, households: Sequence[Household]) -> None:
    known = set(conn.scalars(select(t.household.c.id)))
    for one in {household.id: household for household in households}.values():
        values = {
            "district": one.district,
            "address": one.address,
            "phone": one.phone,
            "lives_alone": one.lives_alone,
        }
        if one.id in known:
            conn.execute(update(t.household).where(t.household.c.id == one.id).values(**values))
        else:
            conn.execute(insert(t.household).values(id=one.id, **values))


def _resident(conn: Connection, entry: Entry, old: Entry | None, now: datetime) -> None:
    values = {
        "household_id": entry.household.id,
        "name": entry.name,
        "kana": entry.kana,
        "kana_key": kana.fold(entry.kana),
        "call_name": entry.call_name,
        "birth_date": entry.birth_date,
        "sex": entry.sex,
        "phone": entry.phone,
        "risk_class": entry.risk_class,
        "ended_at": None,
    }
    if old is None:
        conn.execute(insert(t.resident).values(id=entry.id, enrolled_at=now, **values))
    else:
        conn.execute(update(t.resident).where(t.resident.c.id == entry.id).values(**values))


def _consents(conn: Connection, entry: Entry, old: Entry | None, now: datetime) -> None:
    """Consent is never overwritten: the old one is revoked, a new one begins."""
    before = old.consents if old else {}
    gone = [tick for tick, on in before.items() if entry.consents.get(tick) != on]
    if gone:
        conn.execute(
            update(t.consent)
            .where(t.consent.c.resident_id == entry.id, t.consent.c.tick.in_(gone))
            .where(t.consent.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
    given = [
        {"resident_id": entry.id, "tick": tick, "granted_at": _instant(on, now)}
        for tick, on in entry.consents.items()
        if on is not None and before.get(tick) != on
    ]
    if given:
        conn.execute(insert(t.consent), given)


def _instant(on: date, now: datetime) -> datetime:
    """Consent given today begins now, not at midnight: nobody had it before."""
    return now if on == office_date(now) else office_instant(on, timedelta())


def _askings(conn: Connection, entry: Entry, old: Entry | None) -> None:
    before = {asking.name: asking for asking in old.askings} if old else {}
    wanted = {asking.name: asking for asking in entry.askings}
    gone = [name for name, asking in before.items() if wanted.get(name) != asking]
    if gone:
        mine = t.schedule.c.resident_id == entry.id
        conn.execute(delete(t.schedule).where(mine, t.schedule.c.name.in_(gone)))
    new = [
        {
            "resident_id": entry.id,
            "name": one.name,
            "at": one.at,
            "weekdays": list(one.weekdays),
            "on_holidays": one.on_holidays,
        }
        for one in wanted.values()
        if before.get(one.name) != one
    ]
    if new:
        conn.execute(insert(t.schedule), new)


def _contacts(conn: Connection, entry: Entry) -> None:
    conn.execute(delete(t.contact).where(t.contact.c.resident_id == entry.id))
    rows = [
        {
            "resident_id": entry.id,
            "position": position,
            "role": one.role,
            "name": one.name,
            "relation": one.relation,
            "phone": one.phone,
            "address": one.address,
        }
        for position, one in enumerate(entry.contacts, start=1)
    ]
    if rows:
        conn.execute(insert(t.contact), rows)


def _devices(conn: Connection, todo: Sequence[Entry], current: dict[str, Entry], now: datetime) -> None:
    changed = [entry for entry in todo if entry.id not in current or current[entry.id].device != entry.device]
    if not changed:
        return
    for entry in changed:
        for device in conn.scalars(select(t.device.c.id).where(t.device.c.resident_id == entry.id)).all():
            conn.execute(update(t.device).where(t.device.c.id == device).values(resident_id=None))
            _record(
                conn, now, "device", device, entry.id, "unassigned", f"名簿の取り込みで {entry.id} から外した"
            )
    owners = {row.id: row.resident_id for row in conn.execute(select(t.device.c.id, t.device.c.resident_id))}
    for entry in changed:
        if entry.device is None:
            continue
        if owners.get(entry.device) is not None:
            raise Refused(
                f"機器「{entry.device}」は対象者 {owners[entry.device]} のものです ({entry.id} には付けられません)。"
                "先にその人の機器番号を空けるか、番号を確かめてください。何も取り込んでいません。"
            )
        if entry.device not in owners:
            conn.execute(
                insert(t.device).values(
                    id=entry.device,
                    resident_id=entry.id,
                    registered_at=now,
                    presence=DeviceState.not_installed,
                )
            )
        else:
            values = {"resident_id": entry.id, "registered_at": now}
            conn.execute(update(t.device).where(t.device.c.id == entry.device).values(**values))
        _record(conn, now, "device", entry.device, None, "assigned", f"名簿の取り込みで {entry.id} に付けた")


def _history(conn: Connection, entry: Entry, old: Entry | None, returned: bool, now: datetime) -> None:
    """One row of what the roster changed, naming the fields and never their values."""
    if old is None:
        before, after, why = None, "enrolled", "名簿の取り込み"
    elif returned:
        before, after, why = "ended", "enrolled", "名簿の取り込みで再び対象になった"
    else:
        fields = [word for name, word in FIELD_WORDS.items() if getattr(entry, name) != getattr(old, name)]
        before, after, why = "enrolled", "enrolled", f"名簿の取り込みで変更: {'、'.join(fields)}"
    _record(conn, now, "resident", entry.id, before, after, why)


def _record(
    conn: Connection, now: datetime, kind: str, subject: str, old: str | None, new: str, why: str
) -> None:
    conn.execute(
        insert(t.transition).values(
            at=now, subject_kind=kind, subject=subject, old=old, new=new, why=why[:300], actor=ACTOR
        )
    )
