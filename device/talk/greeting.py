"""Good morning, good day, good evening; something that fits any hour where the hour is not known."""

from device.talk.turns import Prompt


def greeting(hour: int | None) -> Prompt:
    """How people greet at this hour, 0 to 23, of the office's zone; None when no clock can be trusted."""
    if hour is None:
        # 「おはようございます」 in the evening makes an old person doubt herself, not the box.
        return Prompt.at_any_hour
    if 4 <= hour < 11:
        return Prompt.good_morning
    return Prompt.good_day if 11 <= hour < 17 else Prompt.good_evening
