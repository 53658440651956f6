"""What a roster says of one resident: the row of the file and the rows of the store, as one value."""

from datetime import date
from enum import StrEnum

from msgspec import Struct

ALL_WEEK = (1, 2, 3, 4, 5, 6, 7)
"""ISO weekdays, Monday is 1."""


class Role(StrEnum):
    """Who a contact is, in the order in which they are asked."""

    family_contact = "family_contact"
    helper = "helper"
    welfare_commissioner = "welfare_commissioner"


class Tick(StrEnum):
    """What a resident may consent to in writing, each for itself."""

    record_answers = "record_answers"
    tell_family = "tell_family"
    share = "share"
    """With 社協 and 民生委員; the words of an answer leave the home only with this one."""
    forced_entry = "forced_entry"
    keep_audio = "keep_audio"
    listen_for_help = "listen_for_help"
    """That the speaker listens for calls for help between check-ins too."""


class Contact(Struct, frozen=True, order=True):
    """Somebody to ask about the resident."""

    role: Role
    name: str
    relation: str | None = None
    phone: str | None = None
    address: str | None = None
    """A mail address or an apprise URL: where notices go."""


class Asking(Struct, frozen=True, order=True):
    """One agreed time of the day; the earlier sorts first."""

    at: str
    """Office time, "08:00" or "08:00:30"."""
    name: str
    weekdays: tuple[int, ...] = ALL_WEEK
    on_holidays: bool = True
    """Whether a public holiday is asked like any other day."""


class Household(Struct, frozen=True):
    """Where she lives; the same for everybody of the household."""

    id: str
    district: str
    """Its code."""
    address: str
    phone: str | None
    lives_alone: bool


class Entry(Struct, frozen=True):
    """One resident."""

    id: str
    household: Household
    name: str
    kana: str
    call_name: str
    birth_date: date | None
    sex: str | None
    """m, f or x."""
    phone: str | None
    risk_class: str
    device: str | None
    askings: tuple[Asking, ...]
    """By time of day."""
    consents: dict[Tick, date | None]
    """The office date of each that is given; None where the file only says that it is."""
    contacts: tuple[Contact, ...]
    """In the order of asking: family, helpers, 民生委員."""


class Unreadable(ValueError):
    """A cell that says nothing we can keep; the message tells the person what to write."""


class Problem(Struct, frozen=True, order=True):
    """Something in a file that must be put right."""

    line: int
    """From 1, as an editor counts."""
    column: str
    what: str

    def __str__(self) -> str:
        where = f" 「{self.column}」" if self.column else ""
        return f"{self.line} 行目{where}: {self.what}"


class Summary(Struct, frozen=True):
    """What an import did, or would do. Ids of residents."""

    new: list[str]
    changed: list[str]
    """Somebody who had left and is in the file again is among them."""
    same: list[str]
    absent: list[str]
    """Enrolled in the store and not in the file: left as they are."""
