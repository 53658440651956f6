"""Which numbers were erased, when and by whom: lines of the access log, kept as long as those."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from hub.access.log import Action
from hub.store import tables as t


class Erasure(NamedTuple):
    """One number that was erased."""

    resident_id: str
    at: datetime
    actor: str
    devices: tuple[str, ...]
    """The speakers that stood there."""


def known(conn: Connection, residents: Collection[str]) -> dict[str, Erasure]:
    """Those of these numbers that were erased; of one that was erased twice, the last time."""
    log = t.access_log.c
    if not residents:
        return {}
    rows = conn.execute(
        select(log.subject, log.at, log.actor)
        .where(log.subject_kind == "resident", log.action == Action.erase, log.subject.in_(residents))
        .order_by(log.id)
    ).all()
    return {row.subject: Erasure(*row, _devices(conn, row.at, row.actor)) for row in rows}


def _devices(conn: Connection, at: datetime, actor: str) -> tuple[str, ...]:
    log = t.access_log.c
    lines = select(log.subject).where(log.subject_kind == "device", log.action == Action.erase)
    return tuple(conn.scalars(lines.where(log.at == at, log.actor == actor).order_by(log.id)))


def speakers_told(conn: Connection, devices: Collection[str]) -> bool:
    """Whether the hub has told these speakers, since they stand nowhere, to ask nothing."""
    untold = t.device.c.id.in_(devices), t.device.c.config_digest.is_(None)
    return conn.scalar(select(t.device.c.id).where(*untold).limit(1)) is None
