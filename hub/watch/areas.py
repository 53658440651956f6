"""Power or network of a whole district: one notice, and everybody in it one by one.

A loss becomes a fact in `states.at_lost`. There, `gather` asks for each district whether the loss belongs to an outage:
to one that is open, or to one that begins because so many were lost together. Who belongs to an outage causes no case
of a single line; what single lines had caused before is gathered under it. `returned` is the way back.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, insert, select, update

from hub import words
from hub.notices import outbox
from hub.notices.notice import DUTY, Notice, NoticeKind, Subject
from hub.outreach.reasons import resolve, standing
from hub.store import tables as t
from hub.vocabulary import AreaState, DueKind, ReasonCode
from hub.watch.losses import Loss, districts_of, open_outages, together_in
from hub.work import HUB, Work

GLANCE = timedelta(seconds=15)
"""After a loss the district is looked at once within this time, however many are lost in it."""


def suspect(work: Work, resident_id: str) -> None:
    """A line was lost a moment ago: look at its district soon."""
    district = districts_of(work.conn, [resident_id]).get(resident_id)
    if district is not None:
        seconds = GLANCE.total_seconds()
        # On a fixed grid: a loss every second must not push the look back and back.
        next_look = datetime.fromtimestamp((work.now.timestamp() // seconds + 1) * seconds, work.now.tzinfo)
        work.schedule(DueKind.area_check, district, next_look)


def at_check(work: Work, subjects: Sequence[str]) -> None:
    """Were many lost together in these districts? Shown as suspected until the losses are facts, or are taken back."""
    for district in subjects:
        open_one = open_outages(work.conn, [district]).get(district)
        together = together_in(work, district)
        if together and open_one is None:
            _begin(work, district, together)
        elif not together and open_one is not None and open_one["state"] == AreaState.suspected_outage:
            _set_state(work, open_one, AreaState.normal, "途切れた通信が戻りました")
            continue
        if together and (open_one is None or open_one["state"] == AreaState.suspected_outage):
            work.schedule(DueKind.area_check, district, 2 * GLANCE)


def gather(work: Work, lost: Sequence[Loss]) -> set[str]:
    """Of these lines that are down for good, the residents whose loss is part of an outage of their district."""
    gathered: set[str] = set()
    of_district: dict[str, list[Loss]] = defaultdict(list)
    where = districts_of(work.conn, [one.resident_id for one in lost])
    for one in lost:
        of_district[where[one.resident_id]].append(one)
    known = open_outages(work.conn, of_district)
    for district, here in of_district.items():
        open_one = known.get(district)
        if open_one is None or open_one["state"] == AreaState.suspected_outage:
            together = together_in(work, district, not_before=min(one.at for one in here))
            if not together:
                continue
            open_one = open_one or _begin(work, district, together)
            here = list({one.resident_id: one for one in (*here, *together)}.values())
            _confirm(work, open_one, here)
        _join(work, open_one, here)
        gathered |= {one.resident_id for one in here}
    return gathered


def members(conn: Connection, residents: Collection[str]) -> dict[str, RowMapping]:
    """Those of these residents who are in an outage that goes on, and not back; each with its row."""
    rows = conn.execute(
        select(t.outage_member, t.area_outage.c.district)
        .join(t.area_outage, t.area_outage.c.id == t.outage_member.c.outage_id)
        .where(
            t.outage_member.c.resident_id.in_(residents),
            t.outage_member.c.back_at.is_(None),
            t.area_outage.c.ended_at.is_(None),
        )
    ).mappings()
    return {row["resident_id"]: row for row in rows}


def returned(work: Work, residents: Collection[str]) -> list[Loss]:
    """These lines came back and held. Whoever an outage that is over now leaves behind is handed back, one by one."""
    back = members(work.conn, residents)
    left: list[Loss] = []
    outages: dict[str, list[str]] = defaultdict(list)
    for row in back.values():
        outages[row["outage_id"]].append(row["resident_id"])
    for outage_id, here in outages.items():
        work.conn.execute(
            update(t.outage_member)
            .where(t.outage_member.c.outage_id == outage_id, t.outage_member.c.resident_id.in_(here))
            .values(back_at=work.now)
        )
        left += _recover(work, outage_id)
    return left


# ---- one outage ---------------------------------------------------------------------------------------------


def _begin(work: Work, district: str, together: Sequence[Loss]) -> RowMapping:
    outage_id = work.ids(work.now)
    work.conn.execute(
        insert(t.area_outage).values(
            id=outage_id,
            district=district,
            state=AreaState.suspected_outage,
            began_at=min(one.at for one in together),
        )
    )
    why = f"{len(together)} 台の通信がまとまって途切れました"
    work.record("area", district, AreaState.normal, AreaState.suspected_outage, why)
    return open_outages(work.conn, [district])[district]


def _confirm(work: Work, outage: RowMapping, lost: Sequence[Loss]) -> None:
    """It is a fact: one notice for the office."""
    began = min(one.at for one in lost)
    name = work.conn.scalar(select(t.district.c.name).where(t.district.c.code == outage["district"]))
    said = f"{name}地区で {len(lost)} 台の通信が {words.moment(began)} からまとまって途切れました。"
    work.conn.execute(
        update(t.area_outage).where(t.area_outage.c.id == outage["id"]).values(confirmed_at=work.now)
    )
    _set_state(work, outage, AreaState.outage, said)
    notice = Notice(
        key=f"outage/{outage['id']}/began",
        kind=NoticeKind.outage_began,
        audience=DUTY,
        subject=Subject("district", outage["district"]),
        words=f"{said}停電か回線の障害が疑われます。{len(lost)} 人の様子が確認できません。"
        "一覧の順に、電話か訪問で確かめてください。",
    )
    outbox.put(work, [notice])


def _join(work: Work, outage: RowMapping, lost: Sequence[Loss]) -> None:
    """Put these on the outage's list, and what their single lines caused under it."""
    known = set(
        work.conn.scalars(
            select(t.outage_member.c.resident_id).where(t.outage_member.c.outage_id == outage["id"])
        )
    )
    again = [one.resident_id for one in lost if one.resident_id in known]
    if again:
        work.conn.execute(
            update(t.outage_member)
            .where(t.outage_member.c.outage_id == outage["id"], t.outage_member.c.resident_id.in_(again))
            .values(back_at=None)
        )
    new = [one for one in lost if one.resident_id not in known]
    if new:
        work.conn.execute(
            insert(t.outage_member),
            [
                {
                    "outage_id": outage["id"],
                    "resident_id": one.resident_id,
                    "device_id": one.device_id,
                    "lost_at": one.at,
                }
                for one in new
            ],
        )
    single = standing(work, [one.resident_id for one in new], [ReasonCode.device_unreachable])
    if single:
        resolve(work, single, "地区の停電・回線障害としてまとめました")


