"""`mimamori notify test --to WHOM`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Notices: mail, LINE and the rest (hub/notices.example.toml).", no_args_is_help=True)


@app.callback()
def notify() -> None:
    """Notices: mail, LINE and the rest (hub/notices.example.toml)."""


@app.command("test")
def send_test(
    to: Annotated[
        str, typer.Option("--to", help="A login of notices.toml, a mail address, or an apprise URL.")
    ],
    config: Annotated[Path, typer.Option("--config", help="The hub's configuration file.", metavar="FILE")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Send a test notice now, past the outbox, and say in one sentence what the other side answered."""
    import msgspec

    from contract.ids import uuid7
    from contract.time import SystemClock
    from hub.config import load
    from hub.notices import trial
    from hub.notices.apprise_transport import AppriseTransport
    from hub.notices.service import settings_of

    hub = load(config)
    settings = settings_of(hub.notices)
    transport = AppriseTransport(settings.mail, settings.pace.timeout.total_seconds())
    told = trial.send(settings, transport, to, hub.office, SystemClock().now(), uuid7)
    if as_json:
        typer.echo(msgspec.json.encode({"to": to, "taken": len(told)}).decode())
    else:
        for sentence in told:
            typer.echo(sentence)
