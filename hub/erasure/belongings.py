"""What belongs to one resident, table by table: the same conditions list it and take it away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, false, func, or_, select

from contract.refusal import Refused
from hub.store import tables as t
from hub.vocabulary import Lane


@dataclass(frozen=True)
class Belongings:
    """Whose, and the ids of what is found by more than the resident's number."""

    resident_id: str
    household_id: str
    alone: bool
    """Nobody else is of this household on the roster: it goes too."""
    devices: tuple[str, ...]
    """The speakers that stand there."""
    boxes: Mapping[str, datetime | None]
    """Those, and the ones that stood there: until when what they told is of this home; None is all of it."""
    cases: tuple[str, ...]
    """Cases that are about nobody else."""
    shared: tuple[str, ...]
    """Cases that are about others of the household too: they lose their words and stay."""
    absences: tuple[str, ...]
    by_bytes: bool
    """Letters are sorted by their bytes, as SQLite does: rows of one person lie side by side in an index."""
    open_cases: int
    """Open ones about people: somebody is looking for the resident."""


class Part(NamedTuple):
    """Rows of one table that go."""

    called: str
    table: Table
    which: ColumnElement[bool]


class Line(NamedTuple):
    """What of one kind would go."""

    called: str
    rows: int


def of(conn: Connection, resident_id: str) -> Belongings:
    """What belongs to a resident; `Refused` if nobody has this number."""
    household_id = conn.scalar(select(t.resident.c.household_id).where(t.resident.c.id == resident_id))
    if household_id is None:
        raise Refused(f"対象者番号「{resident_id}」の人は名簿にいません。番号を確かめてください。")
    others = select(t.resident.c.id).where(
        t.resident.c.household_id == household_id, t.resident.c.id != resident_id
    )
    alone = conn.scalar(others.limit(1)) is None
    devices = tuple(
        conn.scalars(
            select(t.device.c.id).where(t.device.c.resident_id == resident_id).order_by(t.device.c.id)
        )
    )
    own, shared = _cases(conn, resident_id, household_id, alone)
    mine = t.case.c.id.in_([*own, *shared])
    still = and_(mine, t.case.c.closed_at.is_(None), t.case.c.lane == Lane.person)
    return Belongings(
        resident_id=resident_id,
        household_id=household_id,
        alone=alone,
        devices=devices,
        boxes=dict.fromkeys(devices) | _former(conn, resident_id, devices),
        cases=own,
        shared=shared,
        absences=tuple(conn.scalars(select(t.absence.c.id).where(t.absence.c.resident_id == resident_id))),
        by_bytes=conn.dialect.name == "sqlite",
        open_cases=conn.scalar(select(func.count()).select_from(t.case).where(still)) or 0,
    )


