"""The `mimamori` command. Exit codes: 0 done, 1 refused with a reason, 2 usage."""

import sys

import typer

from contract.refusal import Refused
from mimamori import logs
from mimamori.commands import (
    account,
    backup,
    bench,
    demo,
    device,
    doctor,
    duty,
    fleet,
    hub,
    listen,
    notify,
    policy,
    provision,
    resident,
    retention,
    roster,
    token,
    understand,
)

app = typer.Typer(
    name="mimamori",
    help="見守り: a watch-over service, from the speaker in the home to the outreach queue.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(provision.app, name="provision")
app.add_typer(roster.app, name="roster")
app.add_typer(resident.app, name="resident")
app.add_typer(policy.app, name="policy")
app.add_typer(duty.app, name="duty")
app.command("hub")(hub.hub)
app.command("device")(device.device)
app.command("demo")(demo.demo)
app.command("fleet")(fleet.fleet)
app.add_typer(backup.app, name="backup")
app.command("doctor")(doctor.doctor)
app.command("retention")(retention.retention)
app.command("restore")(backup.restore)
app.add_typer(account.app, name="account")
app.add_typer(token.app, name="token")
app.command("listen")(listen.listen)
app.add_typer(bench.app, name="bench")
app.add_typer(notify.app, name="notify")
app.command("understand")(understand.understand)


def main() -> None:
    """Run one command; say a refusal in one sentence, and a missing part by the extra that brings it."""
    logs.set_up("warning")  # on stderr: standard output is for the answer
    try:
        app()
    except Refused as refused:
        print(f"mimamori: {refused}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
