"""What the last run left behind: askings that were begun, and no event tells how they ended."""

from datetime import datetime

from contract.commands import Config
from contract.events import CheckIn, Outcome
from device.memory import Memory
from device.schedule import is_open

MOST_STARTS = 2
"""An asking cut off this often is reported as not played: a question must not be what brings the speaker down."""


def left_open(memory: Memory, config: Config | None, since: datetime, now: datetime) -> list[CheckIn]:
    """The check-ins that must be sent now; what is not among them is asked again under its number."""
    found = []
    for asking in memory.askings.values():
        if not asking.open:
            continue
        kept = memory.kept
        if kept and (kept.slot, kept.attempts) == (asking.slot, asking.attempts):
            # Well, and agreed to: what was still being asked about is lost, the answer is not (P1).
            found.append(kept)
            continue
        again = config is not None and is_open(config, since, asking.slot, now)
        if not again or asking.starts >= MOST_STARTS:
            # Whether it was heard nobody knows, so nobody is called silent (P2).
            found.append(CheckIn(slot=asking.slot, outcome=Outcome.not_played, attempts=asking.attempts))
    return found
