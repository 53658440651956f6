"""What a person does with a case: take it, assign it, phone, note, give it back, close it. Each leaves its rows."""

from datetime import datetime

from sqlalchemy import Connection, update

from contract.ids import NewId, uuid7
from contract.refusal import Refused
from hub import ladder, words
from hub.outreach import cases, telling
from hub.outreach.cases import Case
from hub.outreach.reasons import resolve
from hub.policy import Policy
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, CaseState, Lane, Party, ReasonCode
from hub.work import Work

_BY_THE_HUB = (
    CaseOutcome.settled_by_late_answer,
    CaseOutcome.settled_by_return,
    CaseOutcome.settled_by_itself,
)


class Desk:
    """The desk of one person on duty, at one instant, inside somebody else's transaction.

    `account` is the login. Every operation raises `Refused` with a sentence when it is not possible, and then has
    changed nothing.
    """

    def __init__(
        self, conn: Connection, account: str, now: datetime, policy: Policy, ids: NewId = uuid7
    ) -> None:
        self._conn = conn
        self._account = account
        self._now = now
        self._policy = policy
        self._ids = ids

    def take(self, case_id: str) -> None:
        """Be the owner: the climb rests for as long as the policy allows."""
        case = self._open(case_id)
        if case.owner not in (None, self._account):
            raise Refused(f"この件は {case.owner} さんが対応中です。引き継ぐときは割り当てを変えてください。")
        with self._work() as work:
            self._own(work, case, self._account, "引き受けました")
            ladder.rest(work, case, self._account)

    def assign(self, case_id: str, to: str) -> None:
        """Let the login `to` be the owner: a visit where the case has come to one, else the phone."""
        case = self._open(case_id)
        with self._work() as work:
            self._own(work, case, to, f"{to} さんに割り当てました")
            ladder.rest(work, case, self._account)

    def give_back(self, case_id: str) -> None:
        """No longer be the owner: the step's time runs again from now."""
        case = self._mine(case_id)
        with self._work() as work:
            cases.move(work, case, CaseState.new, "引き受けを戻しました", self._account, owner=None)
            ladder.resume(work, case)

    def note(self, case_id: str, text: str) -> None:
        """Write something down; whoever does that is at it, so the rest begins anew."""
        case = self._mine(case_id)
        with self._work() as work:
            work.record("case", case_id, case.state, case.state, text, self._account)
            ladder.rest(work, case, self._account)

    def phoned(self, case_id: str, *, reached: bool, text: str = "") -> None:
        """What came of the phone call of this step. Reached: the silence is over. Not reached: the next step, now."""
        case = self._mine(case_id)
        said = f": {text}" if text else ""
        with self._work() as work:
            if not reached:
                work.record(
                    "case", case_id, case.step, "not_reached", f"つながりませんでした{said}", self._account
                )
                ladder.climb(work, case, f"「{case.step_words}」でつながりませんでした", self._account)
            else:
                work.record("case", case_id, case.step, "reached", f"話せました{said}", self._account)
                self._settle_silence(work, case)
                silent = [
                    row for row in cases.unresolved(self._conn, case_id) if row["code"] == ReasonCode.missed
                ]
                if silent:
                    resolve(work, silent, "電話で話せました", self._account)
                case = cases.get(self._conn, case_id)
            ladder.rest(work, case, self._account)

    def close(self, case_id: str, outcome: CaseOutcome, text: str = "") -> None:
        """End the case. Its silence is dealt with: what was missed until now does not count again."""
        case = self._open(case_id)
        if outcome in _BY_THE_HUB:
            raise Refused("この終わり方は中継だけが使います。どう終わったかを選んでください。")
        if case.owner not in (None, self._account):
            raise Refused(
                f"この件は {case.owner} さんが対応中です。閉じるときは、まず割り当てを変えてください。"
            )
        why = words.OUTCOMES[outcome] + (f": {text}" if text else "")
        with self._work() as work:
            self._settle_silence(work, case)
            left = [row["id"] for row in cases.unresolved(self._conn, case_id)]
            work.conn.execute(
                update(t.reason)
                .where(t.reason.c.id.in_(left))
                .values(resolved_at=self._now, resolved_why=why[:300])
            )
            cases.close(work, case, outcome, why, self._account)
            telling.over(work, case, why)

    # ---- what they share ----------------------------------------------------------------------------------

    def _work(self) -> Work:
        return Work(self._conn, self._now, self._ids, self._policy)

    def _open(self, case_id: str) -> Case:
        try:
            case = cases.get(self._conn, case_id)
        except LookupError as error:
            raise Refused("この件が見つかりません。画面を開き直してください。") from error
        if case.closed_at is not None:
            raise Refused(
                f"この件は {words.moment(case.closed_at)} に閉じられています。新しい出来事は新しい件になります。"
            )
        return case

    def _mine(self, case_id: str) -> Case:
        case = self._open(case_id)
        if case.owner is None:
            raise Refused("この件はまだ誰も引き受けていません。まず引き受けてください。")
        if case.owner != self._account:
            raise Refused(f"この件は {case.owner} さんが対応中です。引き継ぐときは割り当てを変えてください。")
        return case

    def _own(self, work: Work, case: Case, owner: str, why: str) -> None:
        cases.move(work, case, self._state_of_step(case), why, self._account, owner=owner)

    def _state_of_step(self, case: Case) -> CaseState:
        for step in self._policy.ladders.get(case.ladder or "", []):
            if step.name == case.step and step.party is Party.visit:
                return CaseState.visit_assigned
        return CaseState.phoning

    def _settle_silence(self, work: Work, case: Case) -> None:
        if case.lane == Lane.person:
            residents = [one.id for one in ladder.concerned(self._conn, case)]
            work.conn.execute(
                update(t.resident).where(t.resident.c.id.in_(residents)).values(settled_at=self._now)
            )
