"""When a change is worth a word: the city's numbers, checked at load."""

from datetime import time
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.commands import OfficeTime
from contract.datafile import Duration, line_of, read_toml
from contract.events import Intent
from contract.refusal import Refused

Days = Annotated[int, Meta(ge=1, le=730)]
Positive = Annotated[float, Meta(gt=0.0, le=100.0)]
Part = Annotated[float, Meta(gt=0.0, le=1.0)]
WEEK = 7


class Daily(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from", "end": "until"}
):
    """The hours in which everybody is looked at, once a day, each at a time of their own."""

    start: OfficeTime
    end: OfficeTime

    @property
    def start_seconds(self) -> int:
        """After office midnight."""
        return _seconds(self.start)

    @property
    def length_seconds(self) -> int:
        """From the first to the last."""
        return _seconds(self.end) - _seconds(self.start)


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One length of "lately", and how sure one must be about it."""

    days: Days
    least_days: Days
    """With fewer days of records nothing is said."""
    chance: Annotated[float, Meta(gt=0.0, le=0.05)]
    """The probability, were nothing different, of a difference at least this large."""
    strictness: Annotated[float, Meta(ge=1.0, le=10.0)]
    """The least differences are multiplied by this."""


class Differences(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Smaller ones are not worth a visit, however certain."""

    slower: Annotated[float, Meta(gt=1.0, le=20.0)]
    """Times the usual delay."""
    slower_spreads: Positive
    """And times the usual spread (MAD, as a standard deviation) of the logarithm of the delay."""
    asked_again: Part
    """Added share of answers that took more than one asking."""
    missed: Part
    """Added share of slots missed, of those that were asked."""
    worse: Part
    """Added share of answers with one of `worse_intents`."""


class Course(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a change that was told goes on."""

    calm: Part
    """Below this part of the least difference it is over: hysteresis, so that it does not flicker."""
    calm_days: Days
    cool_down: Duration
    """After a return nothing is said about the same person for this long."""
    accepted_after: Duration
    """A change that lasts for this long is how the person is now."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`trends.toml`."""

    usual_days: Days
    least_usual_days: Days
    worse_intents: Annotated[list[Intent], Meta(min_length=1)]
    daily: Daily
    windows: Annotated[list[Window], Meta(min_length=1, max_length=5)]
    differences: Differences
    course: Course

    @property
    def longest(self) -> int:
        """Days of the longest "lately"; what is usual lies before it."""
        return max(window.days for window in self.windows)

    @property
    def reach_days(self) -> int:
        """How far back records may be needed: events must be kept for at least this long."""
        return self.usual_days + self.longest + self.course.accepted_after.days + WEEK


def load(path: Path | None = None) -> Settings:
    """Read and check a file, the packaged one by default; `Refused` names file and line of what is wrong."""
    return _packaged() if path is None else _read(path)


@cache
def _packaged() -> Settings:
    with resources.as_file(resources.files("hub") / "trends.toml") as path:
        return _read(path)


def _read(path: Path) -> Settings:
    settings = read_toml(path, Settings)
    _check(settings, path)
    return settings


def _check(settings: Settings, path: Path) -> None:
    def refuse(key: str, sentence: str) -> Refused:
        line = line_of(path.read_text(encoding="utf-8"), key)
        return Refused(f"{path}{f' {line} 行目' if line else ''} ({key}): {sentence}")

    for key, days in (("usual_days", settings.usual_days), ("course.calm_days", settings.course.calm_days)):
        if days % WEEK:
            raise refuse(key, "7 の倍数にしてください。曜日のくせを変化と取り違えないためです。")
    if settings.least_usual_days > settings.usual_days:
        raise refuse("least_usual_days", "usual_days より長くはできません。")
    for index, window in enumerate(settings.windows):
        here = f"windows[{index}]"
        if window.days % WEEK:
            raise refuse(f"{here}.days", "7 の倍数にしてください。曜日のくせを変化と取り違えないためです。")
        if window.least_days > window.days:
            raise refuse(f"{here}.least_days", "days より長くはできません。")
    if settings.daily.length_seconds <= 0:
        raise refuse("daily.until", "from より遅い時刻にしてください。")


def _seconds(at: OfficeTime) -> int:
    clock = time.fromisoformat(at)
    return clock.hour * 3600 + clock.minute * 60 + clock.second
