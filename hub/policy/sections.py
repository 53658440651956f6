"""The sections of a policy, one by one: what a city writes, and what follows from one of them alone."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contract.commands import OfficeTime
from contract.datafile import Duration
from contract.time import OFFICE_ZONE, office_date, office_instant
from hub.holidays import is_holiday
from hub.vocabulary import DeliveryMode, Party, ReasonCode

_NONE = Duration()


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rung."""

    step: Annotated[int, Meta(ge=1, le=50)]
    """Its number, from 1, without gaps."""
    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    party: Party
    wait: Duration
    """How long this step may take before the next one begins."""
    words: Annotated[str, Meta(min_length=1, max_length=120)]
    """What the queue tells the person on duty to do."""


class RiskClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How soon the silence of one class of residents counts."""

    rank: Annotated[int, Meta(ge=0, le=100)]
    """The higher goes first in the queue."""
    missed_slots_in_a_row: Annotated[int, Meta(ge=1, le=20)]
    unanswered_for: Duration
    """From the first unanswered question to the queue, however few slots were missed."""
    visit_same_day_until: OfficeTime
    """A visit decided before this time is due the same day, later ones the next morning; "23:59:59" is always."""
    ladders: dict[ReasonCode, str]
    """Which ladder each reason climbs."""
    recalled_ladder: str
    """What follows a call for help that was taken back: somebody still asks."""


class Watch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a slot, a line and the hub itself are judged."""

    retry_after: Annotated[list[Duration], Meta(max_length=10)]
    """When the speaker asks again, counted from the slot's time."""
    early_window: Duration
    """An answer this long before the slot's time counts as its answer."""
    early_window_of: dict[str, Duration] = msgspec.field(default_factory=dict)
    """The same for single slots, by name: an evening's may begin sooner than a morning's."""
    jitter: Duration = _NONE
    """Over how long the homes' times are spread, so that a town does not speak in the same second; each home has its
    own, always the same."""
    deadline_grace: Duration
    """From the last asking to the deadline: the dialogue, and the way of the answer to the hub."""
    device_lost_after: Duration
    """A line lost for this long is down."""
    device_settle: Duration
    """A line back for this long has told what it had stored."""
    settle_after_start: Duration
    """After the hub was blind nobody is called silent for this long."""
    blind_after: Duration
    """The hub counts as blind when its clock stood still for longer than this."""


class Duty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"opens": "from"}):
    """When the office is staffed, and what is said when nobody is there. Shifts of single people are in the store."""

    opens: OfficeTime
    until: OfficeTime
    weekdays: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(max_length=7)]
    """ISO weekdays, Monday is 1."""
    on_holidays: bool = False
    closed: list[Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]] = msgspec.field(
        default_factory=list
    )
    """Days of every year, "12-29": 年末年始."""
    screen: Annotated[str, Meta(min_length=1, max_length=200)]
    """What the board says while nobody is on duty."""

    def staffed(self, now: datetime) -> bool:
        """Whether the office is open at `now`."""
        local = now.astimezone(OFFICE_ZONE)
        day = local.date()
        if day.isoweekday() not in self.weekdays or f"{day:%m-%d}" in self.closed:
            return False
        if not self.on_holidays and is_holiday(day):
            return False
        at = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        return of_day(self.opens) <= at < of_day(self.until)

    def opens_next(self, now: datetime) -> datetime | None:
        """When the office opens next; None if it never does within a year."""
        day = office_date(now)
        for _ in range(366):
            at = office_instant(day, of_day(self.opens))
            if at > now and self.staffed(at):
                return at
            day += timedelta(days=1)
        return None


class Caseload(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """多く・長く抱えない: how much one worker may have in hand."""

    most_open: Annotated[int, Meta(ge=1)]
    """Open cases about people; with so many nobody takes another one for themselves, but an emergency."""
    longest_held: Duration
    """A case held for longer is shown as held too long."""


class Mode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """How a provider works for the city from a day on."""

    since: date
    mode: DeliveryMode


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation whose people visit."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,24}$")]
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    modes: Annotated[list[Mode], Meta(min_length=1)]
    """直営 or 委託, each from its day on, the oldest first."""
    members: list[str] = msgspec.field(default_factory=list)
    """Logins."""

    def mode_on(self, day: date) -> DeliveryMode | None:
        """How it worked on `day`; None before it began."""
        begun = [one.mode for one in self.modes if one.since <= day]
        return begun[-1] if begun else None


class AreaSize(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many lost speakers are an outage in a district of so many."""

    devices: Annotated[int, Meta(ge=2)]
    """From this many speakers in the district on."""
    lost: Annotated[int, Meta(ge=2)]
    """So many lost together are an outage."""


class Outage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the silence of many lines is one thing: power or network of a district."""

    within: Duration
    """Lost together is lost within this time."""
    sizes: Annotated[list[AreaSize], Meta(min_length=1, max_length=20)]
    """By size of the district, the smallest first; below the first there is no outage, only single lines."""
    recovering_share: Annotated[float, Meta(gt=0, le=1)]
    """From this share of speakers back on the district counts as recovering."""
    over_share: Annotated[float, Meta(gt=0, le=1)]
    """From this share on the outage is over, and whoever is still gone is a single line again."""

    def many(self, devices: int) -> int | None:
        """How many lost together are an outage in a district of `devices` speakers; None where it is too small."""
        fitting = [size.lost for size in self.sizes if size.devices <= devices]
        return fitting[-1] if fitting else None


class Telling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of what staff are told by a notice, and not only by the board."""

    quiet: list[ReasonCode] = msgspec.field(default_factory=list)
    """A case that comes with one of these alone is told to nobody."""


class Visit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By when a visit is due."""

    by: OfficeTime
    """Office time, for a visit on the same day."""
    next_morning_by: OfficeTime
    at_least: Duration
    """Nobody is asked to be anywhere sooner than this."""
    coordination: Annotated[dict[str, str], Meta(max_length=20)] = msgspec.field(default_factory=dict)
    """事前調整: what must have been settled before somebody goes out, by key; only an emergency goes without."""
    programs: Annotated[dict[str, str], Meta(max_length=40)] = msgspec.field(default_factory=dict)
    """事業区分 of a visit, by key."""


@lru_cache(maxsize=4096)
def of_day(at: OfficeTime) -> timedelta:
    """A time of day as the time since midnight."""
    hours, minutes, *seconds = (int(part) for part in at.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
