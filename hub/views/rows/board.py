"""The first page."""

from datetime import date, datetime

from msgspec import Struct

from hub.notices.state import ProofLine, Queue
from hub.views.rows.outages import OutageRow
from hub.views.rows.queue import QueueRow
from hub.vocabulary import Severity


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
