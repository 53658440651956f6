"""The call list: who is to be phoned now, in the order of the queue, with everybody who may be asked."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, select

from hub.notices.people import TICK, standing_ticks
from hub.policy import Policy
from hub.store import tables as t
from hub.views.rows import ContactRow, QueueRow
from hub.vocabulary import CaseState, Lane, Party, SlotState

_ON_THE_PHONE = (CaseState.new, CaseState.phoning)
_CONTACTS = (Party.family_contact, Party.helper, Party.welfare_commissioner)


class Number(Struct, frozen=True, kw_only=True):
    """Somebody to phone."""

    name: str
    role: str
    """本人, or a contact's role."""
    relation: str | None
    phone: str | None
    agreed: bool
    """Whether the resident lets this one be told; without that the office must not call."""
    now: bool
    """Whether the case's step says to phone this one now."""


class CallRow(Struct, frozen=True, kw_only=True):
    """One household to be phoned."""

    case: QueueRow
    party: Party | None
    """Whom the step names; None where its ladder is no longer in the policy."""
    numbers: list[Number]
    """Whom to phone now first, then the rest in the order of the roster."""
    last_answer_at: datetime | None


def calls(conn: Connection, cases: Iterable[QueueRow], policy: Policy) -> list[CallRow]:
    """Of these open cases those of people that nobody visits yet, in the same order, with whom to phone."""
    rows = [row for row in cases if row.lane is Lane.person and row.state in _ON_THE_PHONE]
    ladders = _ladders(conn, [row.case_id for row in rows])
    residents = {person.id for row in rows for person in row.residents}
    contacts, answered = _contacts(conn, residents), _last_answers(conn, residents)
    ticks = standing_ticks(conn, residents)
    found = []
    for row in rows:
        party = next(
            (step.party for step in policy.ladders.get(ladders[row.case_id], []) if step.name == row.step),
            None,
        )
        if party is Party.visit:
            continue
        last = [answered[person.id] for person in row.residents if person.id in answered]
        found.append(
            CallRow(
                case=row,
                party=party,
                numbers=_numbers(row, contacts, ticks, party),
                last_answer_at=max(last, default=None),
            )
        )
    return found


def _numbers(
    row: QueueRow,
    contacts: Mapping[str, list[ContactRow]],
    ticks: Mapping[str, set[str]],
    party: Party | None,
) -> list[Number]:
    of_contacts = party in _CONTACTS
    numbers = [
        Number(
            name=person.name,
            role="resident",
            relation=None,
            phone=person.phone or row.phone,
            agreed=True,
            now=not of_contacts,
        )
        for person in row.residents
    ]
    numbers += [
        Number(
            name=one.name,
            role=one.role,
            relation=one.relation,
            phone=one.phone if TICK[one.role] in ticks[person.id] else None,
            agreed=TICK[one.role] in ticks[person.id],
            now=one.role == party and one.phone is not None and TICK[one.role] in ticks[person.id],
        )
        for person in row.residents
        for one in contacts.get(person.id, [])
    ]
    once = {(one.name, one.role, one.phone): one for one in numbers}
    return sorted(once.values(), key=lambda one: not one.now)


def _ladders(conn: Connection, cases: Collection[str]) -> dict[str, str]:
    if not cases:
        return {}
    rows = conn.execute(select(t.case.c.id, t.case.c.ladder).where(t.case.c.id.in_(cases)))
    return {row.id: row.ladder or "" for row in rows}


def _contacts(conn: Connection, residents: Collection[str]) -> Mapping[str, list[ContactRow]]:
    found: dict[str, list[ContactRow]] = defaultdict(list)
    if residents:
        c = t.contact.c
        rows = conn.execute(
            select(c.resident_id, c.role, c.name, c.relation, c.phone)
            .where(c.resident_id.in_(residents))
            .order_by(c.resident_id, c.position)
        )
        for row in rows:
            found[row.resident_id].append(
                ContactRow(role=row.role, name=row.name, relation=row.relation, phone=row.phone)
            )
    return found


def _last_answers(conn: Connection, residents: Collection[str]) -> Mapping[str, datetime]:
    if not residents:
        return {}
    s = t.slot.c
    rows = conn.execute(
        select(s.resident_id, func.max(s.closed_at).label("at"))
        .where(s.resident_id.in_(residents), s.state == SlotState.answered)
        .group_by(s.resident_id)
    )
    return {row.resident_id: row.at for row in rows if row.at is not None}
