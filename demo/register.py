"""The town's roster: everybody enrolled through the same CSV import that a city office uses."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from contract.refusal import Refused
from contract.time import OFFICE_ZONE, office_date
from demo.cast import Household, Part
from demo.townsfolk import Behaviour, Home, Relation, commissioner_of
from hub import absence, roster
from hub.districts import Districts
from hub.policy import Policy
from hub.roster.entry import ALL_WEEK, Asking, Contact, Entry, Role, Tick
from hub.roster.entry import Household as RosterHousehold
from hub.store.database import Store

_PARTS = ((4, "night"), (11, "morning"), (13, "noon"), (17, "afternoon"), (20, "evening"), (24, "night"))
"""Until which hour a slot is called what; the policy has the Japanese words."""


def slot_name(at: datetime) -> str:
    """How a slot at this instant is called, by the office's time of day."""
    hour = at.astimezone(OFFICE_ZONE).hour
    return next(name for until, name in _PARTS if hour < until)


def entries(
    cast: Sequence[Household],
    homes: Sequence[Home],
    slot: str,
    first: datetime,
    districts: Districts,
    letterbox: str,
) -> list[Entry]:
    """The roster rows: everybody is asked once, as slot `slot`, from `first` on, which is a whole second.

    Notices for contacts go to `letterbox`, an apprise URL that takes what is for anybody.
    """
    rows = [
        _entry(
            ids=(each.household_id, each.resident_id, each.device),
            of=each,
            contacts=[*each.contacts, *_commissioner(homes, each.district)],
            slot=slot,
            at=first + each.after,
            districts=districts,
            letterbox=letterbox,
        )
        for each in cast
    ]
    rows += [
        _entry(
            ids=(each.household, each.resident, each.device),
            of=each,
            contacts=each.contacts,
            slot=slot,
            at=first + each.slot_after,
            districts=districts,
            letterbox=letterbox,
        )
        for each in homes
    ]
    return rows


def enrol(
    store: Store,
    file: Path,
    rows: Sequence[Entry],
    districts: Districts,
    policy: Policy,
    now: datetime,
) -> None:
    """Write the roster to `file`, read it back as the office would, and take it over."""
    data = roster.write(rows, districts)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise Refused(
            f"名簿 {file} を書けません ({error.strerror})。空き容量と権限を確かめてください。"
        ) from error
    read = roster.read(data, file.name, districts, policy, office_date(now))
    store.write(lambda conn: roster.take_over(conn, read, now, policy))


def send_away(
    store: Store, cast: Sequence[Household], homes: Sequence[Home], policy: Policy, now: datetime
) -> None:
    """Note the absences that were reported to the office yesterday: until tomorrow at this time."""
    absent = [each.resident_id for each in cast if each.behaviour is Part.away]
    absent += [each.resident for each in homes if each.behaviour is Behaviour.away]
    kinds = ("out", "day_service", "hospital")

    def note(resident: str, kind: str) -> None:
        until = now + timedelta(days=1)
        store.write(lambda conn: absence.register(conn, resident, kind, now, until, "demo", now, policy))

    for number, resident in enumerate(absent):
        note(resident, kinds[number % len(kinds)])


def _commissioner(homes: Sequence[Home], district: str) -> list[Relation]:
    found = commissioner_of(homes, district)
    return [found] if found else []


def _entry(
    ids: tuple[str, str, str],
    of: Household | Home,
    contacts: Sequence[Relation],
    slot: str,
    at: datetime,
    districts: Districts,
    letterbox: str,
) -> Entry:
    household, resident, device = ids
    district = districts.find(of.district)
    if district is None:
        raise Refused(
            f"実演の{of.name}さんの地区「{of.district}」が hub/districts.toml にありません。"
            "demo の households.toml か town.toml の名前を合わせてください。"
        )
    return Entry(
        id=resident,
        household=RosterHousehold(
            id=household,
            district=district.code,
            address=of.address,
            phone=of.phone,
            lives_alone=True,
        ),
        name=of.name,
        kana=of.kana,
        call_name=of.call_name,
        birth_date=of.birth_date,
        sex=of.sex,
        phone=None,
        risk_class=of.risk_class,
        device=device,
        askings=(Asking(at.astimezone(OFFICE_ZONE).strftime("%H:%M:%S"), slot, ALL_WEEK),),
        consents={Tick.record_answers: None, Tick.tell_family: None, Tick.share: None},
        contacts=tuple(
            Contact(Role(each.role), each.name, each.relation, each.phone, f"{letterbox}/{resident}")
            for each in contacts
        ),
    )
