"""`mimamori fleet`: many real device cores with simulated ears, through one morning."""

from pathlib import Path
from typing import Annotated

import typer


def fleet(
    homes: Annotated[int, typer.Option("--homes", min=1, max=5000, help="How many device cores.")] = 100,
    broker: Annotated[
        str | None,
        typer.Option(
            "--broker", help="host:port of a broker with a hub behind it; one of our own otherwise."
        ),
    ] = None,
    passwords: Annotated[
        Path | None, typer.Option("--passwords", help="With --broker: a JSON file, device id to password.")
    ] = None,
    shares: Annotated[
        str | None, typer.Option("--shares", help="Habits by share: answers=0.9,silent=0.05,help=0.05.")
    ] = None,
    at: Annotated[
        str, typer.Option("--at", help="Without a hub: the question's time, 08:00; the clock begins before.")
    ] = "08:00",
    speed: Annotated[float, typer.Option("--speed", min=0.1, help="How fast the cores' clock runs.")] = 1.0,
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, help="How long to wait at most.")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Drive many real device cores through a morning; with --broker the hub there says when and what to ask."""
    from bench.report import Report, machine, show
    from demo.fleet_run import Order, run, shares_of
    from mimamori import logs

    logs.set_up("warning")
    order = Order(
        homes=homes,
        shares=shares_of(shares),
        broker=broker,
        passwords=passwords,
        at=at,
        speed=speed,
        seconds=seconds,
    )
    figures = run(order)
    report = Report(
        name="fleet",
        parameters={
            "homes": homes,
            "shares": {str(habit): share for habit, share in order.shares.items()},
            "broker": broker or "own, without a hub",
            "speed": speed,
        },
        figures=figures,
        machine=machine(),
    )
    show(report, as_json=as_json, write=lambda text: typer.echo(text, nl=False))
    if figures["unsettled"]:
        raise SystemExit(1)
