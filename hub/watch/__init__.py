"""What should have been heard by now, and what was: slots, events, lines and silences.

The entry points run inside somebody else's transaction: `enrol` when the roster changes, `on_event` once per stored event
(`on_events` for a batch of them), `on_state` per message of a device's state topic.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contract.envelope import Event
from contract.ids import NewId, uuid7
from contract.state import State
from hub.policy import Policy
from hub.watch import events, plain, states
from hub.watch import slots as _slots
from hub.watch.plain import Arrival, Box, boxes_of
from hub.work import Work

__all__ = ["Arrival", "Box", "boxes_of", "enrol", "on_event", "on_events", "on_state"]


def enrol(conn: Connection, resident_id: str, now: datetime, policy: Policy, ids: NewId = uuid7) -> None:
    """Plan the next slot of every schedule row of a resident; again after any change of schedule or enrolment."""
    with Work(conn, now, ids, policy) as work:
        _slots.enrol(work, resident_id)


def on_events(
    conn: Connection,
    arrivals: Sequence[Arrival],
    ids: NewId,
    policy: Policy,
    boxes: Mapping[str, Box] | None = None,
) -> None:
    """Let a batch of events take effect, in their order for each home; otherwise like `on_event`.

    `boxes` are those of the batch by `boxes_of`, if nothing has taken effect since they were read.
    """
    if not arrivals:
        return
    with Work(conn, max(arrival.at for arrival in arrivals), ids, policy) as work:
        rest = plain.take(work, arrivals, boxes)
    for event, at in rest:
        on_event(conn, event, at, ids, policy)


def on_event(conn: Connection, event: Event, received_at: datetime, ids: NewId, policy: Policy) -> None:
    """Let one event take effect. The caller has stored it in this transaction, and calls once per event id."""
    with Work(conn, received_at, ids, policy) as work:
        events.apply(work, event)


def on_state(
    conn: Connection, device: str, state: State, received_at: datetime, ids: NewId, policy: Policy
) -> None:
    """Let a birth, a goodbye or a will take effect; told twice, it changes nothing the second time."""
    with Work(conn, received_at, ids, policy) as work:
        states.apply(work, device, state)
