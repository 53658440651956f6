"""Why a household is in the queue: a reason is added once per source, and settles with words."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from hub import ladder
from hub.outreach import cases, telling
from hub.outreach.cases import Case, Person
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, Lane, Party, ReasonCode, Severity
from hub.work import HUB, Work

_ONE_AT_A_TIME = frozenset(
    {
        ReasonCode.missed,
        ReasonCode.concern,
        ReasonCode.device_unreachable,
        ReasonCode.not_installed,
        ReasonCode.muted,
        ReasonCode.mic_fault,
        ReasonCode.not_played,
    }
)
"""Conditions that last: while one stands, more of the same is no second reason."""
_SETTLED_AS = {Lane.person: CaseOutcome.settled_by_late_answer, Lane.device: CaseOutcome.settled_by_return}

Reason = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that belongs in the queue."""

    person: Person
    lane: Lane
    code: ReasonCode
    severity: Severity
    words: str
    """For a CSW: what happened, when."""
    source: str
    """The event, slot or incident behind it."""
    since: datetime | None = None
    """When the silence began, where it is one."""
    actor: str = HUB


def report(work: Work, findings: Sequence[Finding]) -> None:
    """Bring findings into the queue; the same source twice changes nothing.

    New cases and reasons are stored in one statement each: a thousand homes may fall silent at one instant.
    """
    opened = cases.open_cases(work.conn, {finding.person.household_id for finding in findings})
    known = _known(work, [case.id for case in opened.values()])
    fresh: list[tuple[Case, Finding]] = []
    added: list[Reason] = []
    graver: list[tuple[Case, Finding]] = []
    for finding in findings:
        key = (finding.person.household_id, finding.lane)
        case = opened.get(key)
        if case is None:
            case = opened[key] = cases.draft(work, *key, finding.severity)
            fresh.append((case, finding))
        elif (told := _told_before(known[case.id], finding)) is not None:
            _refresh(work, told, finding)
            continue
        elif _matters_more(case, known[case.id], finding):
            graver.append((case, finding))
        reason = _reason(work, case, finding)
        known[case.id].append(reason)
        added.append(reason)
    _store(work, fresh, added)
    for case, finding in graver:
        _raise(work, case, finding)


def resolve(
    work: Work,
    reasons: Collection[RowMapping],
    why: str,
    actor: str = HUB,
    outcome: CaseOutcome | None = None,
) -> None:
    """Settle these reasons with words; a case without any left closes itself, unless somebody has it in hand.

    `outcome` is how it ends then; by default an answer came, or the line.
    """
    for case_id in {row["case_id"] for row in reasons}:
        case = cases.get(work.conn, case_id)
        mine = [row for row in reasons if row["case_id"] == case_id]
        work.conn.execute(
            update(t.reason)
            .where(t.reason.c.id.in_([row["id"] for row in mine]))
            .values(resolved_at=work.now, resolved_why=why)
        )
        for row in mine:
            work.record("case", case_id, row["code"], "resolved", f"{row['words']}: {why}", actor)
        if case.closed_at is None:
            settle(work, case, why, actor, outcome)


def settle(work: Work, case: Case, why: str, actor: str = HUB, outcome: CaseOutcome | None = None) -> None:
    """Let the case weigh what is left of it."""
    left = cases.unresolved(work.conn, case.id)
    if not left and case.owner is None:
        cases.close(work, case, outcome or _SETTLED_AS[case.lane], why, actor)
        telling.over(work, case, why)
    elif not left:
        work.record("case", case.id, case.step, cases.CLOSE_STEP, cases.CLOSE_WORDS, actor)
        cases.change(work, case, step=cases.CLOSE_STEP, step_words=cases.CLOSE_WORDS)
        ladder.halt(work, case)
        telling.over(work, case, why)
    else:
        gravest = left[0]
        if gravest["severity"] != case.severity:
            cases.set_severity(work, case, Severity(gravest["severity"]), why, actor)
        concerned = {one.id: one for one in ladder.concerned(work.conn, case)}
        wanted = cases.ladder_of(work, gravest, concerned[gravest["resident_id"]].risk_class)
        if wanted != case.ladder:
            ladder.enter(work, case, wanted, concerned.values())


def standing(work: Work, residents: Collection[str], codes: Collection[ReasonCode]) -> list[RowMapping]:
    """The unresolved reasons of these residents with one of these codes."""
    return list(
        work.conn.execute(
            select(t.reason).where(
                t.reason.c.resident_id.in_(residents),
                t.reason.c.code.in_(codes),
                t.reason.c.resolved_at.is_(None),
            )
        ).mappings()
    )


