"""How far the notices are: counts for /healthz and the board, rows for the pages."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, or_, select

from contract.time import office_date
from hub.notices.notice import PROOF, AudienceKind, DeliveryState, NoticeKind, Urgency
from hub.store import tables as t

FAILED_FOR = timedelta(days=7)
"""How long what was given up stays on the first page."""
_n, _d = t.notice.c, t.delivery.c
_FAILED: ColumnElement[str] = literal_column(f"'{DeliveryState.failed}'")
"""Spelled out: with a parameter SQLite does not see that the partial index will do."""
_NEW = (_n.addressed_at.is_(None), _n.withdrawn_at.is_(None))


class Queue(Struct, frozen=True, kw_only=True):
    """What is not out yet."""

    unsent: int
    """Deliveries, and notices that are not addressed yet; those that wait for their turn included."""
    overdue: int
    """Of these, how many should be out by now: due, or tried without success."""
    oldest: datetime | None
    """When the oldest of the overdue was put in."""
    failed: int
    """Deliveries given up in the last days."""
    nobody: int
    """Notices to staff of the last days that reached nobody at all. A relative without an address is phoned."""


class DeliveryRow(Struct, frozen=True, kw_only=True):
    """One notice on its way to one person, for the pages."""

    id: int
    notice_id: str
    kind: NoticeKind
    words: str
    urgency: Urgency
    subject_kind: str
    subject: str
    household_id: str | None
    """Where the notice is about a case."""
    put_at: datetime
    recipient: str
    called: str
    resident_id: str | None
    """Whose contact is told; None for staff."""
    resident: str | None
    """The same by name."""
    state: DeliveryState
    due_at: datetime
    attempts: int
    unclear: bool
    ended_at: datetime | None
    error: str | None


class NobodyRow(Struct, frozen=True, kw_only=True):
    """A notice that reached nobody."""

    id: str
    kind: NoticeKind
    words: str
    household_id: str | None
    put_at: datetime
    why: str


class ProofLine(Struct, frozen=True, kw_only=True):
    """The daily proof, for the first page."""

    at: datetime
    words: str
    sent: int
    unsent: int
    """Not out yet, or given up."""


def queue(conn: Connection, now: datetime) -> Queue:
    """The counts. Two walks of partial indexes that hold only what is open, and one of the last days' notices."""
    new, new_oldest = conn.execute(select(func.count(), func.min(_n.at)).where(*_NEW)).one()
    waits = _d.ended_at.is_(None)
    open_ = conn.scalar(select(func.count()).where(waits)) or 0
    late, late_oldest = conn.execute(
        select(func.count(), func.min(_n.at))
        .select_from(t.delivery.join(t.notice, _n.id == _d.notice_id))
        .where(waits, or_(_d.due_at <= now, _d.attempts > 0))
    ).one()
    failed = conn.scalar(select(func.count()).where(_d.state == _FAILED, _d.ended_at > now - FAILED_FOR))
    nobody = conn.scalar(select(func.count()).where(*_to_nobody(now)))
    ages = [at for at in (new_oldest, late_oldest) if at is not None]
    return Queue(
        unsent=new + open_,
        overdue=new + late,
        oldest=min(ages, default=None),
        failed=failed or 0,
        nobody=nobody or 0,
    )


def latest_proof(conn: Connection, now: datetime) -> ProofLine | None:
    """Today's latest proof and whom it reached; None before the first of the day."""
    row = conn.execute(
        select(_n.at, _n.words)
        .where(_n.subject_kind == PROOF.kind, _n.subject == PROOF.id, _n.kind == NoticeKind.daily_proof)
        .order_by(_n.at.desc())
        .limit(1)
    ).one_or_none()
    if row is None or office_date(row.at) != office_date(now):
        return None
    states: Counter[str] = Counter(
        conn.scalars(
            select(_d.state)
            .join(t.notice, _n.id == _d.notice_id)
            .where(_n.subject_kind == PROOF.kind, _n.subject == PROOF.id, _n.at == row.at)
        )
    )
    sent = states[DeliveryState.sent]
    return ProofLine(at=row.at, words=row.words, sent=sent, unsent=states.total() - sent)


def deliveries(
    conn: Connection, *, household: str | None = None, state: DeliveryState | None = None, limit: int = 200
) -> list[DeliveryRow]:
    """The newest deliveries, of one household's cases or of all; with `state`, those in that state."""
    wanted = (
        select(
            _d.id,
            _d.notice_id,
            _n.kind,
            _n.words,
            _d.urgency,
            _n.subject_kind,
            _n.subject,
            t.case.c.household_id,
            _n.at.label("put_at"),
            _d.recipient,
            _d.called,
            _d.state,
            _d.due_at,
            _d.attempts,
            _d.unclear,
            _d.ended_at,
            _d.error,
        )
        .join(t.notice, _n.id == _d.notice_id)
        .outerjoin(t.case, (_n.subject_kind == "case") & (t.case.c.id == _n.subject))
        .order_by(_d.id.desc())
        .limit(limit)
    )
    if household is not None:
        wanted = wanted.where(_n.subject_kind == "case", _n.subject.in_(_cases(household)))
    if state is not None:
        wanted = wanted.where(_d.state == state)
    rows = conn.execute(wanted).mappings().all()
    names = _names(conn, {one for row in rows if (one := _of_contact(row["recipient"]))})
    return [
        DeliveryRow(
            **{
                **row,
                "resident_id": _of_contact(row["recipient"]),
                "resident": names.get(_of_contact(row["recipient"]) or ""),
                "kind": NoticeKind(row["kind"]),
                "urgency": Urgency(row["urgency"]),
                "state": DeliveryState(row["state"]),
            }
        )
        for row in rows
    ]


def _of_contact(recipient: str) -> str | None:
    """The resident of `contact/RESIDENT/POSITION`."""
    kind, _, rest = recipient.partition("/")
    return rest.rpartition("/")[0] if kind == "contact" else None


def _names(conn: Connection, residents: Collection[str]) -> dict[str, str]:
    if not residents:
        return {}
    rows = conn.execute(select(t.resident.c.id, t.resident.c.name).where(t.resident.c.id.in_(residents)))
    return {row.id: row.name for row in rows}


def to_nobody(conn: Connection, now: datetime, *, household: str | None = None) -> list[NobodyRow]:
    """Notices of the last days that reached nobody, the newest first; of a household also those to its contacts."""
    wanted = (
        select(_n.id, _n.kind, _n.words, t.case.c.household_id, _n.at.label("put_at"), _n.nobody.label("why"))
        .outerjoin(t.case, (_n.subject_kind == "case") & (t.case.c.id == _n.subject))
        .order_by(_n.at.desc())
        .limit(200)
    )
    if household is None:
        wanted = wanted.where(*_to_nobody(now))
    else:
        wanted = wanted.where(_n.nobody.is_not(None), _n.at > now - FAILED_FOR)
        wanted = wanted.where(_n.subject_kind == "case", _n.subject.in_(_cases(household)))
    return [NobodyRow(**{**row, "kind": NoticeKind(row["kind"])}) for row in conn.execute(wanted).mappings()]


def _to_nobody(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_n.nobody.is_not(None), _n.at > now - FAILED_FOR, _n.audience != AudienceKind.contacts)


def _cases(household: str) -> Select[tuple[str]]:
    return select(t.case.c.id).where(t.case.c.household_id == household)
