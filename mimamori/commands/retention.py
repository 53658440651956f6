"""`mimamori retention [--dry-run]`."""

from pathlib import Path
from typing import Annotated

import typer


def retention(
    config: Annotated[Path, typer.Option("--config", help="The hub's configuration.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Kinds and counts as JSON.")] = False,
) -> None:
    """Let go what is older than the policy keeps, as the hub does every night; the hub may run."""
    import msgspec
    from rich.console import Console
    from rich.table import Table

    from contract.time import SystemClock
    from dashboard.words import stamp
    from hub.opening import load_data, open_store
    from hub.retention import daily, policy
    from hub.trends import settings as trends

    settings, districts, _ = load_data(config)
    wanted = policy.load(
        Path(settings.retention) if settings.retention else None,
        trends.load(Path(settings.trends) if settings.trends else None),
    )
    now = SystemClock().now()
    with open_store(settings, districts) as store:
        with store.read() as conn:
            doomed = daily.doomed(conn, now, wanted)
            if not dry_run:
                daily.trust(conn, now)
        if not dry_run:
            for kind in policy.Kind:
                while store.write(lambda conn, kind=kind: daily.run(conn, kind, now, wanted)):  # type: ignore[misc]
                    pass
    if json:
        print(msgspec.json.encode(doomed).decode())
        return
    table = Table(title="消えるもの(まだ消していません)" if dry_run else "消したもの")
    for heading in ("記録", "残す期間", "これより前", "件数"):
        table.add_column(heading, justify="right" if heading == "件数" else "left")
    for one in doomed:
        table.add_row(
            policy.WORDS[one.kind], f"{wanted.keep[one.kind].days}日", stamp(one.before), f"{one.rows:,}"
        )
    Console(width=100).print(table)
