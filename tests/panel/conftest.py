"""A home with a panel: gpiozero's mock pins, a finger with a watch of its own, and the real speaker behind it."""

from tests.device.conftest import box, hub

__all__ = ["box", "hub"]
