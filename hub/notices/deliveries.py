"""The way of a notice to each person, as statements: claim, end, put back. Cost follows what is due.

At least once, and once in all but one window: a notifier that dies between the other side's "taken" and its own
commit leaves the delivery in `sending`; when its lease is over it goes out again, under the same message id.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, case, func, or_, select, update

from contract.ids import NewId
from hub.notices.notice import DeliveryState, Urgency
from hub.notices.people import Recipient
from hub.notices.settings import Pace
from hub.store import tables as t

AT_ONCE = 5000
"""Deliveries looked at in one claim."""
_SECONDS_MORE = timedelta(seconds=15)
"""On top of the transport's timeout, for every address of a person, before a hand-over counts as given up."""
_d, _n = t.delivery.c, t.notice.c
_OPEN = _d.ended_at.is_(None)
_DUE = (
    select(
        *(_d[name] for name in ("id", "recipient", "called", "urgency", "state", "attempts", "error")),
        *(_d[name] for name in ("message_id", "unclear")),
        *(_n[name] for name in ("key", "kind", "words", "subject_kind", "subject", "withdrawn_why")),
        _n.at.label("put_at"),
    )
    .join(t.notice, _n.id == _d.notice_id)
    .where(_OPEN, _d.due_at <= bindparam("now"))
    .order_by(case((_d.urgency == Urgency.emergency, 0), else_=1), _d.due_at, _d.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True, of=t.delivery)  # several notifiers on PostgreSQL
)


class Claimed(NamedTuple):
    """What goes to one person in one message."""

    id: str
    """Of the message; the same again where a notifier died and the very same deliveries go out once more."""
    recipient: Recipient
    urgency: Urgency
    rows: Sequence[RowMapping]


class _Together(NamedTuple):
    """What goes into one message."""

    urgent: bool
    person: Recipient
    died_with: str | None
    """The message in which a notifier that died took it."""


class Claim(NamedTuple):
    """What one look at what is due brought."""

    messages: list[Claimed]
    more: bool
    """There is more due than was taken."""


def next_due(conn: Connection) -> datetime | None:
    """When a delivery is next to be tried, or its hand-over given up; None if none is open."""
    at: datetime | None = conn.scalar(select(func.min(_d.due_at)).where(_OPEN))
    return at


