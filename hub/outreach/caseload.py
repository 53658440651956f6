"""多く・長く抱えない: how many cases about people each worker has in hand, for how long, and who has room."""

from collections import defaultdict
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, select

from contract.refusal import Refused
from hub import words
from hub.policy import Policy
from hub.store import tables as t
from hub.views.names import actor_name
from hub.vocabulary import Lane


class Load(Struct, frozen=True, kw_only=True):
    """What one worker has in hand."""

    account: str
    name: str
    open_cases: int
    longest_held_s: float
    longest_case: str
    """The id of the case held for longest: the first to be handed over."""
    too_many: bool
    """As many as the policy allows, or more."""
    too_long: int
    """How many are held for longer than the policy allows."""


def loads(conn: Connection, now: datetime, policy: Policy) -> list[Load]:
    """Every worker with a case about a person in hand, the fullest hands first."""
    rows = conn.execute(
        select(
            t.case.c.id,
            t.case.c.owner,
            t.case.c.owned_at,
            t.case.c.opened_at,
            actor_name(t.case.c.owner).label("name"),
        ).where(t.case.c.closed_at.is_(None), t.case.c.owner.is_not(None), t.case.c.lane == Lane.person)
    ).all()
    held: dict[str, list[tuple[timedelta, str]]] = defaultdict(list)
    names = {}
    for row in rows:
        held[row.owner].append((now - (row.owned_at or row.opened_at), row.id))
        names[row.owner] = row.name
    limits = policy.caseload
    found = [
        Load(
            account=owner,
            name=names[owner],
            open_cases=len(mine),
            longest_held_s=max(mine)[0].total_seconds(),
            longest_case=max(mine)[1],
            too_many=len(mine) >= limits.most_open,
            too_long=sum(age > limits.longest_held for age, _ in mine),
        )
        for owner, mine in held.items()
    ]
    return sorted(found, key=lambda one: (-one.open_cases, -one.longest_held_s, one.account))


def check_room(conn: Connection, account: str, now: datetime, policy: Policy) -> None:
    """`Refused` when this worker has as many cases as the policy allows; the sentence proposes a hand-over."""
    listed = loads(conn, now, policy)
    mine = next((one for one in listed if one.account == account), None)
    if mine is None or not mine.too_many:
        return
    household = conn.execute(
        select(t.resident.c.name)
        .join(t.case, t.case.c.household_id == t.resident.c.household_id)
        .where(t.case.c.id == mine.longest_case)
        .order_by(t.resident.c.kana_key)
    ).scalar()
    others = [one for one in listed if one.account != account and not one.too_many]
    to = f"余裕があるのは {others[-1].name} さん({others[-1].open_cases}件)です。" if others else ""
    raise Refused(
        f"担当が上限の {policy.caseload.most_open} 件に達しているため、引き受けられません。"
        f"いちばん長い {household or '世帯'} さんの件"
        f"({words.length(timedelta(seconds=mine.longest_held_s))})の引き継ぎを申し出てください。{to}"
    )
