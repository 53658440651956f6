"""A resident is erased: in one transaction, so that there is no half."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from contract.refusal import Refused
from hub.access.log import Action, note
from hub.erasure import belongings, counting
from hub.erasure.belongings import Belongings
from hub.store import tables as t
from hub.work import HUB

GONE = "(消去しました)"
"""What stands where words of a shared case stood."""


class Why(StrEnum):
    """Why somebody is erased."""

    death = "death"
    moved = "moved"
    request = "request"


WHY = {Why.death: "死亡", Why.moved: "転出", Why.request: "本人の申し出"}


def erase(conn: Connection, resident_id: str, why: Why, actor: str, now: datetime) -> Belongings:
    """Take away everything that is a resident's, keep the numbers, and write down that it was done; what went.

    `Refused` if nobody has this number, or if a case about the person is still open: somebody may be on the way.
    """
    mine = belongings.of(conn, resident_id)
    if mine.open_cases:
        raise Refused(
            f"対象者 {resident_id} の件が {mine.open_cases} 件開いています。件を閉じてから消去してください。"
            "何も消していません。"
        )
    if conn.dialect.name == "sqlite":
        # Else the words would lie in the file's free pages until something else needs the room.
        conn.exec_driver_sql("PRAGMA secure_delete=ON")
    counting.keep(conn, mine, now)
    before = conn.scalar(select(func.max(t.transition.c.id))) or 0
    # First what stays: whoever follows the history by its ids must not meet one of them twice.
    _write_down(conn, mine, why, actor, now)
    _blank(conn, mine, before)
    conn.execute(
        update(t.device)
        .where(t.device.c.id.in_(mine.devices))
        .values(resident_id=None, registered_at=now, session=None, last_seen_at=None, config_digest=None)
    )
    for part in belongings.parts(mine, before):
        conn.execute(delete(part.table).where(part.which))
    return mine


def _write_down(conn: Connection, mine: Belongings, why: Why, actor: str, now: datetime) -> None:
    note(conn, now, actor, Action.erase, "resident", [mine.resident_id])
    note(conn, now, actor, Action.erase, "device", mine.devices)
    rows = [
        {
            "subject_kind": "resident",
            "subject": mine.resident_id,
            "new": "erased",
            "why": f"消去({WHY[why]})",
        },
        # Read by hub.commanding: what the broker keeps for these speakers is replaced.
        *(
            {"subject_kind": "device", "subject": device, "new": "unassigned", "why": "消去のため外した"}
            for device in mine.devices
        ),
    ]
    conn.execute(
        insert(t.transition), [{"at": now, "old": None, "actor": actor[:80] or HUB, **row} for row in rows]
    )


def _blank(conn: Connection, mine: Belongings, before: int) -> None:
    """Of a case that is about others too nobody can say whose a sentence is."""
    if not mine.shared:
        return
    row = t.transition.c
    conn.execute(
        update(t.transition)
        .where(row.subject_kind == "case", row.subject.in_(mine.shared), row.id <= before)
        .values(why=GONE)
    )
    conn.execute(
        update(t.visit)
        .where(t.visit.c.case_id.in_(mine.shared))
        .values(purpose=GONE, scope_do=GONE, scope_dont=GONE, text=GONE)
    )
    conn.execute(
        update(t.handover).where(t.handover.c.case_id.in_(mine.shared)).values(why=GONE, answer=GONE)
    )
    conn.execute(update(t.reason).where(t.reason.c.case_id.in_(mine.shared)).values(resolved_why=GONE))
