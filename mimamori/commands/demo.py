"""`mimamori demo`: a town's morning of check-ins on real audio, end to end."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    once: Annotated[
        bool,
        typer.Option("--once", help="Play one morning, check how every home ended, exit 0 or 1."),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="An empty folder to keep everything in; else a temporary one."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the pages; another if taken.", min=0, max=65535)] = 8080,
    speak: Annotated[
        bool, typer.Option("--speak", help="Let me hear it on this machine's loudspeaker.")
    ] = False,
    pace: Annotated[
        float,
        typer.Option(
            help="Speed of the voices, 1 is real time; a faster town is harder on the CPU.", min=0.1, max=20.0
        ),
    ] = 1.0,
    at: Annotated[
        str | None,
        typer.Option(help="Play as if it were this time of day, 08:00 for a morning.", metavar="HH:MM"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON; the rest goes to stderr.")
    ] = False,
    households: Annotated[
        Path | None,
        typer.Option(
            help="Your own households.toml: who speaks, what, and how it should end.", metavar="FILE"
        ),
    ] = None,
    town: Annotated[
        Path | None,
        typer.Option(help="Your own town.toml: how many homes, and what happens there.", metavar="FILE"),
    ] = None,
) -> None:
    """Run a town's morning: speakers ask, residents answer, silence is noticed, a call for help jumps the queue."""
    from demo.play import Wishes, play

    wishes = Wishes(
        once=once,
        data=data,
        port=port,
        speak=speak,
        pace=pace,
        at=at,
        json=as_json,
        households=households,
        town=town,
    )
    raise typer.Exit(play(wishes))
