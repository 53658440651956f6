"""What really happened in each home: questions and answers, what was said, and what people did about it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from hub.store import tables as t
from hub.vocabulary import Lane, Party, ReasonCode, Severity, SlotState
from hub.work import HUB


class Question(NamedTuple):
    """One slot of one resident that says something: answered, or asked in vain."""

    opens_at: datetime
    answered_at: datetime | None
    """When the answer arrived, however late; None where none did."""


class Said(NamedTuple):
    """What came into the queue by itself: a call for help, a complaint, a wish to talk."""

    at: datetime
    code: ReasonCode
    severity: Severity


class Act(NamedTuple):
    """What a member of staff wrote down about a case of the household."""

    at: datetime
    kind: str
    """`reached` and `closed` end a silence, `not_reached` goes on to the next step, `other` lets the climb rest."""


class Real(NamedTuple):
    """A silence that really came into the queue."""

    at: datetime
    since: datetime


@dataclass
class Home:
    """One resident's records, each list oldest first."""

    resident_id: str
    household_id: str
    risk_class: str
    parties: frozenset[Party]
    """Who could be asked at a step; the office and a visit always can."""
    questions: list[Question] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    real: list[Real] = field(default_factory=list)


_SPOKEN = (ReasonCode.call_for_help, ReasonCode.negative_response, ReasonCode.talk_request)
_TOLD = {
    Party.family_contact: "tell_family",
    Party.helper: "tell_family",
    Party.welfare_commissioner: "share",
}


def read(conn: Connection, since: datetime, until: datetime, first_day: date) -> list[Home]:
    """Everybody with a slot of `first_day` or later, from `since` to `until`; a handful of queries for a year of a town."""
    homes = everybody(conn)
    questions = conn.execute(
        select(t.slot.c.resident_id, t.slot.c.opens_at, t.slot.c.state, t.slot.c.closed_at)
        .where(t.slot.c.day >= first_day, t.slot.c.opens_at < until)
        .where(t.slot.c.state.in_([SlotState.answered, SlotState.missed]))
        .order_by(t.slot.c.opens_at, t.slot.c.id)
    )
    for resident_id, opens_at, state, closed_at in questions:
        answered_at = closed_at if state == SlotState.answered else None
        homes[resident_id].questions.append(Question(opens_at, answered_at))
    reasons = conn.execute(
        select(t.reason.c.resident_id, t.reason.c.code, t.reason.c.severity, t.reason.c.at, t.reason.c.since)
        .join(t.case, t.case.c.id == t.reason.c.case_id)
        .where(t.case.c.lane == Lane.person, t.reason.c.resident_id.is_not(None))
        .where(t.reason.c.at >= since, t.reason.c.at < until)
        .order_by(t.reason.c.at, t.reason.c.id)
    )
    for resident_id, code, severity, at, silent_since in reasons:
        if code == ReasonCode.missed:
            homes[resident_id].real.append(Real(at, silent_since or at))
        elif code in _SPOKEN:
            homes[resident_id].said.append(Said(at, ReasonCode(code), Severity(severity)))
    acts = acts_on(conn, Lane.person, since, until)
    for home in homes.values():
        home.acts = acts.get(home.household_id, [])
    return [home for home in homes.values() if home.questions or home.said]


def everybody(conn: Connection) -> dict[str, Home]:
    """All residents there ever were, without records; contacts, consents and classes as they are today."""
    ticks: dict[str, set[str]] = defaultdict(set)
    for resident_id, tick in conn.execute(
        select(t.consent.c.resident_id, t.consent.c.tick).where(t.consent.c.revoked_at.is_(None))
    ):
        ticks[resident_id].add(tick)
    parties: dict[str, set[Party]] = defaultdict(lambda: {Party.office, Party.visit})
    for resident_id, role in conn.execute(
        select(t.contact.c.resident_id, t.contact.c.role).where(t.contact.c.phone.is_not(None))
    ):
        if _TOLD[Party(role)] in ticks[resident_id]:
            parties[resident_id].add(Party(role))
    found = {}
    for row in conn.execute(
        select(
            t.resident.c.id,
            t.resident.c.household_id,
            t.resident.c.risk_class,
            func.coalesce(t.resident.c.phone, t.household.c.phone, "").label("phone"),
        ).join(t.household, t.household.c.id == t.resident.c.household_id)
    ):
        of_one = parties[row.id] | ({Party.resident} if row.phone else set())
        found[row.id] = Home(row.id, row.household_id, row.risk_class, frozenset(of_one))
    return found


def acts_on(conn: Connection, lane: Lane, since: datetime, until: datetime) -> dict[str, list[Act]]:
    """What staff wrote down about each household's cases of a lane, oldest first."""
    devices = select(t.device.c.id)
    rows = conn.execute(
        select(t.case.c.household_id, t.transition.c.at, t.transition.c.new)
        .join(t.case, t.case.c.id == t.transition.c.subject)
        .where(t.transition.c.subject_kind == "case", t.case.c.lane == lane)
        .where(t.transition.c.at >= since, t.transition.c.at < until)
        .where(t.transition.c.actor != HUB, t.transition.c.actor.not_in(devices))
        .order_by(t.transition.c.at, t.transition.c.id)
    )
    kinds = {"done": "closed", "reached": "reached", "visit_met": "reached", "not_reached": "not_reached"}
    found: dict[str, list[Act]] = defaultdict(list)
    for household_id, at, new in rows:
        found[household_id].append(Act(at, kinds.get(new, "other")))
    return found
