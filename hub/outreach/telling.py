"""Who is told of a case: the people on duty when it comes or becomes grave, contacts at their step, everybody at its end.

A line or box that must be mended is told to nobody: it stands on the board. Names stand in what staff are told; what
contacts are told is worded by `hub.notices.bundle`, whatever stands here.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import select, update

from hub.notices import outbox
from hub.notices.notice import DUTY, Notice, NoticeKind, Subject, Urgency, contacts, owner
from hub.outreach.cases import Case
from hub.policy import Step
from hub.store import tables as t
from hub.vocabulary import Lane, Party, ReasonCode, Severity
from hub.work import Work

PARTIES = (Party.family_contact, Party.helper, Party.welfare_commissioner)
"""Those who are not staff: told by a notice, as far as consent goes."""


class News(NamedTuple):
    """A case, and the reason that brought it into the queue."""

    case: Case
    resident_id: str
    code: ReasonCode
    words: str


def opened(work: Work, fresh: Sequence[News]) -> None:
    """New cases, unless the policy says that a reason of this kind alone is told to nobody."""
    told = [
        one for one in fresh if one.case.lane is Lane.person and one.code not in work.policy.telling.quiet
    ]
    names = _names(work, [one.resident_id for one in told])
    outbox.put(
        work,
        [
            Notice(
                key=f"case/{one.case.id}/opened",
                kind=_kind(one.case.severity, NoticeKind.case_opened),
                audience=DUTY,
                subject=Subject("case", one.case.id),
                words=f"{names[one.resident_id]}: {one.words}。次: {one.case.step_words}",
                urgency=_urgency(one.case.severity),
            )
            for one in told
        ],
    )


def raised(work: Work, case: Case, resident_id: str, words: str, source: str) -> None:
    """A case that was known became an emergency: whoever has it in hand, or is on duty, at once."""
    if case.severity is not Severity.emergency:
        return
    notice = Notice(
        key=f"case/{case.id}/emergency/{source}"[:160],
        kind=NoticeKind.emergency,
        audience=owner(case.id),
        subject=Subject("case", case.id),
        words=f"{_names(work, [resident_id])[resident_id]}: {words}。次: {case.step_words}",
        urgency=Urgency.emergency,
    )
    outbox.put(work, [notice])


def step(work: Work, case: Case, step: Step, residents: Collection[str]) -> None:
    """A case came to a step whose party is to be told: each resident's own contacts of that kind.

    While nobody is on duty they are told that, too.
    """
    if step.party not in PARTIES or case.lane is not Lane.person:
        return
    outbox.put(
        work,
        [
            Notice(
                key=f"case/{case.id}/step/{step.name}/{resident_id}"[:160],
                kind=_kind(case.severity, NoticeKind.step if work.staffed else NoticeKind.nobody_on_duty),
                audience=contacts(resident_id, step.party),
                subject=Subject("case", case.id),
                words=step.words,
                urgency=_urgency(case.severity),
            )
            for resident_id in sorted(residents)
        ],
    )


def reopened(work: Work, case: Case, resident_id: str, words: str) -> None:
    """A case that was closed is open again: those on duty may have taken it for settled."""
    if case.lane is not Lane.person:
        return
    notice = Notice(
        key=f"case/{case.id}/reopened/{work.now.isoformat()}",
        kind=_kind(case.severity, NoticeKind.case_opened),
        audience=DUTY,
        subject=Subject("case", case.id),
        words=f"{_names(work, [resident_id])[resident_id]}: もう一度開いた件: {words}。次: {case.step_words}",
        urgency=_urgency(case.severity),
    )
    outbox.put(work, [notice])


def moved(work: Work, case: Case, into: Case) -> None:
    """One case became part of another: who was told of it hears of that one's end, and answers go there."""
    work.conn.execute(
        update(t.notice)
        .where(t.notice.c.subject_kind == "case", t.notice.c.subject == case.id)
        .values(subject=into.id)
    )
    work.conn.execute(update(t.family_link).where(t.family_link.c.case_id == case.id).values(case_id=into.id))


def over(work: Work, case: Case, why: str) -> None:
    """Nothing is left of a case: what is not out yet stays in, and those who were told are told so."""
    if case.lane is Lane.person:
        outbox.all_clear(work, [(Subject("case", case.id), why)])


def _kind(severity: Severity, otherwise: NoticeKind) -> NoticeKind:
    return NoticeKind.emergency if severity is Severity.emergency else otherwise


def _urgency(severity: Severity) -> Urgency:
    return Urgency.emergency if severity is Severity.emergency else Urgency.prompt


def _names(work: Work, residents: Collection[str]) -> dict[str, str]:
    """「長島 佐藤 ハル 様」, by resident."""
    if not residents:
        return {}
    rows = work.conn.execute(
        select(t.resident.c.id, t.resident.c.name, t.district.c.name.label("district"))
        .join(t.household, t.household.c.id == t.resident.c.household_id)
        .join(t.district, t.district.c.code == t.household.c.district)
        .where(t.resident.c.id.in_(residents))
    )
    return {row.id: f"{row.district} {row.name} 様" for row in rows}
