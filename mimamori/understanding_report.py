"""What `mimamori bench understanding` prints for people."""

from collections.abc import Callable
from typing import Any

from msgspec import structs
from rich.console import Console
from rich.table import Table

from bench.report import Report
from bench.scores import Score, Share
from contract.events import Intent


def show(report: Report, write: Callable[[str], Any]) -> None:
    """The machine, a column of figures for each part, and the confusion table."""
    console = Console(width=150, highlight=False)
    with console.capture() as captured:
        here = report.machine
        console.print(
            ", ".join(f"{name} {value}" for name, value in report.parameters.items()), soft_wrap=True
        )
        console.print(
            f"{here.processor}, {here.cores} cores, {here.memory_gb} GB, Python {here.python}, load {here.load}, "
            f"{here.at:%Y-%m-%d %H:%M}Z; RSS {report.figures['rss_mb']} MB",
            soft_wrap=True,
        )
        columns = {name: part for name, part in report.figures.items() if isinstance(part, Score)}
        columns |= {f"{name} (as text)": part for name, part in report.ceiling.items()}
        console.print(_figures("understanding", columns))
        for group in ("voices", "kinds"):
            if group in report.figures:
                console.print(_figures(group, report.figures[group]))
        console.print(_confusion(report.figures["confusion"]))
    write(captured.get())


def _figures(title: str, columns: dict[str, Score]) -> Table:
    table = Table(title=title)
    table.add_column("figure")
    for name in columns:
        table.add_column(name, justify="right")
    for field in structs.fields(Score):
        table.add_row(field.name, *(_cell(getattr(part, field.name)) for part in columns.values()))
    return table


def _confusion(counted: dict[str, dict[str, int]]) -> Table:
    table = Table(title="meant (rows) and read as (columns)")
    table.add_column("")
    for read in Intent:
        table.add_column(read.value, justify="right")
    for meant, row in counted.items():
        table.add_row(meant, *(str(row.get(read.value, "·")) for read in Intent))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, Share):
        return f"{value.part}/{value.whole} {value.share:.3f}\n({value.low:.2f}-{value.high:.2f})"
    return "" if value is None else str(value)
