"""Where every resident stands today: one subquery that the tiles, the districts and the lists share.

A person's state follows the latest question of the office's day that was opened. Four things lie over it:
an absence pauses, an outage that goes on hides whoever nobody has made sure of, an open reason that asks for help
outranks, and before the first question everybody waits.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, literal, or_, select

from contract.time import office_date
from hub.store import tables as t
from hub.vocabulary import CheckedHow, PersonState, ReasonCode, SlotState

_ASKS_FOR_HELP = [ReasonCode.call_for_help, ReasonCode.negative_response, ReasonCode.talk_request]


def people_today(now: datetime) -> Subquery:
    """Columns: resident_id, household_id, district, slot_state, wants_help, state.

    `slot_state` is a `PersonState` without `wants_help` (those values add up to everybody), `state` the full one.
    Only people enrolled now are in it.
    """
    day = office_date(now)
    # Correlated on purpose: each person's few slots are found by the unique index. A join with all of the day's
    # slots, numbered, was walked once per person: quadratic.
    of_today = t.slot.alias("of_today")
    opened = (
        of_today.c.resident_id == t.resident.c.id,
        of_today.c.day == day,
        # An early answer settles a question before its time; it counts as opened.
        or_(of_today.c.opens_at <= now, of_today.c.state != SlotState.waiting),
    )
    latest = (
        select(of_today.c.id)
        .where(*opened)
        .order_by(of_today.c.opens_at.desc(), of_today.c.id.desc())
        .limit(1)
        .correlate(t.resident)
        .scalar_subquery()
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
    in_outage = exists().where(
        t.outage_member.c.resident_id == t.resident.c.id,
        t.outage_member.c.back_at.is_(None),
        or_(t.outage_member.c.checked_how.is_(None), t.outage_member.c.checked_how == CheckedHow.not_reached),
        t.area_outage.c.id == t.outage_member.c.outage_id,
        t.area_outage.c.ended_at.is_(None),
    )
    slot_state = case(
        (or_(away, t.slot.c.why == ReasonCode.away), literal(PersonState.away.value)),
        (in_outage, literal(PersonState.cannot_tell.value)),
        (t.slot.c.state == SlotState.answered, literal(PersonState.answered.value)),
        (t.slot.c.state == SlotState.missed, literal(PersonState.unanswered.value)),
        (t.slot.c.state == SlotState.cannot_tell, literal(PersonState.cannot_tell.value)),
        else_=literal(PersonState.waiting.value),
    )
    return (
        select(
            t.resident.c.id.label("resident_id"),
            t.resident.c.household_id,
            t.household.c.district,
            slot_state.label("slot_state"),
            wants_help.label("wants_help"),
            case((wants_help, literal(PersonState.wants_help.value)), else_=slot_state).label("state"),
        )
        .select_from(t.resident)
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .outerjoin(t.slot, t.slot.c.id == latest)
        .where(enrolled(now))
        .subquery("people_today")
    )


def enrolled(now: datetime) -> ColumnElement[bool]:
    """Whether a resident is watched over now."""
    return and_(
        t.resident.c.enrolled_at <= now, or_(t.resident.c.ended_at.is_(None), t.resident.c.ended_at > now)
    )
