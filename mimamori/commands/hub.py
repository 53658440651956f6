"""`mimamori hub --config FILE`."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def hub(
    config: Annotated[
        Path, typer.Option("--config", help="The hub's configuration; see hub/hub.example.toml.")
    ],
    web: Annotated[bool, typer.Option(help="Serve the pages and /api/v1 too.")] = True,
    role: Annotated[
        list[str] | None,
        typer.Option(
            help="ingest, watch, notify or web, on PostgreSQL; again for several. All when left out."
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            help="What this process is called among others on one store; the machine's when left out."
        ),
    ] = "",
) -> None:
    """Run the hub of one town: listen to the homes, watch the clock, show the queue. Ends at SIGTERM or Ctrl-C."""
    from hub import access, roles
    from hub.config import load
    from hub.service import Hub
    from mimamori import logs
    from mimamori.ending import Ending

    settings = load(config)
    logs.set_up(settings.log_level)
    ending = Ending()
    does = roles.parse(role or [])
    with Hub(settings, roles=does, name=name) as running:
        if not web or roles.Role.web not in does:
            print("mimamori hub: 動いています。", file=sys.stderr, flush=True)
            ending.wait()
            return
        from dashboard.app import create_app
        from dashboard.serve import serve

        # The password is shown once: only when the pages, where it is typed, are really there.
        with serve(create_app(running), settings.http.host, settings.http.port) as served:
            password = access.ensure_first_admin(running.store, running.clock)
            if password is not None:
                print(
                    f"最初の管理者: admin / {password} (一度だけ表示します。最初に変えてください)", flush=True
                )
            print(f"mimamori hub: {served.url}", file=sys.stderr, flush=True)
            ending.wait()
