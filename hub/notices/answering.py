"""What a relative's answer does: 会えた settles the silence, 会えない goes on at once, 出かけている pauses until the end.

行けません says nothing about the resident, only that this relative will not look: it settles nothing, and goes on at
once where nobody else of the same step may still go.

Everything a link can do is here. It never ends a call for help: that takes somebody of the office.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, select, update

from contract.ids import NewId, uuid7
from contract.refusal import Refused
from hub import ladder, words
from hub.access.log import Action, note
from hub.notices import links
from hub.notices.links import Link
from hub.notices.people import CALLED, TICK, standing_ticks
from hub.outreach import cases, telling
from hub.outreach.cases import Case
from hub.outreach.reasons import resolve
from hub.policy import Policy
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, ReasonCode
from hub.watch import away
from hub.work import Work

LONGEST_ABSENCE = timedelta(days=31)


class Answer(StrEnum):
    """What a relative may say."""

    met = "met"
    """会えた."""
    not_met = "not_met"
    """会えない."""
    cannot_go = "cannot_go"
    """行けません: the relative did not look, and will not."""
    away = "away"
    """出かけている, until then."""


def actor(link_id: str) -> str:
    """How a link stands in histories and in the access log."""
    return f"link:{link_id}"


def check(link: Link | None, now: datetime) -> Link:
    """The link, if an answer by it counts; `Refused` says in the relative's words why not."""
    if link is None or link.revoked_at is not None or link.expires_at <= now:
        raise Refused("このリンクは使えなくなりました。お手数ですが、電話で知らせてください。")
    return link


def answer(
    conn: Connection,
    link_id: str,
    said: Answer,
    until: datetime | None,
    now: datetime,
    policy: Policy,
    ids: NewId = uuid7,
) -> None:
    """Let the answer of a link take effect. The same answer again changes nothing; a later one may correct it.

    Raise `Refused` for a link that is over, and for an absence without an end in the coming month.
    """
    link = check(links.get(conn, link_id), now)
    if said is Answer.away and (until is None or not now < until <= now + LONGEST_ABSENCE):
        raise Refused("いつまで出かけているかを、これから 1 か月の間で選んでください。")
    if link.answer == said and said is not Answer.away:
        return
    role = _role(conn, link)
    who = f"{CALLED.get(role or '', '連絡先')}の {link.called} さん"
    case = cases.get(conn, link.case_id)
    by = actor(link.id)
    with Work(conn, now, ids, policy) as work:
        if case.closed_at is not None:
            work.record(
                "case", case.id, case.state, case.state, f"{who}から、終わったあとの返事: {_SAID[said]}", by
            )
        elif said is Answer.met:
            _settle(work, link, f"{who}が会えました", CaseOutcome.met)
        elif said is Answer.away:
            assert until is not None
            away.note(work, link.resident_id, "out", now, until, by)
            _settle(work, link, f"{who}から外出の知らせ({words.moment(until)} まで)", CaseOutcome.away)
        elif said is Answer.cannot_go:
            _pass_on(work, case, link, role, f"{who}は行けません", by)
        else:
            _go_on(work, case, telling.PARTIES, f"{who}は会えませんでした", by)
    conn.execute(
        update(t.family_link).where(t.family_link.c.id == link.id).values(answer=said, answered_at=now)
    )
    note(conn, now, by, Action.write, "case", [link.case_id])


_SAID = {
    Answer.met: "会えた",
    Answer.not_met: "会えない",
    Answer.cannot_go: "行けません",
    Answer.away: "出かけている",
}


def _role(conn: Connection, link: Link) -> str | None:
    """What the relative is to the resident; None once the roster no longer names the person."""
    return conn.scalar(
        select(t.contact.c.role).where(
            t.contact.c.resident_id == link.resident_id, t.contact.c.name == link.called
        )
    )


def _settle(work: Work, link: Link, why: str, outcome: CaseOutcome) -> None:
    """The silence is over. Whatever else speaks for the case stays, with the report in its history."""
    by = actor(link.id)
    work.conn.execute(
        update(t.resident).where(t.resident.c.id == link.resident_id).values(settled_at=work.now)
    )
    mine = [
        row for row in cases.unresolved(work.conn, link.case_id) if row["resident_id"] == link.resident_id
    ]
    silent = [row for row in mine if row["code"] == ReasonCode.missed]
    rest = [row for row in mine if row["code"] != ReasonCode.missed]
    if silent:
        resolve(work, silent, why, by, outcome)
    if rest:
        left = f"{why}。{rest[0]['words']} は職員が確かめて閉じます"
        work.record("case", link.case_id, "reported", "reported", left, by)


def _go_on(work: Work, case: Case, parties: Collection[str], why: str, by: str) -> None:
    """At a step of one of `parties` the next begins at once; while somebody has it in hand, that is written down."""
    steps = work.policy.ladders.get(case.ladder or "", [])
    theirs = any(step.name == case.step and step.party in parties for step in steps)
    if theirs and case.acknowledged_until is None:
        ladder.climb(work, case, why, by)
    else:
        work.record("case", case.id, case.step, case.step or "-", why, by)


def _pass_on(work: Work, case: Case, link: Link, role: str | None, why: str, by: str) -> None:
    """The step of a relative has failed when the last one of it says so; a step of others is theirs to fail."""
    if role is not None and _another_may_go(work, case, link, role):
        _go_on(work, case, (), f"{why}。ほかの{CALLED[role]}の返事を待ちます", by)
    else:
        _go_on(work, case, (role,) if role is not None else (), why, by)


def _another_may_go(work: Work, case: Case, link: Link, role: str) -> bool:
    """Whether somebody else of this role was asked and has not answered, or is still to be phoned.

    Whoever has only a telephone is waited for while somebody is on duty to use it.
    """
    residents = [one.id for one in ladder.concerned(work.conn, case)]
    agreed = standing_ticks(work.conn, residents)
    asked = {one.called: one for one in links.of_cases(work.conn, [case.id])}
    c = t.contact.c
    others = work.conn.execute(
        select(c.resident_id, c.name, c.phone).where(
            c.resident_id.in_(residents), c.role == role, c.name != link.called
        )
    ).all()
    for one in others:
        if TICK[role] not in agreed[one.resident_id]:
            continue
        theirs = asked.get(one.name)
        if theirs is None:
            if one.phone and work.staffed:
                return True
        elif theirs.answer is None and theirs.revoked_at is None and theirs.expires_at > work.now:
            return True
    return False
