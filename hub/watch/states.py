"""The line of a speaker: births, goodbyes, wills, and what their silence means for the box, never for the person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection, RowMapping, select, update

from contract.state import Presence, State
from hub import words
from hub.outreach import cases
from hub.outreach.cases import Person
from hub.outreach.reasons import Finding, report, resolve, standing
from hub.store import bulk
from hub.store import tables as t
from hub.store.among import among
from hub.vocabulary import DeviceState, DueKind, Lane, ReasonCode, Severity
from hub.watch import areas
from hub.watch.losses import Loss
from hub.work import Work

log = structlog.get_logger(__name__)

BACK = "通信が戻りました"
_FEW_INSTANTS = 16
"""What one read of the broker brought has one instant of arrival; a batch of two thousand is made of a few reads."""
_LINE = (ReasonCode.device_unreachable, ReasonCode.not_installed)


def apply(work: Work, device_id: str, state: State) -> None:
    """A birth, a goodbye or a will."""
    device = of(work.conn, device_id)
    if device is None:
        log.warning("state.of_unknown_device", device=device_id)
        return
    if state.presence is Presence.online:
        _born(work, device, state)
    elif device["session"] in (None, state.session):
        _gone(work, device, state)
    else:
        log.info("state.of_older_session", device=device_id, session=state.session)


def heard(work: Work, device: RowMapping, session: str) -> None:
    """An event of `session` arrived. It says that the line works, unless it was sent before that session was lost."""
    values: dict[str, object] = {"last_seen_at": work.now}
    lost = device["presence"] in (DeviceState.late, DeviceState.offline)
    if device["presence"] == DeviceState.not_installed or (lost and session != device["session"]):
        values |= {"presence": DeviceState.online, "presence_at": work.now, "session": session}
        _returned(work, device)
    work.conn.execute(update(t.device).where(t.device.c.id == device["id"]).values(values))


def seen(conn: Connection, heard_at: Mapping[str, datetime]) -> None:
    """These devices were heard of at these instants, and nothing else about them changes."""
    together: dict[datetime, list[str]] = defaultdict(list)
    for device_id, at in heard_at.items():
        together[at].append(device_id)
    if len(together) > _FEW_INSTANTS:
        bulk.update(conn, t.device, "id", [{"id": id, "last_seen_at": at} for id, at in heard_at.items()])
        return
    for at, device_ids in together.items():
        conn.execute(update(t.device).where(among(t.device.c.id, device_ids)).values(last_seen_at=at))


def at_lost(work: Work, subjects: Sequence[str]) -> None:
    """The line did not come back in time: it is down, and somebody looks after the box.

    Here, and nowhere else, a loss becomes a fact. A whole district lost together is one outage, and no single lines.
    """
    gone = (DeviceState.late, DeviceState.offline)
    lost = (
        work.conn.execute(select(t.device).where(t.device.c.id.in_(subjects), t.device.c.presence.in_(gone)))
        .mappings()
        .all()
    )
    concerned = cases.people(work.conn, {one["resident_id"] for one in lost if one["resident_id"]})
    gathered = areas.gather(
        work,
        [
            Loss(one["id"], one["resident_id"], one["presence_at"])
            for one in lost
            if one["resident_id"] is not None
        ],
    )
    findings = []
    for device in lost:
        switched_off = device["presence"] == DeviceState.offline
        if not switched_off:
            why = "通信が戻らないため途絶とします"
            _set_presence(work, device, DeviceState.offline, device["presence_at"], why)
        if device["resident_id"] is not None and device["resident_id"] not in gathered:
            person = concerned[device["resident_id"]]
            findings.append(unreachable(person, device, switched_off=switched_off))
    report(work, findings)


def at_settle(work: Work, subjects: Sequence[str]) -> None:
    """The line held since it came back: what its loss caused is settled."""
    held = []
    for device_id in subjects:
        device = of(work.conn, device_id)
        if device is None or device["presence"] != DeviceState.online or device["resident_id"] is None:
            continue
        held.append(device["resident_id"])
        gone = standing(work, [device["resident_id"]], _LINE)
        if gone:
            resolve(work, gone, f"{BACK}({words.moment(device['presence_at'])})")
    left = areas.returned(work, held)
    if left:
        concerned = cases.people(work.conn, [one.resident_id for one in left])
        report(work, [_unreachable(concerned[one.resident_id], one.device_id, one.at) for one in left])


def unreachable(person: Person, device: RowMapping, *, switched_off: bool = False) -> Finding:
    """A line that is down belongs in the device lane; the same loss twice is one reason."""
    return _unreachable(person, device["id"], device["presence_at"], switched_off=switched_off)


def _unreachable(person: Person, device_id: str, since: datetime, *, switched_off: bool = False) -> Finding:
    return Finding(
        person=person,
        lane=Lane.device,
        code=ReasonCode.device_unreachable,
        severity=Severity.device_unreachable,
        words=f"{'電源が切られています' if switched_off else '通信途絶'}({words.moment(since)} から)",
        source=f"{device_id}@{since.isoformat()}",
        actor=device_id,
    )


def of(conn: Connection, device_id: str) -> RowMapping | None:
    """The device's row."""
    return conn.execute(select(t.device).where(t.device.c.id == device_id)).mappings().one_or_none()


def _born(work: Work, device: RowMapping, state: State) -> None:
    known = device["session"] == state.session and device["presence"] == DeviceState.online
    values: dict[str, object] = {
        "session": state.session,
        "presence": DeviceState.online,
        "muted": state.muted,
        "last_seen_at": work.now,
        "version": state.version or device["version"],
        "recognizer": state.recognizer or device["recognizer"],
    }
    if not known:
        values["presence_at"] = work.now
        if device["presence"] != DeviceState.online:
            _returned(work, device)
    work.conn.execute(update(t.device).where(t.device.c.id == device["id"]).values(values))
    if device["muted"] != state.muted:
        _mute_switched(work, device, state.muted)


def _gone(work: Work, device: RowMapping, state: State) -> None:
    if device["presence"] in (DeviceState.late, DeviceState.offline):
        return  # the same will told again, or a will after the goodbye
    work.conn.execute(update(t.device).where(t.device.c.id == device["id"]).values(session=state.session))
    if state.presence is Presence.offline:
        _set_presence(work, device, DeviceState.offline, work.now, "電源を切る知らせがありました")
    else:
        _set_presence(work, device, DeviceState.late, work.now, "通信が切れました")
        if device["resident_id"] is not None:
            areas.suspect(work, device["resident_id"])
    work.schedule(DueKind.device_lost, device["id"], work.policy.watch.device_lost_after)


def _returned(work: Work, device: RowMapping) -> None:
    work.record("device", device["id"], device["presence"], DeviceState.online, BACK, device["id"])
    work.schedule(DueKind.device_settle, device["id"], work.policy.watch.device_settle)


def _set_presence(work: Work, device: RowMapping, presence: DeviceState, at: datetime, why: str) -> None:
    work.record("device", device["id"], device["presence"], presence, why, device["id"])
    work.conn.execute(
        update(t.device).where(t.device.c.id == device["id"]).values(presence=presence, presence_at=at)
    )


def _mute_switched(work: Work, device: RowMapping, muted: bool) -> None:
    old, new = ("muted", "heard") if not muted else ("heard", "muted")
    work.record("device", device["id"], old, new, "消音スイッチが動きました", device["id"])
    if not muted and device["resident_id"] is not None:
        over = standing(work, [device["resident_id"]], [ReasonCode.muted])
        if over:
            resolve(work, over, "消音が解除されました", device["id"])
