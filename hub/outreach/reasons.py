"""Why a household is in the queue: a reason is added once per source, and settles with words."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update

from hub import ladder
from hub.outreach import cases
from hub.outreach.cases import Case, Person
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, Lane, ReasonCode, Severity
from hub.work import HUB, Work

_ONE_AT_A_TIME = frozenset(
    {
        ReasonCode.missed,
        ReasonCode.device_unreachable,
        ReasonCode.not_installed,
        ReasonCode.muted,
        ReasonCode.mic_fault,
        ReasonCode.not_played,
    }
)
"""Conditions that last: while one stands, more of the same is no second reason."""
_SETTLED_AS = {Lane.person: CaseOutcome.settled_by_late_answer, Lane.device: CaseOutcome.settled_by_return}


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


def report(work: Work, finding: Finding) -> str:
    """Bring a finding into the queue and return its case; the same source twice changes nothing."""
    case = cases.open_case(work.conn, finding.person.household_id, finding.lane)
    if case is None:
        case = cases.create(work, finding.person.household_id, finding.lane, finding.severity, finding.words)
        known: list[RowMapping] = []
    else:
        known = list(_of_case(work, case["id"]))
    if any(row["source"] == finding.source and row["code"] == finding.code for row in known):
        _refresh(work, case, finding, known)
        return str(case["id"])
    standing = [row for row in known if row["resolved_at"] is None]
    if finding.code in _ONE_AT_A_TIME and any(_same(row, finding) for row in standing):
        _refresh(work, case, finding, known)
        return str(case["id"])
    _add(work, case, finding)
    _raise(work, case, finding, standing)
    return str(case["id"])


def resolve(work: Work, reasons: Collection[RowMapping], why: str, actor: str = HUB) -> None:
    """Settle these reasons with words; a case without any left closes itself, unless somebody has it in hand."""
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
        if case["closed_at"] is None:
            settle(work, case, why, actor)


def settle(work: Work, case: Case, why: str, actor: str = HUB) -> None:
    """Let the case weigh what is left of it."""
    left = cases.unresolved(work.conn, case["id"])
    if not left and case["owner"] is None:
        cases.close(work, case, _SETTLED_AS[Lane(case["lane"])], why, actor)
    elif not left:
        work.record("case", case["id"], case["step"], cases.CLOSE_STEP, cases.CLOSE_WORDS, actor)
        cases.change(work, case, step=cases.CLOSE_STEP, step_words=cases.CLOSE_WORDS)
        ladder.halt(work, case)
    else:
        gravest = left[0]
        if gravest["severity"] != case["severity"]:
            cases.set_severity(work, case, Severity(gravest["severity"]), why, actor)
        concerned = ladder.concerned(work.conn, case)
        wanted = cases.ladder_of(
            work, gravest, next(one.risk_class for one in concerned if one.id == gravest["resident_id"])
        )
        if wanted != case["ladder"]:
            ladder.enter(work, case, wanted, concerned)


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


def downgrade(work: Work, reason: RowMapping, severity: Severity, addition: str, actor: str) -> None:
    """Let a reason weigh less, with `addition` in its words; it stays until a person has closed it."""
    words = f"{reason['words']}({addition})"[:300]
    work.conn.execute(
        update(t.reason).where(t.reason.c.id == reason["id"]).values(severity=severity, words=words)
    )
    work.record("case", reason["case_id"], reason["code"], reason["code"], words, actor)
    case = cases.get(work.conn, reason["case_id"])
    if case["closed_at"] is None:
        settle(work, case, addition, actor)


def _of_case(work: Work, case_id: str) -> list[RowMapping]:
    return list(work.conn.execute(select(t.reason).where(t.reason.c.case_id == case_id)).mappings())


def _same(row: RowMapping, finding: Finding) -> bool:
    return bool(row["code"] == finding.code and row["resident_id"] == finding.person.id)


def _add(work: Work, case: Case, finding: Finding) -> None:
    work.conn.execute(
        insert(t.reason).values(
            id=work.ids(work.now),
            case_id=case["id"],
            resident_id=finding.person.id,
            code=finding.code,
            words=finding.words[:300],
            severity=finding.severity,
            at=work.now,
            since=finding.since,
            source=finding.source,
        )
    )
    work.record("case", case["id"], None, finding.code, finding.words, finding.actor)


def _refresh(work: Work, case: Case, finding: Finding, known: Collection[RowMapping]) -> None:
    """A silence that goes on: its words tell how far it has come, the history keeps the earlier ones."""
    if finding.code is not ReasonCode.missed:
        return
    for row in known:
        if _same(row, finding) and row["resolved_at"] is None and row["words"] != finding.words:
            work.conn.execute(
                update(t.reason)
                .where(t.reason.c.id == row["id"])
                .values(words=finding.words[:300], since=finding.since)
            )
            work.record("case", case["id"], finding.code, finding.code, finding.words, finding.actor)


def _raise(work: Work, case: Case, finding: Finding, standing: Collection[RowMapping]) -> None:
    """Let the case weigh the new reason; its clocks stay, and an owner's rest does not delay something graver."""
    if standing and finding.severity.rank <= Severity(case["severity"]).rank:
        return
    if finding.severity != case["severity"]:
        cases.set_severity(work, case, finding.severity, finding.words, finding.actor)
    ladder.end_rest(work, case)
    wanted = work.policy.ladder_for(finding.code, finding.severity, finding.person.risk_class)
    ladder.enter(work, case, wanted, [finding.person])
