"""One message of the broker, decoded or found to be none of ours. Pure: knows neither the store nor the broker."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec import Struct

from contract.envelope import Event, MalformedEvent, Unknown, decode_event
from contract.state import State, Telemetry, decode_state, decode_telemetry
from contract.topics import BadTopic, Channel, parse


class Message(NamedTuple):
    """What the broker handed over."""

    topic: str
    payload: bytes
    at: datetime
    """When it arrived, by the hub's clock."""
    retained: bool = False
    """The broker had kept it, so it says nothing about now."""


class Why(StrEnum):
    """Why a message is none that the hub can use."""

    malformed = "malformed"
    wrong_device = "wrong_device"
    """It says that it is of another device than its topic."""
    unknown_device = "unknown_device"
    """The device is not on the roster."""
    id_of_another = "id_of_another"
    """Another device has used this id: storing nothing would look like having it."""
    broke_the_heart = "broke_the_heart"
    """Well-formed, and yet something in the hub could not work with it: a mistake of ours."""


class Read(Struct):
    """A message and what was read from it."""

    message: Message
    device: str | None
    """By its topic."""
    id: str | None
    """The event's, where there is one to be read."""
    what: Event | State | Telemetry | None
    why: Why | None = None
    detail: str = ""


def read(message: Message) -> Read:
    """Decode a message by its topic; what is wrong with it stands in `why` and `detail`."""
    try:
        device, channel = parse(message.topic)
    except BadTopic as error:
        return Read(message, None, None, None, Why.malformed, str(error))
    try:
        what = _decode(message.payload, channel)
    except MalformedEvent as error:
        return Read(message, device, error.id, None, Why.malformed, str(error))
    if not isinstance(what, Event):
        return Read(message, device, None, what)
    if what.device != device:
        detail = f"the envelope says {what.device}"
        return Read(message, device, what.id, None, Why.wrong_device, detail)
    return Read(message, device, what.id, what)


def _decode(payload: bytes, channel: Channel) -> Event | State | Telemetry:
    match channel:
        case Channel.event | Channel.sos:
            event = decode_event(payload)
            if isinstance(event.body, Unknown):
                _check_unknown(event.id, event.body)
            return event
        case Channel.state:
            return decode_state(payload)
        case Channel.telemetry:
            return decode_telemetry(payload)
        case _:
            raise MalformedEvent(f"no device speaks on {channel}")


def _check_unknown(id: str, body: Unknown) -> None:
    """The body of a type we do not know is kept as data, so it must be readable as data."""
    try:
        msgspec.json.decode(body.raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent(f"$.body: {error}", id) from error
