"""Good morning, good day, good evening."""

from device.talk.turns import Prompt


def greeting(hour: int) -> Prompt:
    """How people greet at this hour, 0 to 23, of the office's zone."""
    if 4 <= hour < 11:
        return Prompt.good_morning
    return Prompt.good_day if 11 <= hour < 17 else Prompt.good_evening
