"""A running home, as the speaker's own tests have it."""

from tests.device.conftest import box, hub

__all__ = ["box", "hub"]
