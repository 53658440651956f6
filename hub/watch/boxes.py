"""What is broken in a speaker, and mended again."""

from sqlalchemy import RowMapping, update

from hub import words
from hub.outreach import cases
from hub.outreach.reasons import Finding, report, resolve, standing
from hub.store import tables as t
from hub.vocabulary import Lane, ReasonCode, Severity
from hub.work import Work


def fault(work: Work, device: RowMapping, part: str, event_id: str, *, broken: bool) -> None:
    """A part broke or was mended; `device.fault` names the one that broke last and still is."""
    called = words.PARTS.get(part, part)
    reasons = _standing(work, device)
    if broken:
        if device["fault"] != part:
            work.record("device", device["id"], device["fault"], part, f"{called}の不具合", device["id"])
            _set_fault(work, device, part)
        if device["resident_id"] is not None and part not in reasons:
            _report(work, device, part, f"{called}の不具合", event_id)
        return
    mended = reasons.pop(part, None)
    if device["fault"] == part:
        left = next(iter(reasons), None)
        work.record("device", device["id"], part, left or "mended", f"{called}が直りました", device["id"])
        _set_fault(work, device, left)
    if mended is not None:
        resolve(work, [mended], f"{called}が直りました", device["id"])


def _standing(work: Work, device: RowMapping) -> dict[str, RowMapping]:
    """The faults of this box that stand in the queue, by part."""
    if device["resident_id"] is None:
        return {}
    rows = standing(work, [device["resident_id"]], [ReasonCode.device_fault])
    return {row["source"].partition("/")[0]: row for row in rows}


def _report(work: Work, device: RowMapping, part: str, what: str, event_id: str) -> None:
    finding = Finding(
        person=cases.person(work.conn, device["resident_id"]),
        lane=Lane.device,
        code=ReasonCode.device_fault,
        severity=Severity.device_unreachable,
        words=f"{what}({words.moment(work.now)})",
        source=f"{part}/{event_id}",
        actor=device["id"],
    )
    report(work, [finding])


def _set_fault(work: Work, device: RowMapping, part: str | None) -> None:
    work.conn.execute(update(t.device).where(t.device.c.id == device["id"]).values(fault=part))
