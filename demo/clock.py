"""The demonstration's clock: the machine's own, or moved to another time of day."""

from datetime import UTC, datetime, timedelta

from contract.refusal import Refused
from contract.time import OFFICE_ZONE, SystemClock


class MovedClock:
    """The machine's clock, `by` later. Everything that lives in the demonstration asks this one."""

    def __init__(self, by: timedelta = timedelta(0)) -> None:
        self._by = by
        self._machine = SystemClock()

    def now(self) -> datetime:
        """The instant it pretends to be, aware, in UTC."""
        return (self._machine.now() + self._by).astimezone(UTC)


def clock_at(time_of_day: str | None) -> MovedClock:
    """A clock on which it is now `time_of_day` ("08:00" or "23:59:30", office time) of today; None is no move."""
    if time_of_day is None:
        return MovedClock()
    now = SystemClock().now().astimezone(OFFICE_ZONE)
    for form in ("%H:%M:%S", "%H:%M"):
        try:
            wanted = datetime.strptime(time_of_day, form)
        except ValueError:
            continue
        at = now.replace(hour=wanted.hour, minute=wanted.minute, second=wanted.second, microsecond=0)
        return MovedClock(at - now)
    raise Refused(f"--at の「{time_of_day}」は時刻ではありません。「08:00」のように書いてください。")
