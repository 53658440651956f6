"""`mimamori provision`: make a machine ready. Each sub-command prepares one thing."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make a machine ready.", no_args_is_help=True)


@app.callback()
def provision() -> None:
    """Make a machine ready."""


@app.command()
def models(
    purpose: Annotated[
        str,
        typer.Option(
            "--for", help="pi, server, demo, tests, or auto: what this machine looks like.", metavar="PURPOSE"
        ),
    ] = "auto",
    folder: Annotated[
        Path | None,
        typer.Option("--models", help="Where to; default MIMAMORI_MODELS or ./models.", metavar="DIR"),
    ] = None,
) -> None:
    """Fetch, verify and install the speech models that a machine needs. Safe to run again, and then instant."""
    from contract.places import models_folder
    from mimamori.progress import TerminalWatcher
    from provisioning.manifest import load_manifest
    from provisioning.models import provision, purpose_of_this_machine

    manifest = load_manifest()
    wanted = purpose_of_this_machine() if purpose == "auto" else purpose
    if wanted not in manifest.purposes:
        raise typer.BadParameter(f"one of auto, {', '.join(manifest.purposes)}", param_hint="--for")
    place = folder or models_folder()
    with TerminalWatcher() as watcher:
        serving = provision(manifest, wanted, place, watcher)
    typer.echo(f"音声認識モデル: {'、'.join(serving)} ({place})")