def claim(conn: Connection, pace: Pace, now: datetime, most: int, new_id: NewId) -> Claim:
    """Take what is due, at most `most` messages, a quarter of them kept for emergencies: first those, then the oldest.

    Everything due for a person is one message, an emergency apart from the rest. What a notifier that died may have
    handed over goes out again as it was, under its own id, so that the receiver can see that it comes twice. What the
    throttle or the quiet hours hold is put off, what is withdrawn or too old ends, in the same transaction.
    """
    rows = conn.execute(_DUE, {"now": now}).mappings().all()
    if not rows:
        return Claim([], False)
    rows = _end_old(conn, rows, pace, now)
    due: dict[_Together, list[RowMapping]] = defaultdict(list)
    for row in rows:
        urgent = row["urgency"] == Urgency.emergency
        died_with = row["message_id"] if row["state"] == DeliveryState.sending else None
        due[_Together(urgent, Recipient(row["recipient"], row["called"]), died_with)].append(row)
    off = _put_off(conn, due, pace, now)
    going = {
        key: left for key, of_one in due.items() if (left := [row for row in of_one if row["id"] not in off])
    }
    taken: list[Claimed] = []
    for (urgent, person, died_with), of_one in going.items():
        if len(taken) < (most if urgent else most - pace.at_once // 4):
            taken.append(Claimed(died_with or new_id(now), person, _gravest(of_one), of_one))
    _mark(conn, taken, now, now + 5 * pace.timeout + _SECONDS_MORE)
    return Claim(taken, len(going) > len(taken))


def _gravest(rows: Sequence[RowMapping]) -> Urgency:
    return min((Urgency(row["urgency"]) for row in rows), key=list(Urgency).index)


def _end_old(conn: Connection, rows: Sequence[RowMapping], pace: Pace, now: datetime) -> Sequence[RowMapping]:
    """End what is withdrawn (its hand-over was never ended) and what was tried for too long; return the rest."""
    kept = []
    for row in rows:
        if row["withdrawn_why"] is not None:
            end(conn, [row["id"]], DeliveryState.withdrawn, row["withdrawn_why"], now, unclear=True)
        elif row["attempts"] and now - row["put_at"] > pace.give_up_after:
            why = row["error"] or "届いたか分からないまま、送るのをやめました。"
            end(conn, [row["id"]], DeliveryState.failed, why, now)
        else:
            kept.append(row)
    return kept


def _put_off(
    conn: Connection, due: "Mapping[_Together, Sequence[RowMapping]]", pace: Pace, now: datetime
) -> set[int]:
    """Put off what has to wait: the person was written to a moment ago, or it is night. Returns the deliveries."""
    people = {one.person.id for one in due if not one.urgent}
    if not people:
        return set()
    written = conn.execute(
        select(_d.recipient, func.max(_d.claimed_at).label("last_at"))
        .where(
            _d.recipient.in_(people),
            _d.claimed_at > now - pace.bundle_window,
            _d.urgency != Urgency.emergency,
            _d.state.in_([DeliveryState.sending, DeliveryState.sent]),
        )
        .group_by(_d.recipient)
    )
    last = {row.recipient: row.last_at for row in written}
    morning = pace.quiet_end(now)
    until: dict[int, datetime] = {}
    for (urgent, person, _), rows in due.items():
        for row in rows:
            times = []
            if not urgent and person.id in last and row["state"] != DeliveryState.sending:
                times.append(last[person.id] + pace.bundle_window)
            if morning is not None and row["urgency"] == Urgency.routine:
                times.append(morning)
            if times and max(times) > now:
                until[row["id"]] = max(times)
    if until:
        conn.execute(
            update(t.delivery)
            .where(_d.id == bindparam("of"))
            .values(
                due_at=bindparam("later"),
                unclear=or_(_d.unclear, _d.state == DeliveryState.sending),
                state=DeliveryState.waiting,
            ),
            [{"of": one, "later": at} for one, at in until.items()],
        )
    return set(until)


def _mark(conn: Connection, taken: Sequence[Claimed], now: datetime, lease_ends: datetime) -> None:
    values = [
        {"of": row["id"], "message": one.id, "again": row["unclear"] or row["state"] == DeliveryState.sending}
        for one in taken
        for row in one.rows
    ]
    if values:
        conn.execute(
            update(t.delivery)
            .where(_d.id == bindparam("of"))
            .values(
                state=DeliveryState.sending,
                due_at=lease_ends,
                claimed_at=now,
                attempts=_d.attempts + 1,
                message_id=bindparam("message"),
                unclear=bindparam("again"),
            ),
            values,
        )


def end(
    conn: Connection,
    ids: Sequence[int],
    state: DeliveryState,
    why: str | None,
    now: datetime,
    *,
    unclear: bool = False,
) -> None:
    """These deliveries are at their end: sent, failed or withdrawn."""
    conn.execute(
        update(t.delivery)
        .where(_d.id.in_(ids))
        .values(
            state=state,
            ended_at=now,
            error=why[:300] if why else None,
            **_clouded(unclear),
        )
    )


def _clouded(unclear: bool) -> dict[str, bool]:
    """Once an attempt may have arrived, that stays so."""
    return {"unclear": True} if unclear else {}


def sent(conn: Connection, message: Claimed, now: datetime) -> None:
    """It was taken. True even where the lease was over meanwhile: then the second message need not go out."""
    ids = [row["id"] for row in message.rows]
    conn.execute(
        update(t.delivery)
        .where(_d.id.in_(ids), _OPEN)
        .values(state=DeliveryState.sent, ended_at=now, error=None)
    )


def not_sent(
    conn: Connection, message: Claimed, why: str, pace: Pace, now: datetime, *, hopeless: bool, unclear: bool
) -> None:
    """It was not taken: it is tried again, later each time; what was withdrawn meanwhile is not."""
    rows = conn.execute(
        select(_d.id, _d.attempts, _n.withdrawn_why)
        .join(t.notice, _n.id == _d.notice_id)
        .where(
            _d.id.in_([row["id"] for row in message.rows]),
            _d.message_id == message.id,
            _d.state == DeliveryState.sending,
        )
    ).all()
    emergency = message.urgency is Urgency.emergency
    for row in rows:
        if row.withdrawn_why is not None:
            end(conn, [row.id], DeliveryState.withdrawn, row.withdrawn_why, now, unclear=unclear)
        elif hopeless:
            end(conn, [row.id], DeliveryState.failed, why, now, unclear=unclear)
        else:
            again = now + pace.retry(row.attempts, emergency=emergency)
            conn.execute(
                update(t.delivery)
                .where(_d.id == row.id)
                .values(
                    state=DeliveryState.waiting,
                    due_at=again,
                    error=why[:300],
                    **_clouded(unclear),
                )
            )


def try_again(conn: Connection, delivery_ids: Sequence[int], now: datetime) -> int:
    """Somebody has put an address or a setting right: what had been given up goes out now. Returns how many."""
    changed = conn.execute(
        update(t.delivery)
        .where(_d.id.in_(delivery_ids), _d.state == DeliveryState.failed)
        .values(state=DeliveryState.waiting, ended_at=None, due_at=now, attempts=0)
    )
    return changed.rowcount
