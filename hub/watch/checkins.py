"""What came of an asking: the slot it names, early, in time, late, or known to nobody."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import RowMapping, select, union_all, update

from contract.envelope import Event
from contract.events import CheckIn, Intent, Outcome
from contract.time import office_date
from hub import words
from hub.outreach.reasons import resolve, standing
from hub.store import tables as t
from hub.store.among import among
from hub.vocabulary import DueKind, ReasonCode, SlotState
from hub.watch import silence, slots
from hub.watch.slots import SlotKey
from hub.work import Work

_NOT_ASKED = (ReasonCode.muted, ReasonCode.mic_fault, ReasonCode.not_played)
_YES_NO = {"yes": "はい", "no": "いいえ"}
_SAID = {
    Intent.going_out: "出かけるとの応答",
    Intent.declined: "今はよいとの応答",
    Intent.repeat: "聞き返しの応答",
}


def apply(work: Work, device: RowMapping, event: Event, check_in: CheckIn) -> None:
    """Let one asking take effect on the slot it names and on the box that asked."""
    resident_id = device["resident_id"]
    ends_something = bool(something_to_end(work, [resident_id]))
    _mouth_and_ear(work, device, check_in.outcome, ends_something)
    slot = _slot(work, resident_id, check_in.slot, event)
    if slot is None:
        return
    if not is_answer(check_in):
        _asked(work, slot, check_in)
    elif slot["state"] == SlotState.waiting:
        _answered(work, slot, event, check_in, ends_something)
    elif slot["state"] != SlotState.answered:
        _settled(work, slot, event, check_in)


def named(work: Work, resident_id: str, slot: str) -> str:
    """How staff call the slot an event names: 11/24 朝."""
    key = key_of(resident_id, slot)
    if key is None:
        return slot
    called = work.policy.slot_words.get(key.name, key.name)
    return f"{key.day.month}/{key.day.day} {called}"


def key_of(resident_id: str, slot: str) -> SlotKey | None:
    """The slot an event names; None when its day is none."""
    named_slot = day_and_name(slot)
    return None if named_slot is None else SlotKey(resident_id, *named_slot)


@lru_cache(maxsize=256)
def day_and_name(slot: str) -> tuple[date, str] | None:
    """What an event calls a slot, taken apart; None when its day is none. A town names the same few all morning."""
    day, _, name = slot.partition("/")
    try:
        return date.fromisoformat(day), name
    except ValueError:
        return None


def _slot(work: Work, resident_id: str, named_slot: str, event: Event) -> RowMapping | None:
    """The slot an event names, planned now if the hub has not come that far; None, and written down, if unknown."""
    key = key_of(resident_id, named_slot)
    row = _find(work, key) if key else None
    if row is None and key is not None:
        until = work.now + work.policy.early_window(key.name)
        if slots.plan_for_event(work, resident_id, key.day, key.name, until):
            row = _find(work, key)
    if row is None:
        why = f"予定にない声かけ「{named_slot}」の記録が届きました"
        work.record("resident", resident_id, None, "unknown_slot", why, event.device)
    elif row["opens_at"] - work.policy.early_window(row["name"]) > work.now:
        why = "早すぎる記録のため、この声かけの応答とはしません"
        work.record("slot", str(key), row["state"], row["state"], why, event.device)
        return None
    return row


def _find(work: Work, key: SlotKey) -> RowMapping | None:
    return (
        work.conn.execute(
            select(t.slot).where(
                t.slot.c.resident_id == key.resident_id, t.slot.c.day == key.day, t.slot.c.name == key.name
            )
        )
        .mappings()
        .one_or_none()
    )


def something_to_end(work: Work, residents: Sequence[str]) -> set[str]:
    """Residents whose silence or whose speaker's silence an asking may put an end to."""
    codes = (ReasonCode.missed, *_NOT_ASKED)
    standing = select(t.reason.c.resident_id).where(
        among(t.reason.c.resident_id, residents),
        t.reason.c.code.in_(codes),
        t.reason.c.resolved_at.is_(None),
    )
    counting = select(t.due.c.subject).where(
        t.due.c.kind == DueKind.unanswered, among(t.due.c.subject, residents)
    )
    return set(work.conn.scalars(union_all(standing, counting)))


