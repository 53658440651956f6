"""A checksum behind what is written down: a card that flips a bit must not change an answer or a time of day unnoticed.

SQLite checks its pages' structure, not what stands in them.
"""

import zlib


class Broken(ValueError):
    """What was read is not what was written."""


def sealed(content: bytes) -> bytes:
    """`content`, a line break, and its CRC-32 in hexadecimal."""
    return b"%s\n%08x" % (content, zlib.crc32(content))


def unsealed(written: bytes) -> bytes:
    """What was sealed; raise `Broken` when it changed since. What an older version wrote without a seal is let through."""
    content, line_break, checksum = written.rpartition(b"\n")
    if not line_break:
        return written
    if checksum != b"%08x" % zlib.crc32(content):
        raise Broken("the checksum does not fit")
    return content
