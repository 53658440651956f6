"""Hundreds of real device cores, each with its own store, session and line, on one clock.

Everything but ear, voice and loudspeaker is what a home runs: schedule, conversation, memory, outbox, link. About 100
fit in one process; `demo.fleet_run.drive` spreads more over several. Used by `mimamori fleet`, by the hub's tests and
by measurements of the hub.
"""

import resource
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import msgspec
import psutil
from msgspec import Struct

from contract.commands import Config, SlotPlan
from contract.events import CheckIn, Sos
from contract.time import Clock
from demo.fleet_home import NOTHING_SAID, Habit, SimulatedHome
from device.config import BrokerConfig
from device.steps import AskingEnded, ConfigTaken, Connected, EventAcked, EventMade, Step

SHARES: Mapping[Habit, float] = {
    Habit.answers: 0.90,
    Habit.silent: 0.04,
    Habit.unwell: 0.02,
    Habit.help: 0.01,
    Habit.mistaken: 0.005,
    Habit.line_down: 0.01,
    Habit.away: 0.01,
    Habit.muted: 0.005,
}
"""A morning like any other, with a little of everything."""
_STOP_SECONDS = 10.0


class QuickClock:
    """Begins at an instant and runs `speed` times as fast as the machine's."""

    def __init__(self, begins: datetime, speed: float = 1.0) -> None:
        self._begins = begins
        self._speed = speed
        self._origin = monotonic()

    def now(self) -> datetime:
        """The instant it pretends to be, aware, in UTC."""
        return (self._begins + timedelta(seconds=(monotonic() - self._origin) * self._speed)).astimezone(UTC)


class Counts(Struct, frozen=True, kw_only=True):
    """What the cores themselves know, all homes together."""

    homes: int
    connected: int
    """Were let in by the broker at least once."""
    configured: int
    """Have a configuration in force, of the hub or left by `morning`."""
    askings: int
    events: int
    """Made, of every type."""
    acknowledged: int
    """Of those, the hub said that it has stored them."""
    calls_for_help: int
    outcomes: dict[str, int]
    """Last outcome of each home that was asked; an answer by its intent."""
    unsettled: tuple[str, ...]
    """Homes whose asking has not come to its end."""


class Fleet:
    """All the homes. `habits` is device id to habit; `broker_of` gives each its credentials."""

    def __init__(
        self,
        habits: Mapping[str, Habit],
        broker_of: Callable[[str], BrokerConfig],
        folder: Path,
        clock: Clock,
        *,
        morning: Config | None = None,
        answering: Callable[[], None] = lambda: None,
    ) -> None:
        """`morning` is what every home is told where there is no hub; with one, leave it out."""
        self._changed = threading.Condition()
        self._connected: set[str] = set()
        self._configured: set[str] = set() if morning is None else set(habits)
        self._last: dict[str, CheckIn] = {}
        self._askings = 0
        self._made: set[str] = set()
        self._acknowledged = 0
        self._calls = 0
        self.homes = [
            SimulatedHome(
                device,
                habit,
                broker_of(device),
                folder,
                clock,
                self._step,
                agreed=morning and _for(morning, habit, clock.now()),
                answering=answering,
            )
            for device, habit in habits.items()
        ]

    def start(self, seconds: float = 60.0) -> bool:
        """Switch all on, and wait until all are let in; False when some are not in time."""
        for home in self.homes:
            home.start()
        return self.wait(lambda: len(self._connected) == len(self.homes), seconds)

    def cut_lines(self) -> None:
        """Pull the cables of those whose line is down."""
        for home in self.homes:
            home.cut_line()

    @property
    def configured(self) -> set[str]:
        """Homes with a configuration in force."""
        return self._configured

    @property
    def askings(self) -> int:
        """Askings that have ended."""
        return self._askings

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until it holds; looked at whenever a core took a step."""
        with self._changed:
            return self._changed.wait_for(holds, seconds)

    def settle(self, seconds: float, askings_of_silence: int = 3) -> bool:
        """Wait until every home that is asked has come to its end, and the hub has stored it."""
        return self.wait(lambda: not self._unsettled(askings_of_silence), seconds)

    def stop(self) -> None:
        """Switch all off: said to all first, so that they say goodbye side by side."""
        threads = [threading.Thread(target=home.begin_stop, daemon=True) for home in self.homes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_STOP_SECONDS)
        for home in self.homes:
            home.end_stop(_STOP_SECONDS)

    def counts(self, askings_of_silence: int = 3) -> Counts:
        """As it stands."""
        with self._changed:
            said = Counter(str(each.intent or each.outcome) for each in self._last.values())
            return Counts(
                homes=len(self.homes),
                connected=len(self._connected),
                configured=len(self._configured),
                askings=self._askings,
                events=len(self._made) + self._acknowledged,
                acknowledged=self._acknowledged,
                calls_for_help=self._calls,
                outcomes=dict(sorted(said.items())),
                unsettled=tuple(self._unsettled(askings_of_silence)),
            )

    def _unsettled(self, askings_of_silence: int) -> list[str]:
        return [
            home.device for home in self.homes if not self._is_settled(home, askings_of_silence)
        ] + sorted(self._waiting_for_the_hub())

    def _waiting_for_the_hub(self) -> set[str]:
        cut = {home.device for home in self.homes if home.habit is Habit.line_down}
        return {event.partition(" ")[0] for event in self._made} - cut

    def _is_settled(self, home: SimulatedHome, askings_of_silence: int) -> bool:
        if home.habit is Habit.away:
            return True
        last = self._last.get(home.device)
        if last is None:
            return False
        return home.habit not in NOTHING_SAID or last.attempts >= askings_of_silence

    def _step(self, device: str, step: Step) -> None:
        with self._changed:
            match step:
                case Connected():
                    self._connected.add(device)
                case ConfigTaken():
                    self._configured.add(device)
                case AskingEnded(check_in):
                    self._last[device] = check_in
                    self._askings += 1
                case EventMade(event):
                    self._made.add(f"{device} {event.id}")
                    self._calls += isinstance(event.body, Sos)
                case EventAcked(event_id):
                    self._made.discard(f"{device} {event_id}")
                    self._acknowledged += 1
                case _:
                    return
            self._changed.notify_all()


def habits(count: int, shares: Mapping[Habit, float] = SHARES, prefix: str = "home") -> dict[str, Habit]:
    """`count` homes, `home-0001` and on, by share: whoever is owed most comes next, so the same every time."""
    whole = sum(shares.values())
    owed = dict.fromkeys(shares, 0.0)
    given: dict[str, Habit] = {}
    for number in range(1, count + 1):
        for habit, share in shares.items():
            owed[habit] += share / whole
        habit = max(owed, key=lambda each: owed[each])
        owed[habit] -= 1.0
        given[f"{prefix}-{number:04d}"] = habit
    return given


def morning_at(at: str, retries_s: Sequence[float] = (600.0, 1800.0)) -> Config:
    """A configuration with one slot, for homes without a hub."""
    return Config(revision=1, slots=[SlotPlan(name="morning", at=at)], retry_after_seconds=list(retries_s))


def cost() -> tuple[float, float]:
    """CPU seconds of this process so far, and its memory in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, psutil.Process().memory_info().rss / 1e6


def _for(morning: Config, habit: Habit, now: datetime) -> Config:
    if habit is not Habit.away:
        return morning
    return msgspec.structs.replace(morning, paused_until=now + timedelta(days=1))
