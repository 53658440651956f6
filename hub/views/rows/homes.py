"""One resident, one household, with everything that is needed to act."""

from datetime import datetime

from msgspec import Struct

from hub.views.rows.people import AbsenceRow, ConsentRow, ContactRow, ResidentRow, ScheduleRow
from hub.views.rows.queue import ClosedCase, QueueRow, VisitRow
from hub.views.rows.things import DeviceRow, SlotRow, TransitionRow


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
