"""What the pages and the API show, as frozen rows. Every instant is UTC; every name is as it stands in the roster."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from hub.notices.state import ProofLine, Queue
from hub.vocabulary import (
    AreaState,
    CaseState,
    CheckedHow,
    DeliveryMode,
    DeviceState,
    Lane,
    PersonState,
    ReasonCode,
    Severity,
    SlotState,
    VisitKind,
    VisitOutcome,
)


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


class Tiles(Struct, frozen=True, kw_only=True):
    """Today's counts of residents. The five states add up to `residents`; `asked` and `emergency` lie across them."""

    residents: int
    households: int
    asked: int
    """A question was heard to play today."""
    answered: int
    unanswered: int
    cannot_tell: int
    away: int
    waiting: int
    emergency: int
    """Open cases of severity emergency: households."""
    households_answered: int
    """Households of which somebody answered today."""
    closed_today: int
    """Cases of people that ended today."""


class DistrictCard(Struct, frozen=True, kw_only=True):
    """One district at a glance."""

    code: str
    name: str
    kana: str
    residents: int
    households: int
    answered: int
    unanswered: int
    cannot_tell: int
    away: int
    waiting: int
    emergency: int
    needs_visit: int
    needs_check: int
    device_unreachable: int
    """Open cases of each severity: households."""
    worst: Severity | None
    """The gravest open case; None when there is none."""


class OutagePerson(Struct, frozen=True, kw_only=True):
    """One person of an outage's list."""

    order: int
    """In which to look after them, from 1."""
    resident_id: str
    household_id: str
    name: str
    kana: str
    address: str
    phone: str | None
    risk_class: str
    lost_at: datetime
    back_at: datetime | None
    """Since when the line is back and has held."""
    last_answer_at: datetime | None
    checked_at: datetime | None
    checked_by: str | None
    checked_how: CheckedHow | None

    @property
    def to_be_checked(self) -> bool:
        """Whether nobody can tell how this person is."""
        return self.back_at is None and self.checked_how in (None, CheckedHow.not_reached)


class OutageRow(Struct, frozen=True, kw_only=True):
    """One district whose lines were lost together."""

    id: str
    district: str
    district_code: str
    state: AreaState
    began_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    people: list[OutagePerson]

    @property
    def to_be_checked(self) -> int:
        """How many nobody can tell about."""
        return sum(one.to_be_checked for one in self.people)

    @property
    def back(self) -> int:
        """How many lines are back."""
        return sum(one.back_at is not None for one in self.people)


class Board(Struct, frozen=True, kw_only=True):
    """The whole first page, as of one instant."""

    at: datetime
    day: date
    """The office's date."""
    tiles: Tiles
    people: list[QueueRow]
    """The queue about people."""
    devices: list[QueueRow]
    """The lane of lines and boxes that must be mended."""
    districts: list[DistrictCard]
    outages: list[OutageRow]
    notices: Queue
    """What people must be told and is not out yet."""
    proof: ProofLine | None
    """Today's latest daily proof."""
    last_event_at: datetime | None
    """Arrival of the last event from any home."""


class ResidentRow(Struct, frozen=True, kw_only=True):
    """One resident in a list."""

    id: str
    household_id: str
    name: str
    kana: str
    age: int | None
    birth_date: date | None
    sex: str | None
    district: str
    address: str
    phone: str | None
    risk_class: str
    state: PersonState
    case_severity: Severity | None
    """The gravest open case of the household."""
    away_until: datetime | None
    last_answer_at: datetime | None
    device_id: str | None
    device_state: DeviceState


class FlagRow(Struct, frozen=True, kw_only=True):
    """What a 民生委員 may know of a resident of the own district: six fields, and not one more."""

    name: str
    address: str
    ward: str
    birth_date: date | None
    sex: str | None
    flag: Severity | None
    """The gravest open case of the household."""


class ContactRow(Struct, frozen=True, kw_only=True):
    """Somebody to call, in the order of the ladder."""

    role: str
    name: str
    relation: str | None
    phone: str | None


class ConsentRow(Struct, frozen=True, kw_only=True):
    """One tick of the enrolment form."""

    tick: str
    granted_at: datetime
    revoked_at: datetime | None


class ScheduleRow(Struct, frozen=True, kw_only=True):
    """One agreed time."""

    name: str
    at: str
    weekdays: list[int]


class AbsenceRow(Struct, frozen=True, kw_only=True):
    """Nobody is asked between `starts_at` and `until`."""

    id: str
    resident_id: str
    kind: str
    starts_at: datetime
    until: datetime
    ended_at: datetime | None
    said_by: str


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


class ResidentDetail(Struct, frozen=True, kw_only=True):
    """Everything the office knows of one resident that is needed to act."""

    resident: ResidentRow
    lives_alone: bool
    call_name: str
    enrolled_at: datetime
    contacts: list[ContactRow]
    consents: list[ConsentRow]
    schedule: list[ScheduleRow]
    absences: list[AbsenceRow]
    """Now and to come."""
    devices: list[DeviceRow]
    slots: list[SlotRow]
    """Of the last 14 days, the newest first."""


class ClosedCase(Struct, frozen=True, kw_only=True):
    """A case that ended."""

    case_id: str
    severity: Severity
    lane: Lane
    opened_at: datetime
    closed_at: datetime
    outcome: str | None
    owner: str | None


class HouseholdDetail(Struct, frozen=True, kw_only=True):
    """One home: who lives there, what is open, what was."""

    id: str
    district: str
    district_code: str
    address: str
    phone: str | None
    lives_alone: bool
    residents: list[ResidentDetail]
    open_cases: list[QueueRow]
    closed_cases: list[ClosedCase]
    """The newest twenty."""
    visits: list[VisitRow]
    """Made and to be made, the newest first."""
    history: list[TransitionRow]
    """The newest hundred lines about the home's people, slots, speakers and cases."""
