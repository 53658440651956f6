"""What a few words mean: `Understanding.load().understand(text)`."""

from device.understand.meaning import Meaning
from device.understand.understanding import Understanding

__all__ = ["Meaning", "Understanding"]
