"""Where every resident stands today: one subquery that the tiles, the districts and the lists share.

A person's state follows the latest question of the office's day that was opened. Three things lie over it:
an absence pauses, an open reason that asks for help outranks, and before the first question everybody waits.
"""

from datetime import datetime

from sqlalchemy import Subquery, and_, case, exists, func, literal, or_, select

from contract.time import office_date
from hub.store import tables as t
from hub.vocabulary import PersonState, ReasonCode, SlotState

_ASKS_FOR_HELP = [ReasonCode.call_for_help, ReasonCode.negative_response, ReasonCode.talk_request]


def people_today(now: datetime) -> Subquery:
    """Columns: resident_id, household_id, district, asked, heard, slot_state, wants_help, state.

    `heard` says that any question of today was answered, `slot_state` is a `PersonState` without `wants_help`
    (those values add up to everybody), `state` the full one. Only people enrolled now are in it.
    """
    day = office_date(now)
    opened = (
        select(
            t.slot.c.resident_id,
            t.slot.c.state,
            t.slot.c.why,
            func.max(case((t.slot.c.asked, 1), else_=0))
            .over(partition_by=t.slot.c.resident_id)
            .label("asked"),
            func.max(case((t.slot.c.state == SlotState.answered, 1), else_=0))
            .over(partition_by=t.slot.c.resident_id)
            .label("heard"),
            func.row_number()
            .over(partition_by=t.slot.c.resident_id, order_by=(t.slot.c.opens_at.desc(), t.slot.c.id.desc()))
            .label("latest"),
        )
        # An early answer settles a question before its time; it counts as opened.
        .where(t.slot.c.day == day, or_(t.slot.c.opens_at <= now, t.slot.c.state != SlotState.waiting))
        .subquery("opened")
    )
    away = exists().where(
        t.absence.c.resident_id == t.resident.c.id,
        t.absence.c.ended_at.is_(None),
        t.absence.c.starts_at <= now,
        t.absence.c.until > now,
    )
    wants_help = exists().where(
        t.reason.c.resident_id == t.resident.c.id,
        t.reason.c.resolved_at.is_(None),
        t.reason.c.code.in_(_ASKS_FOR_HELP),
        t.reason.c.case_id == t.case.c.id,
        t.case.c.closed_at.is_(None),
    )
    slot_state = case(
        (or_(away, opened.c.why == ReasonCode.away), literal(PersonState.away.value)),
        (opened.c.state == SlotState.answered, literal(PersonState.answered.value)),
        (opened.c.state == SlotState.missed, literal(PersonState.unanswered.value)),
        (opened.c.state == SlotState.cannot_tell, literal(PersonState.cannot_tell.value)),
        else_=literal(PersonState.waiting.value),
    )
    return (
        select(
            t.resident.c.id.label("resident_id"),
            t.resident.c.household_id,
            t.household.c.district,
            func.coalesce(opened.c.asked, 0).label("asked"),
            func.coalesce(opened.c.heard, 0).label("heard"),
            slot_state.label("slot_state"),
            wants_help.label("wants_help"),
            case((wants_help, literal(PersonState.wants_help.value)), else_=slot_state).label("state"),
        )
        .select_from(t.resident)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .outerjoin(opened, and_(opened.c.resident_id == t.resident.c.id, opened.c.latest == 1))
        .where(
            t.resident.c.enrolled_at <= now, or_(t.resident.c.ended_at.is_(None), t.resident.c.ended_at > now)
        )
        .subquery("people_today")
    )
