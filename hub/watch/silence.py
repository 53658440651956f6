"""The silence of a person: slots missed in a row, counted anew from the slots whenever one of them changes.

A slot that ended in cannot_tell says nothing and neither counts nor breaks the row. What a person of ours has dealt
with (a phone call, a visit, a closed case) starts the row anew.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from contract.time import office_date
from hub import words
from hub.outreach import cases
from hub.outreach.cases import Person
from hub.outreach.reasons import Finding, report, resolve, standing
from hub.store import tables as t
from hub.vocabulary import DueKind, Lane, ReasonCode, Severity, SlotState
from hub.work import Work


class Missed(NamedTuple):
    """A slot that was missed."""

    day: date
    name: str
    opens_at: datetime


Chain = list[Missed]
_LOOK_BACK = timedelta(days=31)
"""A silence that has lasted for a month is in the queue; older slots add nothing but cost."""


def judge(work: Work, residents: Collection[str], heard: str | None = None) -> None:
    """Bring the queue in line with how long these residents have been silent.

    `heard` says what ended a silence, for the history: 「18:00 の声かけに応答」.
    """
    if not residents:
        return
    chains = _chains(work, residents)
    waiting = {row["resident_id"]: row for row in standing(work, residents, [ReasonCode.missed])}
    concerned = cases.people(work.conn, [one for one in residents if chains[one]])
    findings: list[Finding] = []
    for resident_id in residents:
        chain = chains[resident_id]
        reason = waiting.get(resident_id)
        if chain and _counts(work, concerned[resident_id], chain):
            work.cancel(DueKind.unanswered, resident_id)
            findings.append(_finding(work, concerned[resident_id], chain))
            continue
        if reason is not None:
            resolve(work, [reason], heard or "応答が確認できました")
        if chain:
            limit = work.policy.risk_class(concerned[resident_id].risk_class).unanswered_for
            work.schedule(DueKind.unanswered, resident_id, chain[0].opens_at + limit)
        else:
            work.cancel(DueKind.unanswered, resident_id)
    if findings:
        report(work, findings)


def at_unanswered(work: Work, subjects: Sequence[str]) -> None:
    """Silent for as long as the policy allows: into the queue, unless the person is known to be away by now."""
    away = set(
        work.conn.scalars(
            select(t.absence.c.resident_id).where(
                t.absence.c.resident_id.in_(subjects),
                t.absence.c.ended_at.is_(None),
                t.absence.c.starts_at <= work.now,
                t.absence.c.until > work.now,
            )
        )
    )
    judge(work, [subject for subject in subjects if subject not in away])


def _counts(work: Work, person: Person, chain: Chain) -> bool:
    limits = work.policy.risk_class(person.risk_class)
    return len(chain) >= limits.missed_slots_in_a_row or work.now >= chain[0].opens_at + limits.unanswered_for


def _finding(work: Work, person: Person, chain: Chain) -> Finding:
    limits = work.policy.risk_class(person.risk_class)
    in_a_row = len(chain) >= limits.missed_slots_in_a_row
    named = [words.slot(row.day, row.name, row.opens_at, work.policy.slot_words) for row in chain]
    lasted = work.now - chain[0].opens_at
    return Finding(
        person=person,
        lane=Lane.person,
        code=ReasonCode.missed,
        severity=Severity.needs_check,
        words=words.missed(named) if in_a_row else words.unanswered(named[0], lasted),
        source=f"{person.id}/{chain[0].day}/{chain[0].name}",
        since=chain[0].opens_at,
    )


def _chains(work: Work, residents: Collection[str]) -> dict[str, Chain]:
    """The slots missed in a row up to now, oldest first, of each of these residents."""
    rows = work.conn.execute(
        select(
            t.slot.c.resident_id,
            t.slot.c.day,
            t.slot.c.name,
            t.slot.c.opens_at,
            t.slot.c.state,
            t.resident.c.settled_at,
        )
        .join(t.resident, t.resident.c.id == t.slot.c.resident_id)
        .where(
            t.slot.c.resident_id.in_(residents),
            t.slot.c.day >= office_date(work.now - _LOOK_BACK),
            t.slot.c.state.in_([SlotState.missed, SlotState.answered]),
        )
        .order_by(t.slot.c.opens_at.desc())
    )
    chains: dict[str, Chain] = defaultdict(list)
    broken: set[str] = set()
    for row in rows:
        settled = row.settled_at is not None and row.opens_at <= row.settled_at
        if row.state == SlotState.answered or settled:
            broken.add(row.resident_id)
        elif row.resident_id not in broken:
            chains[row.resident_id].insert(0, Missed(row.day, row.name, row.opens_at))
    return chains
