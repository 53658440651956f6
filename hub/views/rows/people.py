"""Residents, and what was agreed with them."""

from datetime import date, datetime

from msgspec import Struct

from hub.vocabulary import DeviceState, PersonState, Severity


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
