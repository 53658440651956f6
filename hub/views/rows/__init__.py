"""What the pages and the API show, as frozen rows. Every instant is UTC; every name is as it stands in the roster."""

from hub.views.rows.board import Board, DistrictCard, Tiles
from hub.views.rows.homes import HouseholdDetail, ResidentDetail
from hub.views.rows.outages import OutagePerson, OutageRow
from hub.views.rows.people import AbsenceRow, ConsentRow, ContactRow, FlagRow, ResidentRow, ScheduleRow
from hub.views.rows.queue import ClosedCase, OfferRow, Person, QueueRow, ReasonRow, VisitRow
from hub.views.rows.things import DeviceRow, EventRow, SlotRow, TransitionRow

__all__ = [
    "AbsenceRow",
    "Board",
    "ClosedCase",
    "ConsentRow",
    "ContactRow",
    "DeviceRow",
    "DistrictCard",
    "EventRow",
    "FlagRow",
    "HouseholdDetail",
    "OfferRow",
    "OutagePerson",
    "OutageRow",
    "Person",
    "QueueRow",
    "ReasonRow",
    "ResidentDetail",
    "ResidentRow",
    "ScheduleRow",
    "SlotRow",
    "Tiles",
    "TransitionRow",
    "VisitRow",
]
