"""What an event means: for its slot, for the person, for the box."""

from datetime import UTC, datetime

import structlog
from sqlalchemy import RowMapping, select

from contract.envelope import Event
from contract.events import (
    AbsenceSaid,
    CheckIn,
    ClockQuality,
    Fault,
    Intent,
    Recall,
    SelfTest,
    Sos,
    TalkRequest,
    TestPress,
)
from hub import words
from hub.outreach import cases
from hub.outreach.cases import Person
from hub.outreach.reasons import Finding, downgrade, report
from hub.store import tables as t
from hub.vocabulary import Lane, ReasonCode, Severity
from hub.watch import away, boxes, checkins, states
from hub.work import Work

log = structlog.get_logger(__name__)

_SPOKEN = {
    Intent.unwell: (ReasonCode.negative_response, "体調が悪いとの応答"),
    Intent.pain: (ReasonCode.negative_response, "痛みがあるとの応答"),
    Intent.wants_talk: (ReasonCode.talk_request, "話がしたい・来てほしいとの応答"),
}


def apply(work: Work, event: Event) -> None:
    """Let one stored event take effect. An event of a home that nobody lives in yet moves only its box."""
    device = states.of(work.conn, event.device)
    if device is None:
        log.warning("event.of_unknown_device", device=event.device, event_id=event.id)
        return
    states.heard(work, device, event.session)
    resident_id = device["resident_id"]
    match event.body:
        case Fault() as fault:
            boxes.fault(work, device, fault.part, event.id, broken=fault.state == "broken")
        case SelfTest() as selftest:
            boxes.fault(work, device, "selftest", event.id, broken=not selftest.passed)
        case _ if resident_id is None:
            _of_nobody(work, device, event)
        case CheckIn() as check_in:
            # What is wrong joins the case that the silence opened; only then is the silence over.
            _concern(work, event, check_in, resident_id)
            checkins.apply(work, device, event, check_in)
        case Sos() as sos:
            _help(work, event, sos, resident_id)
        case Recall() as recall:
            _recall(work, event, recall, resident_id)
        case TalkRequest():
            _talk(work, event, resident_id)
        case AbsenceSaid() as said:
            away.said(work, resident_id, said, happened_at(event, work.now), event.device)
        case TestPress():
            work.record("resident", resident_id, None, "test_press", "ボタンを試しました", event.device)
        case _:
            pass


def happened_at(event: Event, received_at: datetime) -> datetime:
    """When it happened, as far as the device's clock can be trusted; never after it arrived."""
    if event.clock in (ClockQuality.synced, ClockQuality.rtc):
        return min(event.at.astimezone(UTC), received_at)
    return received_at


def _concern(work: Work, event: Event, check_in: CheckIn, resident_id: str) -> None:
    """An answer that says that something is wrong."""
    if check_in.intent is Intent.emergency:
        _help(work, event, check_in, resident_id)
    elif check_in.intent in _SPOKEN:
        code, said = _SPOKEN[check_in.intent]
        named = checkins.named(work, resident_id, check_in.slot)
        _person_needs_check(work, event, resident_id, code, f"{said}({named})")
    elif worrying := [extra.question for extra in check_in.extras if extra.worrying]:
        called = "、".join(work.policy.extra_words.get(question, question) for question in worrying)
        named = checkins.named(work, resident_id, check_in.slot)
        said = f"気になる答え: {called}({named})"
        _person_needs_check(work, event, resident_id, ReasonCode.concern, said)


def _talk(work: Work, event: Event, resident_id: str) -> None:
    at = words.moment(happened_at(event, work.now))
    _person_needs_check(work, event, resident_id, ReasonCode.talk_request, f"話がしたいとの申し出({at})")


def _person_needs_check(work: Work, event: Event, resident_id: str, code: ReasonCode, said: str) -> None:
    finding = Finding(
        person=cases.person(work.conn, resident_id),
        lane=Lane.person,
        code=code,
        severity=Severity.needs_check,
        words=said,
        source=event.id,
        actor=event.device,
    )
    report(work, [finding])


# ---- calls for help -----------------------------------------------------------------------------------------


def _help(work: Work, event: Event, body: Sos | CheckIn, resident_id: str) -> None:
    """An emergency at once. The cry of one check-in comes as `sos` and as its answer: that is one reason."""
    person = cases.person(work.conn, resident_id)
    if body.slot is not None and (first := _cry_of_slot(work, person, body.slot)):
        work.record(
            "case", first["case_id"], first["code"], first["code"], "同じ声かけの中での助けの声", event.device
        )
        return
    how = "緊急ボタン" if isinstance(body, Sos) and body.trigger == "button" else "助けを求める声"
    at = happened_at(event, work.now)
    late = f"、{words.length(work.now - at)}後に届きました" if event.late else ""
    finding = Finding(
        person=person,
        lane=Lane.person,
        code=ReasonCode.call_for_help,
        severity=Severity.emergency,
        words=f"{how}({words.moment(at)}{late})",
        source=event.id,
        actor=event.device,
    )
    report(work, [finding])


def _recall(work: Work, event: Event, recall: Recall, resident_id: str) -> None:
    """「まちがい」: nothing is dropped, somebody still phones; and what was never told is not taken back."""
    person = cases.person(work.conn, resident_id)
    calls = [row for row in _emergencies(work, person) if row["source"] == recall.event]
    if not calls:
        slot = _slot_of(work, recall.event, resident_id)
        first = _cry_of_slot(work, person, slot) if slot else None
        calls = [first] if first else []
    for call in calls:
        downgrade(work, call, Severity.needs_check, "本人が取り消し", event.device)
    if not calls:
        work.record(
            "resident", resident_id, None, "recall", "取り消す発信が見つからない取り消し", event.device
        )


def _emergencies(work: Work, person: Person) -> list[RowMapping]:
    """The calls for help that stand, neither settled nor taken back."""
    return list(
        work.conn.execute(
            select(t.reason).where(
                t.reason.c.resident_id == person.id,
                t.reason.c.code == ReasonCode.call_for_help,
                t.reason.c.severity == Severity.emergency,
                t.reason.c.resolved_at.is_(None),
            )
        ).mappings()
    )


def _cry_of_slot(work: Work, person: Person, slot: str) -> RowMapping | None:
    """The standing call for help that was heard during this check-in."""
    for row in _emergencies(work, person):
        if _slot_of(work, row["source"], person.id) == slot:
            return row
    return None


def _slot_of(work: Work, event_id: str, resident_id: str) -> str | None:
    """The check-in during which a stored event of this resident was made."""
    body = work.conn.scalar(
        select(t.event.c.body).where(t.event.c.id == event_id, t.event.c.resident_id == resident_id)
    )
    return body.get("slot") if isinstance(body, dict) else None


def _of_nobody(work: Work, device: RowMapping, event: Event) -> None:
    """A box without a resident: a call for help has no household to go to, so it is at least written down."""
    if isinstance(event.body, Sos | CheckIn | TalkRequest | Recall):
        log.error("event.of_box_without_resident", device=device["id"], event_id=event.id, type=event.type)
        work.record(
            "device", device["id"], None, event.type, "対象者の決まっていない機器からの発信", device["id"]
        )
