"""MQTT's bytes: what the hub says to a broker, and what a broker may say to it. No network."""

import ssl
import struct
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

_PUBLISH = 0x30
_ONE_DIGIT = 128
"""From this length on it takes more than one byte to say how long."""


class ProtocolError(ValueError):
    """Bytes that no broker should send."""


class Arrived(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    mid: int
    """What `acknowledge` names; 0 for QoS 0, which needs none."""
    retained: bool


class Other(NamedTuple):
    """A packet that is no message: its first byte's upper half, and its body."""

    kind: int
    body: bytes


class Address(Struct, frozen=True, kw_only=True):
    """Where the broker is, and as whom to come."""

    host: str
    port: int
    client_id: str
    username: str
    password: str
    keepalive_seconds: int
    tls: ssl.SSLContext | None = None


def packet(head: int, body: bytes) -> bytes:
    """One packet: first byte, length, body."""
    if len(body) < _ONE_DIGIT:
        return b"%c%c%b" % (head, len(body), body)
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([head]) + bytes(length) + body


def text(value: str) -> bytes:
    """A string with its length in front."""
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def connect(address: Address, *, keep: bool = True) -> bytes:
    """The first packet; `keep` asks for a session that outlives the connection."""
    flags = (0x80 if address.username else 0) | (0x40 if address.password else 0) | (0 if keep else 0x02)
    head = text("MQTT") + bytes([4, flags]) + struct.pack("!H", address.keepalive_seconds)
    words = [address.client_id, *(word for word in (address.username, address.password) if word)]
    return packet(0x10, head + b"".join(text(word) for word in words))


def subscribe(mid: int, topics: Sequence[tuple[str, int]]) -> bytes:
    """Ask for these topics, each with its QoS."""
    return packet(0x82, struct.pack("!H", mid) + b"".join(text(name) + bytes([qos]) for name, qos in topics))


def unpack(buffer: bytes) -> tuple[list[Arrived], list[Other], int]:
    """The whole packets at the beginning of `buffer`, and how many bytes they take; `ProtocolError` for nonsense."""
    messages: list[Arrived] = []
    others: list[Other] = []
    position, end = 0, len(buffer)
    while position + 2 <= end:
        head = buffer[position]
        at = position + 1
        length = shift = 0
        while at < end:
            digit = buffer[at]
            at += 1
            length |= (digit & 0x7F) << shift
            if digit < 0x80:
                break
            shift += 7
            if shift > 21:
                raise ProtocolError("a length of more than four bytes")
        else:
            break
        if at + length > end:
            break
        position = at + length
        if head & 0xF0 == _PUBLISH:
            messages.append(_message(buffer, head, at, position))
        else:
            others.append(Other(head & 0xF0, buffer[at:position]))
    return messages, others, position


def _message(buffer: bytes, head: int, at: int, end: int) -> Arrived:
    qos = head & 0x06
    body = at + 2 + ((buffer[at] << 8) | buffer[at + 1]) if at + 2 <= end else end + 1
    start = body + 2 if qos else body
    if start > end or qos > 2:
        raise ProtocolError("a message that is shorter than it says, or of QoS 2")
    mid = (buffer[body] << 8) | buffer[body + 1] if qos else 0
    name = buffer[at + 2 : body].decode("utf-8", errors="replace")
    return Arrived(name, buffer[start:end], mid, bool(head & 1))
