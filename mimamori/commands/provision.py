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


KEYS = Annotated[Path, typer.Option("--keys", help="The folder of the passwords.", metavar="DIR")]


@app.command()
def broker(
    keys: KEYS,
    data: Annotated[Path, typer.Option("--data", help="Where sessions and messages lie.", metavar="DIR")],
    host: Annotated[
        str, typer.Option(help="The address devices reach; 127.0.0.1 is only this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="MQTT port.", min=1, max=65535)] = 1883,
) -> None:
    """Run the broker until Ctrl-C with everybody who has a key; a key issued or revoked counts within a second."""
    from provisioning.broker import Broker
    from provisioning.keyring import Keyring, follow

    keyring = Keyring(keys)
    with Broker(data, keyring.users(), host, port) as running:
        typer.echo(
            f"ブローカー: {host}:{running.port} 中継の鍵: {keyring.hub_password_file} (Ctrl-C で終わります)"
        )
        follow(keyring, running)


@app.command()
def device(
    name: Annotated[str, typer.Argument(metavar="DEVICE")],
    keys: KEYS,
    broker: Annotated[str, typer.Option(help="Where the box finds the broker.", metavar="HOST:PORT")],
    to: Annotated[
        Path | None, typer.Option(help="A new folder for the box; default ./DEVICE.", metavar="DIR")
    ] = None,
) -> None:
    """Issue a key for one speaker and write the folder that goes onto its card."""
    from provisioning.keyring import Keyring, pack_device

    host, _, port = broker.rpartition(":")
    if not host or not port.isdecimal():
        raise typer.BadParameter("HOST:PORT, for example 192.0.2.10:1883", param_hint="--broker")
    folder = to or Path(name)
    pack_device(Keyring(keys), name, host, int(port), folder)
    typer.echo(
        f"{folder} に device.toml と password を書きました。機械に移し「mimamori device --config device.toml」"
    )


@app.command()
def revoke(name: Annotated[str, typer.Argument(metavar="DEVICE")], keys: KEYS) -> None:
    """Take a speaker's key away; a running broker cuts it off within a second."""
    from provisioning.keyring import Keyring

    Keyring(keys).revoke(name)
    typer.echo(f"機器 {name} の鍵を失効させました。")
