"""Which fault to say aloud, and when: once a day, by day, and only what the resident should know. Pure."""

from collections.abc import Set
from datetime import date, datetime

from contract.commands import Config
from contract.time import OFFICE_ZONE, office_date
from device.health.settings import FaultSettings
from device.talk.announcing import is_quiet
from device.talk.turns import Prompt

WORTH_SAYING: dict[str, Prompt] = {
    "panel": Prompt.fault_panel,
    "microphone": Prompt.fault_microphone,
}
"""A disk or a clock is nothing the resident could do anything about, and a loudspeaker cannot say it. First one first."""


def to_say(
    broken: Set[str],
    line_down: bool,
    told: date | None,
    config: Config | None,
    settings: FaultSettings,
    now: datetime,
) -> Prompt | None:
    """The sentence to say now, if any."""
    clock = now.astimezone(OFFICE_ZONE).strftime("%H:%M:%S")
    by_day = settings.said_from <= clock < settings.said_until
    if not by_day or told == office_date(now) or is_quiet(config.quiet if config else None, now):
        return None
    for part, prompt in WORTH_SAYING.items():
        if part in broken:
            return prompt
    return Prompt.fault_line if line_down else None
