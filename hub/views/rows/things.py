"""What was agreed, heard and changed, one by one."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from hub.vocabulary import DeviceState, ReasonCode, SlotState


class SlotRow(Struct, frozen=True, kw_only=True):
    """One check-in that was agreed upon, and how it ended."""

    resident_id: str
    name: str
    """The resident's name."""
    district: str
    day: date
    slot: str
    opens_at: datetime
    deadline_at: datetime
    state: SlotState
    why: ReasonCode | None
    intent: str | None
    asked: bool
    attempts: int
    last_outcome: str | None
    closed_at: datetime | None


class DeviceRow(Struct, frozen=True, kw_only=True):
    """One speaker."""

    id: str
    resident_id: str | None
    household_id: str | None
    district: str | None
    state: DeviceState
    presence_at: datetime | None
    """Since when its line is as it is."""
    muted: bool
    fault: str | None
    last_seen_at: datetime | None
    version: str | None
    recognizer: str | None
    malformed: int


class EventRow(Struct, frozen=True, kw_only=True):
    """One event as it came. The words heard are left out unless the resident lets the office see them."""

    id: str
    device_id: str
    at: datetime
    received_at: datetime
    clock: str
    late: bool
    type: str
    body: dict[str, Any]


class TransitionRow(Struct, frozen=True, kw_only=True):
    """One line of history."""

    at: datetime
    kind: str
    subject: str
    old: str | None
    new: str
    why: str
    actor: str
    actor_name: str
