"""How a JSON column is written and read, the same on both stores."""

import msgspec

_encoder = msgspec.json.Encoder()


def encode(value: object) -> str:
    """Text of a value."""
    return _encoder.encode(value).decode()


decode = msgspec.json.decode