def _recover(work: Work, outage_id: str) -> list[Loss]:
    """See how many are back; when it is over, whoever is not is handed back."""
    outage = work.conn.execute(select(t.area_outage).where(t.area_outage.c.id == outage_id)).mappings().one()
    # A speaker that stands elsewhere by now, or nowhere, will not come back here.
    rows = work.conn.execute(
        select(t.outage_member)
        .join(t.device, t.device.c.id == t.outage_member.c.device_id)
        .where(t.outage_member.c.outage_id == outage_id)
        .where(t.device.c.resident_id == t.outage_member.c.resident_id)
    ).all()
    gone = [Loss(row.device_id, row.resident_id, row.lost_at) for row in rows if row.back_at is None]
    share = 1 - len(gone) / len(rows) if rows else 1.0
    limits = work.policy.outage
    said = f"{len(rows)} 台のうち {len(rows) - len(gone)} 台の通信が戻りました"
    if share >= limits.over_share:
        work.conn.execute(
            update(t.area_outage).where(t.area_outage.c.id == outage_id).values(ended_at=work.now)
        )
        _set_state(work, outage, AreaState.normal, said)
        name = work.conn.scalar(select(t.district.c.name).where(t.district.c.code == outage["district"]))
        rest = f"戻らない {len(gone)} 台は一台ずつ通信・機器の列に出します。" if gone else ""
        over = (
            Subject("district", outage["district"]),
            f"{name}地区の通信障害は終わりました。{said}。{rest}",
        )
        outbox.all_clear(work, [over], NoticeKind.outage_over)
        return gone
    if share >= limits.recovering_share and outage["state"] != AreaState.recovering:
        _set_state(work, outage, AreaState.recovering, said)
    return []


def _set_state(work: Work, outage: RowMapping, state: AreaState, why: str) -> None:
    work.record("area", outage["district"], outage["state"], state, why, HUB)
    over = {"ended_at": work.now} if state is AreaState.normal else {}
    work.conn.execute(
        update(t.area_outage).where(t.area_outage.c.id == outage["id"]).values(state=state, **over)
    )
