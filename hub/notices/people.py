"""Who is behind an audience, and where each is reached: looked up when a notice is sent, never before.

A recipient is `staff/LOGIN` or `contact/RESIDENT/POSITION`. What a resident ticked decides whether a contact is told,
once when the notice is addressed and again when it is sent: a consent may be revoked in between.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from hub import duty as duty_roster
from hub.notices.notice import Audience, AudienceKind, DeliveryState, NoticeKind, Subject
from hub.notices.settings import Settings
from hub.store import tables as t

TICK = {"family_contact": "tell_family", "helper": "tell_family", "welfare_commissioner": "share"}
"""The consent without which a contact of each role is told nothing."""
CALLED = {"family_contact": "家族", "helper": "協力員", "welfare_commissioner": "民生委員"}


class Recipient(NamedTuple):
    """Somebody to be told."""

    id: str
    called: str
    """The name, as it was found."""


class Found(NamedTuple):
    """Who is behind an audience."""

    people: tuple[Recipient, ...] = ()
    nobody: str = ""
    """Why there is nobody, for the page."""
    wait: bool = False
    """It cannot be said yet: something about the subject is being handed over at this moment."""


class Place(NamedTuple):
    """Where a recipient is reached."""

    addresses: tuple[str, ...] = ()
    why_not: str = ""
    """Why the person is not told any more."""


Asked = tuple[Audience, Subject, datetime]
"""An audience, what the notice is about and when it was put in; the last two matter for `told` only."""


def resolve(
    conn: Connection, settings: Settings, asked: Collection[Asked], now: datetime
) -> dict[Asked, Found]:
    """Who is behind each audience, in a few queries however many there are.

    On duty is whoever has a shift at `now`; without one, those whom the settings name.
    """
    by_kind: dict[AudienceKind, list[Asked]] = defaultdict(list)
    for one in asked:
        by_kind[one[0].kind].append(one)
    names = _accounts(conn)
    named = duty_roster.accounts(conn, now) or settings.duty
    duty = _staff(settings, names, named, "当番の通知先が設定されていません (notices.toml の duty)。")
    owners = _owners(conn, [one[0].of for one in by_kind[AudienceKind.owner]])
    contacts = _contacts(conn, [one[0].of for one in by_kind[AudienceKind.contacts]])
    told = _told(conn, by_kind[AudienceKind.told])
    found: dict[Asked, Found] = {}
    for one in asked:
        audience = one[0]
        match audience.kind:
            case AudienceKind.duty:
                found[one] = duty
            case AudienceKind.account:
                found[one] = _staff(
                    settings, names, [audience.of], f"{audience.of} さんの通知先がありません。"
                )
            case AudienceKind.role:
                having = [login for login, account in names.items() if account.role == audience.of]
                found[one] = _staff(settings, names, having, "この役割の人の通知先がありません。")
            case AudienceKind.owner:
                owner = owners.get(audience.of)
                of_owner = _staff(settings, names, [owner] if owner else [], "")
                found[one] = of_owner if of_owner.people else duty
            case AudienceKind.contacts:
                found[one] = contacts[audience.of]
            case AudienceKind.told:
                found[one] = told[one]
    return found


def places(conn: Connection, settings: Settings, recipients: Iterable[Recipient]) -> dict[Recipient, Place]:
    """Where each is reached now, or why not any more."""
    wanted = list(recipients)
    names = _accounts(conn)
    residents = {one.id.split("/")[1] for one in wanted if one.id.startswith("contact/")}
    by_position = {f"contact/{row.resident_id}/{row.position}": row for row in _contact_rows(conn, residents)}
    ticks = standing_ticks(conn, residents)
    found: dict[Recipient, Place] = {}
    for one in wanted:
        kind, _, of = one.id.partition("/")
        if kind == "staff":
            gone = of not in names
            addresses = settings.addresses(of)
            why = (
                "アカウントが止められました。"
                if gone
                else ""
                if addresses
                else "通知先の設定がなくなりました。"
            )
            found[one] = Place((), why) if why else Place(tuple(addresses))
            continue
        row = by_position.get(one.id)
        if row is None or row.name != one.called or not row.address:
            found[one] = Place((), "名簿の連絡先が変わりました。")
        elif TICK[row.role] not in ticks[row.resident_id]:
            found[one] = Place((), f"{CALLED[row.role]}に知らせる同意が取り消されました。")
        else:
            found[one] = Place((row.address,))
    return found


def _accounts(conn: Connection) -> Mapping[str, Row[Any]]:
    """Every account that may log in, by login."""
    a = t.account.c
    rows: Any = conn.execute(select(a.login, a.name, a.role).where(a.disabled_at.is_(None)))
    return {row.login: row for row in rows}


def _staff(
    settings: Settings,
    names: Mapping[str, Row[Any]],
    logins: Iterable[str],
    nobody: str,
) -> Found:
    people = tuple(
        Recipient(f"staff/{login}", names[login].name)
        for login in dict.fromkeys(logins)
        if login in names and settings.addresses(login)
    )
    return Found(people, "" if people else nobody)


def _owners(conn: Connection, cases: Collection[str]) -> Mapping[str, str | None]:
    if not cases:
        return {}
    rows = conn.execute(select(t.case.c.id, t.case.c.owner).where(t.case.c.id.in_(cases)))
    return {row.id: row.owner for row in rows}


def _contacts(conn: Connection, wanted: Collection[str]) -> dict[str, Found]:
    """By "RESIDENT/PARTY"."""
    residents = {of.partition("/")[0] for of in wanted}
    ticks = standing_ticks(conn, residents)
    by_party: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in _contact_rows(conn, residents):
        by_party[f"{row.resident_id}/{row.role}"].append(row)
    found = {}
    for of in wanted:
        resident, _, party = of.partition("/")
        called = CALLED.get(party, party)
        people = tuple(
            Recipient(f"contact/{resident}/{row.position}", row.name) for row in by_party[of] if row.address
        )
        if TICK.get(party) not in ticks[resident]:
            found[of] = Found((), f"{called}に知らせる同意がありません。")
        elif not people:
            found[of] = Found((), f"{called}の通知先が名簿にありません。電話で知らせてください。")
        else:
            found[of] = Found(people)
    return found


def _contact_rows(conn: Connection, residents: Collection[str]) -> list[Row[Any]]:
    if not residents:
        return []
    c = t.contact.c
    return list(
        conn.execute(
            select(c.resident_id, c.position, c.role, c.name, c.address)
            .where(c.resident_id.in_(residents))
            .order_by(c.resident_id, c.position)
        )
    )


def standing_ticks(conn: Connection, residents: Collection[str]) -> Mapping[str, set[str]]:
    """The standing consents of each resident."""
    found: dict[str, set[str]] = defaultdict(set)
    if residents:
        rows = conn.execute(
            select(t.consent.c.resident_id, t.consent.c.tick).where(
                t.consent.c.resident_id.in_(residents), t.consent.c.revoked_at.is_(None)
            )
        )
        for row in rows:
            found[row.resident_id].add(row.tick)
    return found


def _told(conn: Connection, asked: Collection[Asked]) -> dict[Asked, Found]:
    """Whoever got, or may have got, something about a subject since it was last said to be over."""
    if not asked:
        return {}
    n, d = t.notice.c, t.delivery.c
    rows = conn.execute(
        select(n.subject_kind, n.subject, n.kind, n.at, d.recipient, d.called, d.state, d.unclear)
        .join(t.delivery, d.notice_id == n.id, isouter=True)
        .where(n.subject.in_({subject.id for _, subject, _ in asked}))
        .order_by(n.at, n.id)
    ).all()
    by_subject = defaultdict(list)
    for row in rows:
        by_subject[Subject(row.subject_kind, row.subject)].append(row)
    found = {}
    for one in asked:
        _, subject, at = one
        earlier = [row for row in by_subject[subject] if row.at <= at]
        ends = [row.at for row in earlier if NoticeKind(row.kind).ends_something and row.at < at]
        since = [
            row
            for row in earlier
            if not NoticeKind(row.kind).ends_something and (not ends or row.at > max(ends)) and row.recipient
        ]
        people = {
            Recipient(row.recipient, row.called): None
            for row in since
            if row.state == DeliveryState.sent or row.unclear
        }
        wait = any(row.state == DeliveryState.sending for row in since)
        found[one] = Found(tuple(people), "" if people else "先の知らせを受け取った人がいません。", wait)
    return found
