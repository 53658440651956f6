"""A clock that travels: no test waits."""

from datetime import UTC, datetime, timedelta

from contract.time import OFFICE_ZONE

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=OFFICE_ZONE).astimezone(UTC)
"""Where tests begin: 令和8年11月23日(月) 12:00 in Ena, between the morning's question and the evening's."""


class TravellingClock:
    """Stands still until it is told to go."""

    def __init__(self, at: datetime = MONDAY_NOON) -> None:
        self._at = at

    def now(self) -> datetime:
        """The instant it stands at, UTC."""
        return self._at

    def forward(self, **length: float) -> datetime:
        """Go on by `timedelta(**length)` and return where that is."""
        self._at += timedelta(**length)
        return self._at

    def travel(self, to: datetime) -> datetime:
        """Go to an instant, forwards or backwards."""
        self._at = to.astimezone(UTC)
        return self._at


def office(text: str) -> datetime:
    """An instant written as people there say it: "2026-11-24 08:00", office time."""
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE).astimezone(UTC)