def _cases(
    conn: Connection, resident_id: str, household_id: str, alone: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    here = set(conn.scalars(select(t.case.c.id).where(t.case.c.household_id == household_id)))
    if alone:
        return tuple(sorted(here)), ()
    of_case: dict[str, set[str | None]] = {}
    for row in conn.execute(
        select(t.reason.c.case_id, t.reason.c.resident_id).where(t.reason.c.case_id.in_(here))
    ):
        of_case.setdefault(row.case_id, set()).add(row.resident_id)
    own = {case for case, whose in of_case.items() if whose == {resident_id}}
    # A case whose reasons went to another one has none left, and nobody can say of whom it was.
    shared = {case for case in here - own if resident_id in of_case.get(case, {resident_id})}
    return tuple(sorted(own)), tuple(sorted(shared))


def _former(conn: Connection, resident_id: str, now_there: Sequence[str]) -> dict[str, datetime | None]:
    """Speakers that stood there once: what they told until they were given to somebody else."""
    heard = select(t.event.c.device_id).where(t.event.c.resident_id == resident_id)
    lost = select(t.outage_member.c.device_id).where(t.outage_member.c.resident_id == resident_id)
    once = set(conn.scalars(heard.union(lost))) - set(now_there)
    rows = conn.execute(
        select(t.device.c.id, t.device.c.resident_id, t.device.c.registered_at).where(t.device.c.id.in_(once))
    )
    return {row.id: None if row.resident_id is None else row.registered_at for row in rows}


def listed(conn: Connection, mine: Belongings) -> list[Line]:
    """How many rows of each kind would go, and of how many cases the words."""
    found: dict[str, int] = {}
    for part in parts(mine):
        rows = conn.scalar(select(func.count()).select_from(part.table).where(part.which)) or 0
        found[part.called] = found.get(part.called, 0) + rows
    if mine.shared:
        found["同居の人との件(この人の理由と、件の文章だけ)"] = len(mine.shared)
    return [Line(called, rows) for called, rows in found.items()]


def parts(mine: Belongings, before: int | None = None) -> list[Part]:
    """Everything that goes, what refers to other rows first; of the history only rows up to the id `before`."""
    who, cases, told = mine.resident_id, mine.cases, [*mine.cases, *mine.shared]
    offers = select(t.handover.c.id).where(t.handover.c.case_id.in_(told))
    notices = or_(
        and_(t.notice.c.subject_kind == "case", t.notice.c.subject.in_(told)),
        t.notice.c.key.in_(select("handover/" + offers.subquery().c.id)),
    )
    own = t.reason.c.resident_id == who
    household = t.household.c.id == mine.household_id if mine.alone else false()
    return [
        Part(
            "知らせと送信の記録",
            t.delivery,
            t.delivery.c.notice_id.in_(select(t.notice.c.id).where(notices)),
        ),
        Part("知らせと送信の記録", t.notice, notices),
        Part(
            "家族へのリンク",
            t.family_link,
            or_(t.family_link.c.resident_id == who, t.family_link.c.case_id.in_(cases)),
        ),
        Part("件と理由", t.reason, or_(own, t.reason.c.case_id.in_(cases))),
        Part("引き継ぎ", t.handover, t.handover.c.case_id.in_(cases)),
        Part("訪問", t.visit, t.visit.c.case_id.in_(cases)),
        Part(
            "経過",
            t.transition,
            and_(_history(mine), t.transition.c.id <= before) if before else _history(mine),
        ),
        Part("期限", t.due, _due(mine)),
        Part("件と理由", t.case, t.case.c.id.in_(cases)),
        Part("スピーカーの記録", t.event, t.event.c.resident_id == who),
        Part("受け取れなかったもの", t.quarantine, t.quarantine.c.device_id.in_(mine.boxes)),
        Part("機器の状態", t.telemetry_rollup, _telemetry(mine)),
        Part("機器の状態", t.telemetry_last, t.telemetry_last.c.device_id.in_(_now_free(mine))),
        Part("声かけの結果", t.slot, t.slot.c.resident_id == who),
        Part("変化の兆し", t.trend_change, t.trend_change.c.resident_id == who),
        Part("停電・障害の一覧", t.outage_member, t.outage_member.c.resident_id == who),
        Part("不在", t.absence, t.absence.c.resident_id == who),
        Part("声かけの予定", t.schedule, t.schedule.c.resident_id == who),
        Part("同意", t.consent, t.consent.c.resident_id == who),
        Part("連絡先", t.contact, t.contact.c.resident_id == who),
        Part("対象者", t.resident, t.resident.c.id == who),
        Part("世帯", t.household, household),
    ]


def _now_free(mine: Belongings) -> list[str]:
    return [device for device, until in mine.boxes.items() if until is None]


def _telemetry(mine: Belongings) -> ColumnElement[bool]:
    of_box = t.telemetry_rollup.c
    earlier = [
        and_(of_box.device_id == device, of_box.start < until)
        for device, until in mine.boxes.items()
        if until is not None
    ]
    return or_(of_box.device_id.in_(_now_free(mine)), *earlier)


def _history(mine: Belongings) -> ColumnElement[bool]:
    row = t.transition.c
    earlier = [
        and_(row.subject_kind == "device", row.subject == device, row.at < until)
        for device, until in mine.boxes.items()
        if until is not None
    ]
    return or_(
        and_(row.subject_kind == "resident", row.subject == mine.resident_id),
        and_(row.subject_kind == "slot", _slots_of(row.subject, mine)),
        and_(row.subject_kind == "case", row.subject.in_(mine.cases)),
        and_(row.subject_kind == "absence", row.subject.in_(mine.absences)),
        and_(row.subject_kind == "device", row.subject.in_(_now_free(mine))),
        *earlier,
    )


def _due(mine: Belongings) -> ColumnElement[bool]:
    subject = t.due.c.subject
    ids = [mine.resident_id, *mine.cases, *mine.absences]
    return or_(subject.in_(ids), _slots_of(subject, mine))


def _slots_of(column: ColumnElement[str], mine: Belongings) -> ColumnElement[bool]:
    """`NUMBER/day/name`. Found by an index where letters are sorted by their bytes; else everything is looked at."""
    begins = f"{mine.resident_id}/"
    if mine.by_bytes:
        return and_(column >= begins, column < f"{mine.resident_id}0")  # what comes after "/"
    return func.substr(column, 1, len(begins)) == begins
