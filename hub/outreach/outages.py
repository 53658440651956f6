"""What people do with an outage: make sure of everybody on its list, one by one."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from contract.ids import NewId, uuid7
from contract.refusal import Refused
from hub import words
from hub.policy import Policy
from hub.store import tables as t
from hub.vocabulary import CheckedHow
from hub.work import Work


def check_person(
    conn: Connection,
    outage_id: str,
    resident_id: str,
    how: CheckedHow,
    text: str,
    account: str,
    now: datetime,
    policy: Policy,
    ids: NewId = uuid7,
) -> None:
    """Write down how somebody made sure of a person on an outage's list; `Refused` when nobody of that name is on it."""
    member = conn.execute(
        select(t.outage_member).where(
            t.outage_member.c.outage_id == outage_id, t.outage_member.c.resident_id == resident_id
        )
    ).one_or_none()
    if member is None:
        raise Refused("この人はこの障害の一覧にいません。画面を開き直してください。")
    said = f"停電・回線障害の中での確認: {words.CHECKED[how]}" + (f"({text})" if text else "")
    with Work(conn, now, ids, policy) as work:
        conn.execute(
            update(t.outage_member)
            .where(t.outage_member.c.outage_id == outage_id, t.outage_member.c.resident_id == resident_id)
            .values(checked_at=now, checked_by=account, checked_how=how)
        )
        work.record("resident", resident_id, member.checked_how, how, said, account)
