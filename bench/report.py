"""What every measurement hands back, and how it is shown: one shape, so that figures can be laid side by side."""

import math
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import track
from rich.table import Table

from contract.time import Clock, SystemClock

Figure = float | int | str | None


class Machine(Struct, frozen=True, kw_only=True):
    """Where a figure was measured: without it the figure says nothing."""

    processor: str
    cores: int
    """That this process may use."""
    memory_gb: float
    system: str
    python: str
    load: float
    """Processes that wanted a core during the last minute, ours of the moment before included; above `cores` the
    figures of time are too high."""
    at: datetime


class Report(Struct, frozen=True, kw_only=True):
    """One measurement. Names of figures carry their unit: `late_p99_s`, `events_per_s`, `idle_sweep_ms`."""

    name: str
    parameters: dict[str, Any]
    figures: dict[str, Any]
    ceiling: dict[str, Any] = {}
    """What the parts below us reach without us, measured in the same run; empty where there is no such thing."""
    machine: Machine


def machine(clock: Clock | None = None) -> Machine:
    """The machine we are on, as it is now."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 2),
        at=(clock or SystemClock()).now().astimezone(UTC),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(names, platform.processor() or platform.machine())


def medians(runs: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    """The middle of each figure over the runs; what is no number is taken from the last one.

    Counts of what must not happen (`lost`, `duplicated`, ...) are for the caller to add up: their median hides one.
    """
    if not runs:
        return {}
    return {name: _middle([run.get(name) for run in runs]) for name in runs[-1]}


def _middle(values: Sequence[Figure]) -> Figure:
    numbers = [value for value in values if isinstance(value, (int, float))]
    if len(numbers) != len(values):
        return values[-1]
    middle = median(numbers)
    return round(middle) if all(isinstance(number, int) for number in numbers) else round(middle, 4)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of them do not exceed; 0.0 of none."""
    ordered = sorted(values)
    at = math.ceil(round(share * len(ordered), 6))
    return ordered[max(at, 1) - 1] if ordered else 0.0


def rounds(count: int, title: str) -> Iterable[int]:
    """1 to `count`, with a progress bar where somebody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return range(1, count + 1)
    bar: Iterator[int] = iter(track(range(1, count + 1), description=title, console=console, transient=True))
    return bar


def show(report: Report, *, as_json: bool, write: Callable[[str], Any] = sys.stdout.write) -> None:
    """Print it: one JSON object on one line, or a table for people."""
    if as_json:
        write(msgspec.json.encode(report).decode() + "\n")
        return
    console = Console(width=110, highlight=False)
    here = report.machine
    with console.capture() as captured:
        console.print(f"[b]{report.name}[/b]  {_words(report.parameters)}", soft_wrap=True)
        console.print(
            f"{here.processor}, {here.cores} cores, {here.memory_gb} GB, {here.system}, Python {here.python}, "
            f"load {here.load}, {here.at:%Y-%m-%d %H:%M}Z",
            soft_wrap=True,
        )
        table = Table("figure", "ours", "ceiling")
        for name in [*report.figures, *(name for name in report.ceiling if name not in report.figures)]:
            table.add_row(name, _cell(report.figures.get(name)), _cell(report.ceiling.get(name)))
        console.print(table)
    write(captured.get())


def _words(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_cell(value)}" for name, value in parameters.items())


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case _:
            return msgspec.json.encode(value).decode()
