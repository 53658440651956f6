"""The last days' check-ins of one person as a small table: a row per agreed time, a column per day."""

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from contract.time import OFFICE_ZONE
from hub.views.rows import SlotRow


class Calendar(Struct, frozen=True, kw_only=True):
    """Cells follow `days`; None where nothing was agreed on that day."""

    days: list[date]
    rows: list[tuple[str, list[SlotRow | None]]]
    """The slot's name and its cells, in the order of the day."""


def calendar_of(slots: Sequence[SlotRow], last: date, length: int) -> Calendar:
    """The `length` days up to `last`."""
    days = [last - timedelta(days=back) for back in reversed(range(length))]
    found = {(one.slot, one.day): one for one in slots}
    # Ordered by the office's time of day at which the newest of each name opens: 朝 before 夕.
    newest: dict[str, SlotRow] = {}
    for one in slots:
        newest.setdefault(one.slot, one)
    names = sorted(newest, key=lambda name: newest[name].opens_at.astimezone(OFFICE_ZONE).time())
    return Calendar(days=days, rows=[(name, [found.get((name, day)) for day in days]) for name in names])
