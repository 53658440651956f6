"""外出・入院・デイサービス, as staff enter them: an absence with an end, early ends, late entries."""

from datetime import datetime

from sqlalchemy import Connection, select

from contract.ids import NewId, uuid7
from contract.refusal import Refused
from hub import words
from hub.policy import Policy
from hub.store import tables as t
from hub.vocabulary import DueKind
from hub.watch import away
from hub.work import Work


def register(
    conn: Connection,
    resident_id: str,
    kind: str,
    starts_at: datetime,
    until: datetime,
    said_by: str,
    now: datetime,
    policy: Policy,
    ids: NewId = uuid7,
) -> str:
    """Note an absence and return its id; it ends by itself at `until`. May be entered late, for days gone by.

    `kind` is out, hospital or day_service, `said_by` an account. `Refused` when it has no end after its beginning.
    """
    if kind not in words.ABSENCES:
        raise Refused(f"不在の種類「{kind}」はありません。外出・入院・デイサービスから選んでください。")
    if until <= starts_at:
        raise Refused(
            f"不在の終わり({words.moment(until)})が始まり({words.moment(starts_at)})より前です。日時を直してください。"
        )
    if conn.scalar(select(t.resident.c.id).where(t.resident.c.id == resident_id)) is None:
        raise Refused(f"対象者「{resident_id}」が見つかりません。名簿を確かめてください。")
    with Work(conn, now, ids, policy) as work:
        return away.note(work, resident_id, kind, starts_at, until, said_by)


def end(
    conn: Connection, absence_id: str, by: str, now: datetime, policy: Policy, ids: NewId = uuid7
) -> None:
    """Home earlier than expected. `Refused` when it has already ended."""
    row = conn.execute(select(t.absence).where(t.absence.c.id == absence_id)).one_or_none()
    if row is None:
        raise Refused("この不在の記録が見つかりません。画面を開き直してください。")
    if row.ended_at is not None:
        raise Refused(f"この不在は {words.moment(row.ended_at)} に終わっています。")
    with Work(conn, now, ids, policy) as work:
        work.cancel(DueKind.absence_end, absence_id)
        away.end(work, row, now, "予定より早く終わりました", by)
