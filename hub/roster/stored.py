"""The roster as it stands in the store, in the words of a roster file."""

from collections import defaultdict
from datetime import date

from sqlalchemy import Connection, select

from contract.time import office_date
from hub.roster.entry import Asking, Contact, Entry, Household, Role, Tick
from hub.store import tables as t


def entries(conn: Connection, *, ended: bool = False) -> dict[str, Entry]:
    """Every enrolled resident by id, in the order of ids; with `ended`, those who left too."""
    wanted = select(t.resident, t.household.c.district, t.household.c.address, t.household.c.lives_alone)
    wanted = wanted.add_columns(t.household.c.phone.label("household_phone")).join(t.household)
    if not ended:
        wanted = wanted.where(t.resident.c.ended_at.is_(None))
    devices = _devices(conn)
    askings = _askings(conn)
    consents = _consents(conn)
    contacts = _contacts(conn)
    return {
        row.id: Entry(
            id=row.id,
            household=Household(
                row.household_id, row.district, row.address, row.household_phone, row.lives_alone
            ),
            name=row.name,
            kana=row.kana,
            call_name=row.call_name,
            birth_date=row.birth_date,
            sex=row.sex,
            phone=row.phone,
            risk_class=row.risk_class,
            device=devices.get(row.id),
            askings=tuple(sorted(askings[row.id])),
            consents=consents[row.id],
            contacts=tuple(contacts[row.id]),
        )
        for row in conn.execute(wanted.order_by(t.resident.c.id))
    }


def ended(conn: Connection) -> set[str]:
    """The residents who left."""
    return set(conn.scalars(select(t.resident.c.id).where(t.resident.c.ended_at.is_not(None))))


def _devices(conn: Connection) -> dict[str, str]:
    """The speaker of each resident; of several, the one registered last."""
    rows = conn.execute(
        select(t.device.c.resident_id, t.device.c.id)
        .where(t.device.c.resident_id.is_not(None))
        .order_by(t.device.c.registered_at, t.device.c.id)
    )
    return {row.resident_id: row.id for row in rows}


def _askings(conn: Connection) -> dict[str, list[Asking]]:
    found: dict[str, list[Asking]] = defaultdict(list)
    for row in conn.execute(select(t.schedule)):
        found[row.resident_id].append(Asking(row.at, row.name, tuple(row.weekdays), row.on_holidays))
    return found


def _consents(conn: Connection) -> dict[str, dict[Tick, date | None]]:
    found: dict[str, dict[Tick, date | None]] = defaultdict(dict)
    for row in conn.execute(select(t.consent).where(t.consent.c.revoked_at.is_(None))):
        found[row.resident_id][Tick(row.tick)] = office_date(row.granted_at)
    return found


def _contacts(conn: Connection) -> dict[str, list[Contact]]:
    found: dict[str, list[Contact]] = defaultdict(list)
    for row in conn.execute(select(t.contact).order_by(t.contact.c.resident_id, t.contact.c.position)):
        found[row.resident_id].append(Contact(Role(row.role), row.name, row.relation, row.phone, row.address))
    return found