def reword(work: Work, reason: RowMapping, words: str) -> None:
    """Let a standing reason say more than it did; the history keeps the earlier words."""
    work.conn.execute(update(t.reason).where(t.reason.c.id == reason["id"]).values(words=words[:300]))
    work.record("case", reason["case_id"], reason["code"], reason["code"], words)


def downgrade(work: Work, reason: RowMapping, severity: Severity, addition: str, actor: str) -> None:
    """Let a reason weigh less, with `addition` in its words; it stays until a person has closed it."""
    words = f"{reason['words']}({addition})"[:300]
    work.conn.execute(
        update(t.reason).where(t.reason.c.id == reason["id"]).values(severity=severity, words=words)
    )
    work.record("case", reason["case_id"], reason["code"], reason["code"], words, actor)
    case = cases.get(work.conn, reason["case_id"])
    if case.closed_at is None:
        settle(work, case, addition, actor)


def _known(work: Work, case_ids: Collection[str]) -> dict[str, list[Reason]]:
    found: dict[str, list[Reason]] = defaultdict(list)
    if case_ids:
        for row in work.conn.execute(select(t.reason).where(t.reason.c.case_id.in_(case_ids))).mappings():
            found[row["case_id"]].append(dict(row))
    return found


def _told_before(known: Sequence[Reason], finding: Finding) -> Reason | None:
    """The reason that already says this: of the same source, or a condition that still lasts."""
    for reason in known:
        if reason["code"] != finding.code:
            continue
        lasts = reason["resolved_at"] is None and reason["resident_id"] == finding.person.id
        if reason["source"] == finding.source or (lasts and finding.code in _ONE_AT_A_TIME):
            return reason
    return None


def _matters_more(case: Case, known: Sequence[Reason], finding: Finding) -> bool:
    """Whether the case has to climb for this: it is graver, or everything before it is settled."""
    stands = any(reason["resolved_at"] is None for reason in known)
    return not stands or finding.severity.rank > case.severity.rank


def _reason(work: Work, case: Case, finding: Finding) -> Reason:
    work.record("case", case.id, None, finding.code, finding.words, finding.actor)
    return {
        "id": work.ids(work.now),
        "case_id": case.id,
        "resident_id": finding.person.id,
        "code": finding.code,
        "words": finding.words[:300],
        "severity": finding.severity,
        "at": work.now,
        "since": finding.since,
        "source": finding.source,
        "resolved_at": None,
        "resolved_why": None,
    }


def _store(work: Work, fresh: Sequence[tuple[Case, Finding]], added: Sequence[Reason]) -> None:
    """Store new cases on the first step of their ladder, and all new reasons."""
    visits: list[Case] = []
    for case, finding in fresh:
        wanted = _ladder(work, finding)
        onto = ladder.rung(work, wanted, case.severity, [finding.person])
        for name, value in ladder.place(work, case, wanted, onto, [finding.person]).items():
            setattr(case, name, value)
        if onto.step.party is Party.visit:
            visits.append(case)
    cases.store(work.conn, [case for case, _ in fresh])
    if added:
        work.conn.execute(insert(t.reason), list(added))
    for case in visits:
        ladder.needs_visit(work, case)
    telling.opened(
        work,
        [telling.News(case, finding.person.id, finding.code, finding.words) for case, finding in fresh],
    )


def _raise(work: Work, case: Case, finding: Finding) -> None:
    """Let the case weigh the new reason; its clocks stay, and an owner's rest does not delay something graver."""
    if finding.severity is not case.severity:
        cases.set_severity(work, case, finding.severity, finding.words, finding.actor)
    ladder.end_rest(work, case)
    ladder.enter(work, case, _ladder(work, finding), [finding.person])
    telling.raised(work, case, finding.person.id, finding.words, finding.source)


def _ladder(work: Work, finding: Finding) -> str:
    return work.policy.ladder_for(finding.code, finding.severity, finding.person.risk_class)


def _refresh(work: Work, told: Reason, finding: Finding) -> None:
    """A silence that goes on: its words tell how far it has come, the history keeps the earlier ones."""
    lasts = told["resolved_at"] is None and finding.code is ReasonCode.missed
    if lasts and told["words"] != finding.words:
        work.conn.execute(
            update(t.reason)
            .where(t.reason.c.id == told["id"])
            .values(words=finding.words[:300], since=finding.since)
        )
        work.record("case", told["case_id"], finding.code, finding.code, finding.words, finding.actor)
