"""Districts whose lines were lost together, and their people."""

from datetime import datetime

from msgspec import Struct

from hub.vocabulary import AreaState, CheckedHow


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
