"""What a person does with a case: take it, assign it, phone, note, give it back, close it. Each leaves its rows."""

from datetime import datetime

from sqlalchemy import Connection, update

from contract.ids import NewId, uuid7
from contract.refusal import Refused
from hub import ladder, words
from hub.outreach import caseload, cases, offers, telling
from hub.outreach.cases import Case
from hub.outreach.reasons import resolve
from hub.policy import Policy
from hub.store import tables as t
from hub.views.names import name_of
from hub.vocabulary import CaseOutcome, CaseState, Lane, Party, ReasonCode, Severity
from hub.work import Work

NOT_CHOSEN = (
    CaseOutcome.settled_by_late_answer,
    CaseOutcome.settled_by_return,
    CaseOutcome.settled_by_itself,
    CaseOutcome.merged,
)
"""Endings that nobody chooses by hand."""


class Desk:
    """The desk of one person on duty, at one instant, inside somebody else's transaction.

    `account` is the login. Every operation raises `Refused` with a sentence when it is not possible, and then has
    changed nothing.
    """

    def __init__(
        self, conn: Connection, account: str, now: datetime, policy: Policy, ids: NewId = uuid7
    ) -> None:
        self.conn = conn
        self.account = account
        self.now = now
        self.policy = policy
        self._ids = ids

    def take(self, case_id: str) -> None:
        """Be the owner: the climb rests for as long as the policy allows."""
        case = self.open_case(case_id)
        if case.owner not in (None, self.account):
            raise Refused(
                f"この件は {self.called(case.owner)} さんが対応中です。引き継ぐときは割り当てを変えてください。"
            )
        if case.owner is None and case.lane is Lane.person and case.severity is not Severity.emergency:
            caseload.check_room(self.conn, self.account, self.now, self.policy)
        with self.work() as work:
            self.give_to(work, case, self.account, "引き受けました")
            ladder.rest(work, case, self.account)

    def assign(self, case_id: str, to: str) -> None:
        """Let the login `to` be the owner: a visit where the case has come to one, else the phone."""
        case = self.open_case(case_id)
        with self.work() as work:
            self.give_to(work, case, to, f"{self.called(to)} さんに割り当てました")
            ladder.rest(work, case, self.account)

    def give_back(self, case_id: str) -> None:
        """No longer be the owner: the step's time runs again from now."""
        case = self.my_case(case_id)
        with self.work() as work:
            cases.move(
                work, case, CaseState.new, "引き受けを戻しました", self.account, owner=None, owned_at=None
            )
            ladder.resume(work, case)

    def note(self, case_id: str, text: str) -> None:
        """Write something down; whoever does that is at it, so the rest begins anew."""
        case = self.my_case(case_id)
        with self.work() as work:
            work.record("case", case_id, case.state, case.state, text, self.account)
            ladder.rest(work, case, self.account)

    def phoned(self, case_id: str, *, reached: bool, text: str = "") -> None:
        """What came of the phone call of this step. Reached: the silence is over. Not reached: the next step, now."""
        case = self.my_case(case_id)
        said = f": {text}" if text else ""
        with self.work() as work:
            if not reached:
                work.record(
                    "case", case_id, case.step, "not_reached", f"つながりませんでした{said}", self.account
                )
                ladder.climb(work, case, f"「{case.step_words}」でつながりませんでした", self.account)
            else:
                work.record("case", case_id, case.step, "reached", f"話せました{said}", self.account)
                self._settle_silence(work, case)
                silent = [
                    row for row in cases.unresolved(self.conn, case_id) if row["code"] == ReasonCode.missed
                ]
                if silent:
                    resolve(work, silent, "電話で話せました", self.account)
                case = cases.get(self.conn, case_id)
            ladder.rest(work, case, self.account)

    def close(self, case_id: str, outcome: CaseOutcome, text: str = "") -> None:
        """End the case. Its silence is dealt with: what was missed until now does not count again."""
        case = self.open_case(case_id)
        if outcome in NOT_CHOSEN:
            raise Refused("この終わり方は中継だけが使います。どう終わったかを選んでください。")
        if case.owner not in (None, self.account):
            raise Refused(
                f"この件は {self.called(case.owner)} さんが対応中です。閉じるときは、まず割り当てを変えてください。"
            )
        why = words.OUTCOMES[outcome] + (f": {text}" if text else "")
        with self.work() as work:
            self._settle_silence(work, case)
            left = [row["id"] for row in cases.unresolved(self.conn, case_id)]
            work.conn.execute(
                update(t.reason)
                .where(t.reason.c.id.in_(left))
                .values(resolved_at=self.now, resolved_why=why[:300])
            )
            cases.close(work, case, outcome, why, self.account)
            telling.over(work, case, why)

    # ---- what they share ----------------------------------------------------------------------------------

    def work(self) -> Work:
        """A piece of work at this desk's instant."""
        return Work(self.conn, self.now, self._ids, self.policy)

    def called(self, account: str) -> str:
        """How colleagues call whoever has this login."""
        return name_of(self.conn, account)

    def open_case(self, case_id: str) -> Case:
        """The case, if it is open."""
        try:
            case = cases.get(self.conn, case_id)
        except LookupError as error:
            raise Refused("この件が見つかりません。画面を開き直してください。") from error
        if case.closed_at is not None:
            raise Refused(
                f"この件は {words.moment(case.closed_at)} に閉じられています。新しい出来事は新しい件になります。"
            )
        return case

    def my_case(self, case_id: str) -> Case:
        """The case, if it is open and this desk's own."""
        case = self.open_case(case_id)
        if case.owner is None:
            raise Refused("この件はまだ誰も引き受けていません。まず引き受けてください。")
        if case.owner != self.account:
            raise Refused(
                f"この件は {self.called(case.owner)} さんが対応中です。引き継ぐときは割り当てを変えてください。"
            )
        return case

    def give_to(self, work: Work, case: Case, owner: str, why: str) -> None:
        """Let somebody own the case; an offer that was open is answered by that."""
        offers.settle(work, case, "担当が変わりました")
        since = case.owned_at if case.owner == owner else self.now
        cases.move(work, case, self.state_of_step(case), why, self.account, owner=owner, owned_at=since)

    def state_of_step(self, case: Case) -> CaseState:
        """Where the work stands by the case's step: a visit, or the phone."""
        for step in self.policy.ladders.get(case.ladder or "", []):
            if step.name == case.step and step.party is Party.visit:
                return CaseState.visit_assigned
        return CaseState.phoning

    def _settle_silence(self, work: Work, case: Case) -> None:
        if case.lane == Lane.person:
            residents = [one.id for one in ladder.concerned(self.conn, case)]
            work.conn.execute(
                update(t.resident).where(t.resident.c.id.in_(residents)).values(settled_at=self.now)
            )
