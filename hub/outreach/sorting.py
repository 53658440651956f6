"""What keeps the queue in order: many assigned at once, two made one, one opened again, a next step with its time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from contract.refusal import Refused
from hub import ladder, words
from hub.outreach import cases, telling
from hub.outreach.cases import Case
from hub.outreach.operations import Desk
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, CaseState, DueKind, Severity
from hub.work import Work


def assign_many(desk: Desk, case_ids: Sequence[str], to: str) -> None:
    """Let `to` own all of these, or, if one of them cannot be assigned, none."""
    for case_id in dict.fromkeys(case_ids):
        desk.assign(case_id, to)


def plan_next(desk: Desk, case_id: str, said: str, at: datetime) -> None:
    """Say what the owner does next, and by when: until then the climb rests, after it the ladder goes on.

    An emergency waits for nobody's plan.
    """
    case = desk.my_case(case_id)
    if case.severity is Severity.emergency:
        raise Refused(
            "緊急の件には先の予定を決められません。まず無事を確かめ、電話か訪問の結果を書いてください。"
        )
    if at <= desk.now:
        raise Refused(f"次の一手の時刻({words.moment(at)})が過ぎています。これからの時刻を入れてください。")
    with desk.work() as work:
        plan(work, case, said, at, desk.account)


def plan(work: Work, case: Case, said: str, at: datetime, actor: str) -> None:
    """Let the case rest until `at` with this as its next step."""
    work.record(
        "case", case.id, case.step, cases.PLANNED_STEP, f"次の一手: {said}({words.moment(at)} まで)", actor
    )
    cases.change(work, case, step=cases.PLANNED_STEP, step_words=said[:200], due_at=at, acknowledged_until=at)
    work.cancel(DueKind.ladder_step, case.id)
    work.schedule(DueKind.acknowledgement, case.id, at)


def merge(desk: Desk, case_id: str, into: str) -> None:
    """Let the reasons of one case speak for another, which is the only one left; both histories say so."""
    case, other = desk.open_case(case_id), desk.open_case(into)
    if case.id == other.id or case.lane is not other.lane:
        raise Refused("同じ種類の、別の件を選んでください。")
    with desk.work() as work:
        left = cases.unresolved(desk.conn, case.id)
        known = {(row["code"], row["source"]) for row in cases.unresolved(desk.conn, other.id)}
        moving = [row["id"] for row in left if (row["code"], row["source"]) not in known]
        work.conn.execute(update(t.reason).where(t.reason.c.id.in_(moving)).values(case_id=other.id))
        work.conn.execute(
            update(t.reason)
            .where(t.reason.c.case_id == case.id, t.reason.c.resolved_at.is_(None))
            .values(resolved_at=work.now, resolved_why="別の件にまとめました")
        )
        for row in left:
            work.record("case", other.id, None, row["code"], f"まとめた件から: {row['words']}", desk.account)
        cases.change(work, case, merged_into=other.id)
        cases.close(work, case, CaseOutcome.merged, "別の件にまとめました", desk.account)
        telling.moved(work, case, other)
        graver = case.severity.rank > other.severity.rank
        if graver:
            cases.set_severity(work, other, case.severity, "まとめた件のほうが重いため", desk.account)
            ladder.end_rest(work, other)
            _climb_for_the_gravest(work, other)


def reopen(desk: Desk, case_id: str, why: str) -> None:
    """Open a closed case again, with the reasons that its closing settled; the history keeps the closing."""
    try:
        case = cases.get(desk.conn, case_id)
    except LookupError as error:
        raise Refused("この件が見つかりません。画面を開き直してください。") from error
    if case.closed_at is None:
        raise Refused("この件は開いています。画面を開き直してください。")
    if (case.household_id, case.lane) in cases.open_cases(desk.conn, [case.household_id]):
        raise Refused("この世帯には開いている件がもうあります。そちらに書き足してください。")
    with desk.work() as work:
        back = work.conn.scalars(
            select(t.reason.c.id).where(
                t.reason.c.case_id == case_id, t.reason.c.resolved_at == case.closed_at
            )
        ).all()
        if not back:
            raise Refused("この件の理由はすべて解消しています。新しい出来事は新しい件になります。")
        work.conn.execute(
            update(t.reason).where(t.reason.c.id.in_(back)).values(resolved_at=None, resolved_why=None)
        )
        cases.move(
            work,
            case,
            CaseState.new,
            f"もう一度開きました: {why}",
            desk.account,
            closed_at=None,
            outcome=None,
            owner=None,
            owned_at=None,
            due_at=None,
            merged_into=None,
        )
        gravest = Severity(cases.unresolved(desk.conn, case_id)[0]["severity"])
        if gravest is not case.severity:
            cases.set_severity(work, case, gravest, why, desk.account)
        _climb_for_the_gravest(work, case)
        first = cases.unresolved(desk.conn, case_id)[0]
        telling.reopened(work, case, first["resident_id"], first["words"])


def _climb_for_the_gravest(work: Work, case: Case) -> None:
    gravest = cases.unresolved(work.conn, case.id)[0]
    people = ladder.concerned(work.conn, case)
    risk_class = next(one.risk_class for one in people if one.id == gravest["resident_id"])
    ladder.enter(work, case, cases.ladder_of(work, gravest, risk_class), people)
    telling.raised(work, case, gravest["resident_id"], gravest["words"], f"{gravest['source']}/{work.now}")
