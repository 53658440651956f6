"""The outreach queue, and what is known of a case."""

from datetime import date, datetime

from msgspec import Struct

from hub.vocabulary import CaseState, DeliveryMode, Lane, ReasonCode, Severity, VisitKind, VisitOutcome


class Person(Struct, frozen=True, kw_only=True):
    """A resident as a case names them."""

    id: str
    name: str
    kana: str
    age: int | None
    """Full years on the office's date."""
    phone: str | None


class ReasonRow(Struct, frozen=True, kw_only=True):
    """One reason of a case, with the words a CSW reads."""

    code: ReasonCode
    words: str
    at: datetime
    severity: Severity
    resident_id: str | None
    since: datetime | None
    """When the silence began, where the reason is one."""
    resolved_at: datetime | None
    """Set when it settled itself or was settled; a taken case keeps showing it."""
    resolved_why: str | None


class VisitRow(Struct, frozen=True, kw_only=True):
    """One visit: what somebody goes out with, and what came of it."""

    id: str
    case_id: str
    household_id: str
    district: str
    address: str
    kind: VisitKind
    program: str | None
    """事業区分; None only where an emergency went out without."""
    purpose: str
    scope_do: str
    scope_dont: str
    coordination: list[str]
    """Keys of the policy's 事前調整 list that were settled."""
    emergency: bool
    assignee: str
    assignee_name: str
    planned_for: datetime
    started_at: datetime | None
    visited_at: datetime | None
    written_at: datetime | None
    outcome: VisitOutcome | None
    text: str | None
    follow_up_on: date | None
    delivery_mode: DeliveryMode | None
    """直営 or 委託 on the day of the visit."""


class OfferRow(Struct, frozen=True, kw_only=True):
    """A hand-over that waits for the other side."""

    offered_by: str
    offered_by_name: str
    offered_to: str
    offered_to_name: str
    why: str
    offered_at: datetime


class QueueRow(Struct, frozen=True, kw_only=True):
    """One open case: one household, one lane, everything needed to act."""

    case_id: str
    household_id: str
    lane: Lane
    severity: Severity
    state: CaseState
    district: str
    """The district's name."""
    address: str
    phone: str | None
    """The household's; each resident may have one of their own."""
    lives_alone: bool
    residents: list[Person]
    """The people of the household who are watched over, those with a reason first."""
    reasons: list[ReasonRow]
    """Unsettled ones first, the gravest first, then the oldest."""
    opened_at: datetime
    due_at: datetime | None
    """By when `step` is to be done."""
    late: bool
    """`due_at` has passed. Late stays late in the history."""
    step: str | None
    step_words: str | None
    owner: str | None
    """The login of whoever took it."""
    owner_name: str | None
    silent_for_s: float | None
    """Seconds since the silence began; None where the case is not about one."""
    owned_at: datetime | None = None
    """Since when the owner has it in hand."""
    visit: VisitRow | None = None
    """The visit that is to be made, or to be written up."""
    offer: OfferRow | None = None
    """The hand-over that waits for an answer."""


class ClosedCase(Struct, frozen=True, kw_only=True):
    """A case that ended."""

    case_id: str
    severity: Severity
    lane: Lane
    opened_at: datetime
    closed_at: datetime
    outcome: str | None
    owner: str | None
