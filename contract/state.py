"""What a device says about itself: the retained state of its line, and numbers."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contract.envelope import MalformedEvent
from contract.events import Identifier, Instant


class Presence(StrEnum):
    """What the retained `state` topic says of a device's line."""

    online = "online"
    """The birth: connected and working."""
    lost = "lost"
    """The will: the broker lost the connection without a goodbye."""
    offline = "offline"
    """The goodbye: switched off on purpose."""


class State(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The retained birth, goodbye or will. A will of an older session says nothing about a newer one."""

    session: Identifier
    presence: Presence
    at: Instant
    muted: bool = False
    version: Annotated[str, Meta(max_length=40)] = ""
    """The software the device runs."""
    recognizer: Annotated[str, Meta(max_length=80)] = ""


class Telemetry(Struct, frozen=True, kw_only=True):
    """Numbers about the speaker itself, `name -> value`; names carry their unit (`cpu_temperature_c`)."""

    at: Instant
    values: dict[Annotated[str, Meta(max_length=64)], float]


_encoder = msgspec.json.Encoder()
_state_decoder = msgspec.json.Decoder(State)
_telemetry_decoder = msgspec.json.Decoder(Telemetry)


def decode_state(payload: bytes) -> State:
    """Read one payload of the `state` topic; raise `MalformedEvent` if it is none."""
    try:
        return _state_decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent(str(error)) from error


def decode_telemetry(payload: bytes) -> Telemetry:
    """Read one payload of the `telemetry` topic; raise `MalformedEvent` if it is none."""
    try:
        return _telemetry_decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent(str(error)) from error


def encode(message: State | Telemetry) -> bytes:
    """The payload of a state or telemetry message, UTF-8 JSON."""
    return _encoder.encode(message)
