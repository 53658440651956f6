"""引き継ぎ: offered to somebody, and theirs only when they accept; until then the owner keeps the case and its clocks."""

from typing import Any

from sqlalchemy import Row, insert, update

from contract.refusal import Refused
from hub import ladder
from hub.notices import outbox
from hub.notices.notice import Notice, NoticeKind, Subject, account
from hub.outreach import cases
from hub.outreach.cases import Case
from hub.outreach.offers import pending, settle
from hub.outreach.operations import Desk
from hub.store import tables as t
from hub.vocabulary import CaseState
from hub.work import Work


def offer(desk: Desk, case_id: str, to: str, why: str) -> None:
    """Offer the own case to the login `to`, with a word on why; told to them. Nothing else changes yet."""
    case = desk.my_case(case_id)
    if to == desk.account:
        raise Refused("自分には引き継げません。相手を選んでください。")
    if pending(desk.conn, case_id) is not None:
        raise Refused("この件はもう引き継ぎを申し出ています。取り消してから、申し出直してください。")
    with desk.work() as work:
        offer_id = work.ids(work.now)
        work.conn.execute(
            insert(t.handover).values(
                id=offer_id,
                case_id=case_id,
                offered_by=desk.account,
                offered_to=to,
                why=why,
                offered_at=work.now,
            )
        )
        cases.move(
            work,
            case,
            CaseState.handed_over,
            f"{desk.called(to)} さんに引き継ぎを申し出ました: {why}",
            desk.account,
        )
        outbox.put(
            work,
            [
                Notice(
                    key=f"handover/{offer_id}",
                    kind=NoticeKind.handed_over,
                    audience=account(to),
                    subject=Subject("account", to),
                    words=f"{desk.called(desk.account)} さんから引き継ぎの申し出があります: {why}。"
                    "世帯の画面で受けるか断るかを選んでください。",
                )
            ],
        )


def accept(desk: Desk, case_id: str) -> None:
    """Take the case over that was offered: from now on it is this desk's own."""
    case, offered = _offered(desk, case_id)
    with desk.work() as work:
        _answer(work, offered, accepted=True, words="受けました")
        desk.give_to(work, case, desk.account, f"{desk.called(offered.offered_by)} さんから引き継ぎました")
        ladder.rest(work, case, desk.account)


def decline(desk: Desk, case_id: str, why: str) -> None:
    """Say no, and why; the owner keeps the case."""
    case, offered = _offered(desk, case_id)
    with desk.work() as work:
        _answer(work, offered, accepted=False, words=why)
        _back_to_work(desk, work, case, f"引き継ぎを受けられません: {why}")


def withdraw(desk: Desk, case_id: str) -> None:
    """Take an offer of one's own back."""
    case = desk.my_case(case_id)
    if pending(desk.conn, case_id) is None:
        raise Refused("申し出ている引き継ぎはありません。画面を開き直してください。")
    with desk.work() as work:
        settle(work, case, "取り消しました")
        _back_to_work(desk, work, case, "引き継ぎの申し出を取り消しました")


def _offered(desk: Desk, case_id: str) -> tuple[Case, Row[Any]]:
    case = desk.open_case(case_id)
    offered = pending(desk.conn, case_id)
    if offered is None:
        raise Refused("申し出ている引き継ぎはありません。画面を開き直してください。")
    if offered.offered_to != desk.account:
        raise Refused(f"この引き継ぎは {desk.called(offered.offered_to)} さんへの申し出です。")
    return case, offered


def _answer(work: Work, offered: Row[Any], *, accepted: bool, words: str) -> None:
    work.conn.execute(
        update(t.handover)
        .where(t.handover.c.id == offered.id)
        .values(answered_at=work.now, accepted=accepted, answer=words)
    )


def _back_to_work(desk: Desk, work: Work, case: Case, why: str) -> None:
    cases.move(work, case, desk.state_of_step(case), why, desk.account)
