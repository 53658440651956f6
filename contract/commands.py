"""What a device is told: acknowledgements, its configuration, and commands."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from contract.events import AnnouncementKind, Identifier, QuestionKey

OfficeTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")]
"""A time of day in the office's zone: "08:00" or, where seconds matter, "08:00:30"."""
Seconds = Annotated[float, Meta(ge=0.0, le=86_400.0)]


class Ack(Struct, frozen=True, kw_only=True):
    """Ids that are stored at the hub, after COMMIT. A PUBACK of the broker says nothing of the kind."""

    ids: Annotated[list[Identifier], Meta(max_length=1000)]


class SlotPlan(Struct, frozen=True, kw_only=True):
    """One agreed time of the day."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,24}$")]
    at: OfficeTime
    weekdays: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(min_length=1, max_length=7)] = (
        msgspec.field(default_factory=lambda: [1, 2, 3, 4, 5, 6, 7])
    )
    """ISO weekdays, Monday is 1."""
    on_holidays: bool = True
    """False: not on the days that the configuration lists as `holidays`."""
    question: Annotated[str, Meta(max_length=40)] = "how_are_you"
    """A key of the device's prompts file."""


class QuietHours(Struct, frozen=True, kw_only=True):
    """When nothing is announced but 防災; over midnight when `until` is the earlier one. Check-ins keep their times."""

    begins: OfficeTime
    until: OfficeTime


class Reminder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to say at a time of the day: 薬, ごみ, 行事."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,24}$")]
    at: OfficeTime
    kind: AnnouncementKind
    text: Annotated[str, Meta(max_length=200)] = ""
    """What is said; empty when `prompt` is given."""
    prompt: Annotated[str, Meta(max_length=40)] = ""
    """Or the key of an announcement in the device's prompts file."""
    weekdays: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(min_length=1, max_length=7)] = (
        msgspec.field(default_factory=lambda: [1, 2, 3, 4, 5, 6, 7])
    )

    def __post_init__(self) -> None:
        if bool(self.text.strip()) == bool(self.prompt):
            raise ValueError("a reminder has either a text or a prompt")


class Config(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The retained configuration of one home. A device keeps the last good one and refuses a bad one whole."""

    revision: Annotated[int, Meta(ge=1)]
    """Counts up; an older revision never replaces a newer one."""
    call_name: Annotated[str, Meta(max_length=40)] = ""
    """How the resident is spoken to, with 様 or さん, as it should sound."""
    slots: Annotated[list[SlotPlan], Meta(max_length=24)] = msgspec.field(default_factory=list)
    retry_after_seconds: Annotated[list[Seconds], Meta(max_length=10)] = msgspec.field(
        default_factory=lambda: [600.0, 1800.0]
    )
    """The part of the ladder that runs at home: when to ask again, counted from the slot's time."""
    paused_until: Annotated[datetime, Meta(tz=True)] | None = None
    """Nobody is at home until then: ask nothing."""
    holidays: Annotated[list[date], Meta(max_length=400)] = msgspec.field(default_factory=list)
    """Public holidays of this year and the next, for slots that rest on them."""
    share_text: bool = False
    """Consent to let the words leave the home."""
    speech_rate: Annotated[float, Meta(ge=0.5, le=2.0)] = 0.85
    """1.0 is the voice's own pace; slower is below."""
    volume: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.8
    extras: Annotated[list[QuestionKey], Meta(max_length=5)] = msgspec.field(default_factory=list)
    """Further questions for はい or いいえ, asked of somebody who is well; keys of the device's prompts file."""
    reminders: Annotated[list[Reminder], Meta(max_length=24)] = msgspec.field(default_factory=list)
    quiet: QuietHours | None = None
    listen_for_help: bool = False
    """Consent to listen for calls for help outside of check-ins too."""
    keep_audio: bool = False
    """Consent to keep answers as sound: encrypted, at home only, for some days."""


class CommandKind(StrEnum):
    """What the hub may ask of a device."""

    ask_now = "ask_now"
    """Ask the check-in question now."""
    say = "say"
    """Speak `text` once, never over an open question, and not in the quiet hours unless it is 防災."""
    selftest = "selftest"
    update = "update"
    locate = "locate"
    """Blink and chime, so that somebody can find the box."""


class Command(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order to one device; `id` makes a repeat harmless."""

    id: Identifier
    kind: CommandKind
    text: Annotated[str, Meta(max_length=500)] | None = None
    slot: str | None = None
    announce: AnnouncementKind = AnnouncementKind.other
    """What a `say` is about."""
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    """A `say` that could not be spoken by then is given up, and reported; the device's own limit when absent."""


class MalformedCommand(ValueError):
    """A payload that is no command of ours; the message says what is wrong, and where."""


_encoder = msgspec.json.Encoder()

Message = Ack | Config | Command
M = TypeVar("M", Ack, Config, Command)


def encode(message: Message) -> bytes:
    """The payload of a message to a device, UTF-8 JSON."""
    return _encoder.encode(message)


def decode(payload: bytes, kind: type[M]) -> M:
    """Read one payload of the `ack`, `config` or `command` topic; raise `MalformedCommand` if it is none."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedCommand(str(error)) from error
