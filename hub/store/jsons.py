"""How a JSON column is written and read, the same on both stores."""

import msgspec


def encode(value: object) -> str:
    """Text of a value."""
    return msgspec.json.encode(value).decode()


decode = msgspec.json.decode
