"""The roster, as far as a silence depends on it: who is asked, by what, and who can be called."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, func, select

from contract.finding import Finding, ok, problem, skipped, warning
from contract.refusal import Refused
from hub import policy as policies
from hub.policy import Policy
from hub.speaking import Speaking
from hub.store import tables as t
from hub.telemetry import limits
from hub.vocabulary import SlotState

INSTALLING = timedelta(days=1)
"""A speaker registered since then may still be on its way."""
OVERDUE = timedelta(minutes=10)
"""The night shift ends a slot within a second of its deadline, or within the settle windows."""


def look(
    conn: Connection, now: datetime, policy: Policy | None, said: Speaking | None = None
) -> Iterator[Finding]:
    """Everything the roster may lack."""
    if policy is not None:
        try:
            policies.check_residents(conn, policy)
        except Refused as refused:
            yield problem("classes", "リスク区分", str(refused))
    total = conn.scalar(select(func.count()).where(_HERE)) or 0
    if total == 0:
        yield skipped("people", "名簿", "まだ見守る人がいません。mimamori roster import で取り込めます。")
        return
    yield ok("people", "名簿", f"見守る人が {total} 人います。")
    yield from _asked(conn, now)
    if said is not None:
        yield from _said(conn, said, policy)
    yield from _reached(conn)
    yield from _speakers(conn, now)
    yield from _flags(conn)


_HERE = t.resident.c.ended_at.is_(None)


def _without(conn: Connection, *lacking: ColumnElement[bool]) -> Sequence[str]:
    return conn.scalars(select(t.resident.c.id).where(_HERE, *lacking).order_by(t.resident.c.id)).all()


def _named(ids: Sequence[str]) -> str:
    return f"{'、'.join(ids[:5])}{' ほか' if len(ids) > 5 else ''}"


def _said(conn: Connection, said: Speaking, policy: Policy | None) -> Iterator[Finding]:
    """A number that nobody has is a slip of the pen, and somebody is not asked what was meant for them."""
    known = set(conn.scalars(select(t.resident.c.id).where(_HERE)))
    lost = [one for one in said.residents if one not in known]
    if policy is not None:
        lost += [one for one in said.risk_classes if one not in policy.classes]
    if lost:
        yield warning(
            "said",
            "追加の質問・お知らせ",
            f"名簿にない対象者番号か、方針にないリスク区分が {len(lost)} つ書かれています ({_named(lost)})。",
            "speaking のファイルの [residents] と [risk_classes] を直してください。ハブは動いたまま読み直します。",
        )


def _asked(conn: Connection, now: datetime) -> Iterator[Finding]:
    name, called = "schedule", "声かけの予定"
    unasked = _without(conn, ~exists().where(t.schedule.c.resident_id == t.resident.c.id))
    if unasked:
        yield problem(
            name,
            called,
            f"声かけの時刻がない人が {len(unasked)} 人います ({_named(unasked)})。誰もたずねません。",
            "名簿の「声かけ時刻」を書いて、取り込み直してください。",
        )
    idle = _without(
        conn,
        exists().where(t.schedule.c.resident_id == t.resident.c.id),
        ~exists().where(t.slot.c.resident_id == t.resident.c.id, t.slot.c.state == SlotState.waiting),
    )
    if idle:
        yield problem(
            name,
            called,
            f"時刻はあるのに次の声かけが組まれていない人が {len(idle)} 人います ({_named(idle)})。",
            "名簿を取り込み直してください。それでも残るときは開発元に知らせてください。",
        )
    late = conn.scalars(
        select(t.slot.c.resident_id)
        .where(t.slot.c.state == SlotState.waiting, t.slot.c.deadline_at < now - OVERDUE)
        .distinct()
    ).all()
    if late:
        yield warning(
            name,
            called,
            f"締切を過ぎても結果の決まらない声かけがあります ({_named(late)})。",
            "ハブが動いているか、時計が合っているかを確かめてください。",
        )
    if not unasked and not idle and not late:
        yield ok(name, called, "全員に次の声かけがあります。")


def _reached(conn: Connection) -> Iterator[Finding]:
    name, called = "contacts", "連絡先"
    silent = _without(
        conn,
        func.coalesce(t.resident.c.phone, "") == "",
        ~exists().where(
            t.household.c.id == t.resident.c.household_id, func.coalesce(t.household.c.phone, "") != ""
        ),
    )
    if silent:
        yield warning(
            name,
            called,
            f"本人に電話のない人が {len(silent)} 人います ({_named(silent)})。応答がないと、すぐ家族や訪問に進みます。",
            "名簿の「電話」か「本人電話」を確かめてください。",
        )
    alone = _without(
        conn,
        ~exists().where(
            t.contact.c.resident_id == t.resident.c.id, func.coalesce(t.contact.c.phone, "") != ""
        ),
    )
    if alone:
        yield warning(
            name,
            called,
            f"電話のある連絡先が一人もない人が {len(alone)} 人います ({_named(alone)})。",
            "家族・協力員・民生委員のうち一人は書いてください。",
        )
    if not silent and not alone:
        yield ok(name, called, "全員に、本人の電話と連絡先があります。")


def _speakers(conn: Connection, now: datetime) -> Iterator[Finding]:
    name, called = "devices", "スピーカー"
    without = _without(conn, ~exists().where(t.device.c.resident_id == t.resident.c.id))
    if without:
        yield problem(
            name,
            called,
            f"スピーカーのない人が {len(without)} 人います ({_named(without)})。",
            "名簿の「機器番号」を書いてください。",
        )
    mine = t.device.c
    unseen = conn.scalars(
        select(mine.id)
        .where(
            mine.resident_id.is_not(None),
            mine.last_seen_at.is_(None),
            mine.registered_at < now - INSTALLING,
        )
        .order_by(mine.id)
    ).all()
    if unseen:
        yield warning(
            name,
            called,
            f"一度も通信のないスピーカーが {len(unseen)} 台あります ({_named(unseen)})。",
            "設置したか、device.toml の機器番号とブローカーの宛先が合っているかを確かめてください。",
        )
    if not without and not unseen:
        yield ok(name, called, "全員に、通信したことのあるスピーカーがあります。")


def _flags(conn: Connection) -> Iterator[Finding]:
    known = limits.load()
    rows = conn.execute(select(t.telemetry_last.c.device_id, t.telemetry_last.c.flags)).all()
    by_flag: dict[str, list[str]] = {}
    for row in rows:
        for flag in row.flags:
            by_flag.setdefault(flag, []).append(row.device_id)
    for flag, devices in sorted(by_flag.items()):
        said = known[flag].flag if flag in known else flag
        yield warning(
            "telemetry_flags",
            "機器の状態",
            f"{said}: {len(devices)} 台 ({_named(devices)})。",
            "世帯の画面で数値を確かめてください。",
        )
