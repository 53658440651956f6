"""Identifiers that sort by the time they were made (UUIDv7, RFC 9562), from injected time and randomness."""

import secrets
import uuid
from collections.abc import Callable
from datetime import datetime

RandomBits = Callable[[int], int]
"""Takes a number of bits and returns a random integer of at most that many bits."""


def uuid7(at: datetime, random_bits: RandomBits = secrets.randbits) -> str:
    """A UUIDv7 for the instant `at`, as 36 characters; ids of later milliseconds sort after earlier ones.

    Python gains this in 3.14; the layout is RFC 9562 section 5.7: 48 bits of Unix milliseconds, the version,
    12 random bits, the variant, 62 random bits.
    """
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= random_bits(12) << 64
    value |= 0b10 << 62
    value |= random_bits(62)
    return str(uuid.UUID(int=value))


NewId = Callable[[datetime], str]
"""A source of ids, given the instant they are made at. `uuid7` is one; a test passes one it can predict."""