def is_answer(check_in: CheckIn) -> bool:
    """Whether the resident was heard; a television was not asked."""
    return check_in.intent is not None and check_in.intent is not Intent.unrelated


def after_asking(asked: bool, attempts: int, last_outcome: str | None, check_in: CheckIn) -> dict[str, Any]:
    """What a slot holds after an asking without an answer; it may arrive out of order, or after the slot has ended."""
    latest = check_in.attempts >= attempts
    return {
        "asked": asked or check_in.outcome.was_asked,
        "attempts": check_in.attempts if latest else attempts,
        "last_outcome": check_in.outcome if latest else last_outcome,
    }


def after_answer(attempts: int, event: Event, check_in: CheckIn, at: datetime) -> dict[str, Any]:
    """What a slot with so many attempts holds after its answer, which arrived at `at`."""
    return {
        "state": SlotState.answered,
        "why": None,
        "intent": check_in.intent,
        "asked": True,
        "attempts": max(attempts, check_in.attempts),
        "last_outcome": check_in.outcome,
        "closed_at": at,
        "event_id": event.id,
    }


def said(check_in: CheckIn) -> str:
    """How the history calls an answer in time, with what staff should see of the further questions."""
    answered = _SAID.get(check_in.intent or Intent.fine, "応答あり")
    worrying = [
        f"{words.EXTRAS.get(each.question, each.question)}:{_YES_NO[each.answer]}"
        for each in check_in.extras
        if each.worrying and each.answer in _YES_NO
    ]
    return f"{answered}。気になる答え {'、'.join(worrying)}" if worrying else answered


def _asked(work: Work, slot: RowMapping, check_in: CheckIn) -> None:
    values = after_asking(slot["asked"], slot["attempts"], slot["last_outcome"], check_in)
    work.conn.execute(update(t.slot).where(t.slot.c.id == slot["id"]), values)
    told_nothing = slot["state"] == SlotState.cannot_tell and slot["why"] != ReasonCode.away
    if told_nothing and check_in.outcome.was_asked:
        work.schedule(DueKind.late_silence, str(_of(slot)), work.policy.watch.device_settle)


def _answered(work: Work, slot: RowMapping, event: Event, check_in: CheckIn, ends_something: bool) -> None:
    """An answer in time: the slot ends now, and the next one is planned."""
    _end(work, slot, event, check_in, said(check_in))
    work.cancel(DueKind.slot_deadline, str(_of(slot)))
    slots.plan_after(work, [slot])
    if ends_something:
        _no_longer_silent(work, slot)


def _settled(work: Work, slot: RowMapping, event: Event, check_in: CheckIn) -> None:
    """An answer that arrives after its slot ended without one: it counts, and the history says that it was late."""
    late = words.length(max(work.now - slot["closed_at"], timedelta()))
    _end(work, slot, event, check_in, f"締切の {late}後に応答が届きました")
    _no_longer_silent(work, slot)


def _end(work: Work, slot: RowMapping, event: Event, check_in: CheckIn, why: str) -> None:
    values = after_answer(slot["attempts"], event, check_in, work.now)
    work.conn.execute(update(t.slot).where(t.slot.c.id == slot["id"]), values)
    work.record("slot", str(_of(slot)), slot["state"], SlotState.answered, why, event.device)


def _no_longer_silent(work: Work, slot: RowMapping) -> None:
    """Whatever silence led up to this slot is over."""
    day = slot["day"]
    when = words.time_of_day(slot["opens_at"])
    if day != office_date(work.now):
        when = f"{day.month}/{day.day} {when}"
    silence.judge(work, [slot["resident_id"]], f"{when} の声かけに応答")


def _mouth_and_ear(work: Work, device: RowMapping, outcome: Outcome, ends_something: bool) -> None:
    """An asking that was heard to play says that nothing stands in the way any more; a muted one, that it does."""
    muted = outcome is Outcome.muted
    if outcome.was_asked and ends_something:
        over = standing(work, [device["resident_id"]], _NOT_ASKED)
        if over:
            resolve(work, over, "声かけが再生されました", device["id"])
    if device["muted"] != muted and (muted or outcome.was_asked):
        work.conn.execute(update(t.device).where(t.device.c.id == device["id"]).values(muted=muted))


def _of(slot: RowMapping) -> SlotKey:
    return SlotKey(slot["resident_id"], slot["day"], slot["name"])
