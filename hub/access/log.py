"""Who saw what: one row per look at one resident's data, and the queries that answer for it (P8)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, insert, select

from hub.store import tables as t
from hub.views.names import actor_name


class Action(StrEnum):
    """What was done with the data."""

    view = "view"
    write = "write"
    export = "export"
    print = "print"
    login = "login"
    logout = "logout"
    erase = "erase"
    """Taken away for good; see `hub.erasure`."""
    refused = "refused"
    """Asked for, and not given."""


class Access(Struct, frozen=True, kw_only=True):
    """One line of the log."""

    at: datetime
    actor: str
    actor_name: str
    action: Action
    subject_kind: str
    subject: str


def note(
    conn: Connection, now: datetime, actor: str, action: Action, kind: str, subjects: Iterable[str]
) -> None:
    """Write one row per subject; `kind` is resident, household, case, account or page."""
    rows = [
        {"at": now, "actor": actor, "action": action, "subject_kind": kind, "subject": subject[:80]}
        for subject in subjects
    ]
    if rows:
        conn.execute(insert(t.access_log), rows)


def who_saw(conn: Connection, resident_id: str) -> list[Access]:
    """Everybody who saw or was refused one resident's data, the newest first: one query."""
    return _read(conn, t.access_log.c.subject_kind == "resident", t.access_log.c.subject == resident_id)


def what_did(conn: Connection, actor: str) -> list[Access]:
    """Everything one account or token looked at, the newest first: one query."""
    return _read(conn, t.access_log.c.actor == actor)


def _read(conn: Connection, *where: ColumnElement[bool]) -> list[Access]:
    wanted = (
        select(t.access_log, actor_name(t.access_log.c.actor).label("actor_name"))
        .where(*where)
        .order_by(t.access_log.c.at.desc(), t.access_log.c.id.desc())
    )
    return [
        Access(
            at=row["at"],
            actor=row["actor"],
            actor_name=row["actor_name"],
            action=Action(row["action"]),
            subject_kind=row["subject_kind"],
            subject=row["subject"],
        )
        for row in conn.execute(wanted).mappings()
    ]
