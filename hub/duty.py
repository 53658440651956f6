"""当番: who is there now, by the office's hours and by the shifts of single people; and what is said when nobody is."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Connection, delete, insert, select

from contract.datafile import line_of, parse_toml
from contract.refusal import Refused
from contract.time import OFFICE_ZONE
from hub.policy import Policy
from hub.store import tables as t
from hub.views.names import actor_name


class Shift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"starts": "from"}):
    """One person's turn, in office time."""

    starts: datetime
    until: datetime
    who: Annotated[str, Meta(min_length=1, max_length=80)]
    """A login."""
    phone: Annotated[str, Meta(max_length=20)] = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    shifts: Annotated[list[Shift], Meta(min_length=1, max_length=5000)]


class OnDuty(Struct, frozen=True, kw_only=True):
    """Somebody who is there."""

    account: str
    name: str
    phone: str | None
    until: datetime


class Watch(Struct, frozen=True, kw_only=True):
    """Whether anybody is there at one instant."""

    staffed: bool
    people: list[OnDuty]
    """Those with a shift; in office hours without one the office is staffed all the same."""
    words: str | None
    """What the screen says while nobody is there."""
    next_at: datetime | None
    """When somebody is there again, while nobody is."""


def at(conn: Connection, now: datetime, policy: Policy) -> Watch:
    """Who is on duty at `now`."""
    shifts = conn.execute(
        select(t.duty_shift, actor_name(t.duty_shift.c.account).label("name"))
        .where(t.duty_shift.c.until_at > now)
        .order_by(t.duty_shift.c.from_at, t.duty_shift.c.id)
        .limit(50)
    ).all()
    people = [
        OnDuty(account=row.account, name=row.name, phone=row.phone, until=row.until_at)
        for row in shifts
        if row.from_at <= now
    ]
    if people or policy.duty.staffed(now):
        return Watch(staffed=True, people=people, words=None, next_at=None)
    coming = [row.from_at for row in shifts]
    opens = policy.duty.opens_next(now)
    next_at = min([*coming[:1], *([opens] if opens else [])], default=None)
    return Watch(staffed=False, people=[], words=policy.duty.screen, next_at=next_at)


def accounts(conn: Connection, now: datetime) -> list[str]:
    """The logins of those who have a shift at `now`."""
    found = conn.scalars(
        select(t.duty_shift.c.account)
        .where(t.duty_shift.c.from_at <= now, t.duty_shift.c.until_at > now)
        .order_by(t.duty_shift.c.from_at, t.duty_shift.c.id)
    )
    return list(dict.fromkeys(found))


def read(text: str, name: str) -> list[Shift]:
    """The shifts of a file; `Refused` names the line that is wrong."""
    shifts = parse_toml(text, _File, name).shifts
    for index, one in enumerate(shifts):
        if _instant(one.until) <= _instant(one.starts):
            line = line_of(text, f"shifts[{index}].until")
            raise Refused(
                f"{name} {line} 行目: 当番の終わりが始まりより前です。until を from より後にしてください。"
            )
    return sorted(shifts, key=lambda one: _instant(one.starts))


def take_over(conn: Connection, shifts: list[Shift], name: str) -> None:
    """Put these in the place of whatever stood in their time; shifts before and after it stay."""
    known = set(conn.scalars(select(t.account.c.login).where(t.account.c.disabled_at.is_(None))))
    for one in shifts:
        if one.who not in known:
            raise Refused(
                f"{name}: ログイン名「{one.who}」のアカウントがありません。who を直すか、先に作ってください。"
            )
    first, last = _instant(shifts[0].starts), max(_instant(one.until) for one in shifts)
    conn.execute(delete(t.duty_shift).where(t.duty_shift.c.from_at >= first, t.duty_shift.c.from_at < last))
    conn.execute(
        insert(t.duty_shift),
        [
            {
                "from_at": _instant(one.starts),
                "until_at": _instant(one.until),
                "account": one.who,
                "phone": one.phone or None,
            }
            for one in shifts
        ],
    )


def _instant(written: datetime) -> datetime:
    """A time without a zone is the office's."""
    return written.replace(tzinfo=OFFICE_ZONE) if written.tzinfo is None else written
