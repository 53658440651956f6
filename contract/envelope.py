"""The envelope around every event, and how it lies on the wire. Unknown fields are ignored, unknown types kept as they came."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contract.events import BODIES, Body, ClockQuality, Count, Device, Identifier, Instant


class Unknown(Struct, frozen=True):
    """The body of a type this hub does not know yet: stored as it came, and shown as such."""

    raw: bytes


class Envelope(Struct, frozen=True, kw_only=True):
    """What stands around every body, as it lies on the wire."""

    id: Identifier
    """UUIDv7, made once by the device; the hub's effects happen once per id."""
    device: Device
    session: Identifier
    """One run of the device, from birth to will."""
    seq: Count
    """Counts up within a session."""
    at: Instant
    """When it happened, UTC, by the device's clock."""
    clock: ClockQuality = ClockQuality.synced
    late: bool = False
    """True when it was flushed after being offline."""
    type: Annotated[str, Meta(min_length=1, max_length=40)]
    body: msgspec.Raw


class Event(Struct, frozen=True, kw_only=True):
    """A decoded event: the envelope's fields and a body of its own type."""

    id: str
    device: str
    session: str
    seq: int
    at: datetime
    clock: ClockQuality
    late: bool
    type: str
    body: Body | Unknown


class MalformedEvent(ValueError):
    """A payload that is no event; the message says what is wrong, and where."""

    def __init__(self, what: str, id: str | None = None) -> None:
        """`id` is the event's, where it can be read, so that its sender need not say it again for ever."""
        super().__init__(what)
        self.id = id


class _Named(Struct):
    id: Identifier


_NO_ID = "Object missing required field `id`"
"""What msgspec says of the first field, after it has read all of an object."""
_named_decoder = msgspec.json.Decoder(_Named)
_envelope_decoder = msgspec.json.Decoder(Envelope)
_body_decoders = {word: msgspec.json.Decoder(body) for word, body in BODIES.items()}
_encoder = msgspec.json.Encoder()


def decode_event(payload: bytes) -> Event:
    """Read one payload of the `event` or `sos` topic; raise `MalformedEvent` if it is none."""
    try:
        envelope = _envelope_decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = str(error)
        raise MalformedEvent(what, None if what == _NO_ID else _id_of(payload)) from error
    try:
        decoder = _body_decoders.get(envelope.type)
        body = decoder.decode(envelope.body) if decoder else Unknown(bytes(envelope.body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent(str(error), envelope.id) from error
    return Event(
        id=envelope.id,
        device=envelope.device,
        session=envelope.session,
        seq=envelope.seq,
        at=envelope.at,
        clock=envelope.clock,
        late=envelope.late,
        type=envelope.type,
        body=body,
    )


def _id_of(payload: bytes) -> str | None:
    try:
        return _named_decoder.decode(payload).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def encode_event(event: Event) -> bytes:
    """The payload of one event, UTF-8 JSON."""
    raw = event.body.raw if isinstance(event.body, Unknown) else _encoder.encode(event.body)
    return _encoder.encode(
        Envelope(
            id=event.id,
            device=event.device,
            session=event.session,
            seq=event.seq,
            at=event.at,
            clock=event.clock,
            late=event.late,
            type=event.type,
            body=msgspec.Raw(raw),
        )
    )
