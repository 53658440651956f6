"""`mimamori token`: keys with which programs read `/api/v1`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Keys with which programs use /api/v1.", no_args_is_help=True)

CONFIG = Annotated[Path, typer.Option("--config", help="The hub's configuration file.", metavar="FILE")]
JSON = Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")]


@app.callback()
def token() -> None:
    """Keys with which programs use /api/v1."""


@app.command()
def create(
    role: Annotated[str, typer.Option("--role", help="A role of hub/roles.toml, such as csw.")],
    config: CONFIG,
    name: Annotated[str, typer.Option("--name", help="What it is for; stands in the access log.")] = "",
    district: Annotated[
        str | None, typer.Option("--district", help="Code of the only district it may see.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Make a token. It is printed once, alone on standard output, and cannot be shown again."""
    import msgspec

    from contract.time import SystemClock
    from hub.access import create_token
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    store = open_store(settings, districts)
    try:
        token_id, key = create_token(store, SystemClock(), role=role, name=name, district=district)
    finally:
        store.close()
    if as_json:
        made = {"id": token_id, "role": role, "district": district, "token": key}
        typer.echo(msgspec.json.encode(made).decode())
    else:
        typer.echo(
            f"トークンを作りました(番号 {token_id}、役割 {role})。次の一行は二度と表示されません。", err=True
        )
        typer.echo(key)


@app.command("list")
def list_(config: CONFIG, as_json: JSON = False) -> None:
    """Show every token ever made, without its secret."""
    import msgspec

    from hub.access import list_tokens
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    store = open_store(settings, districts)
    try:
        with store.read() as conn:
            rows = list_tokens(conn)
    finally:
        store.close()
    if as_json:
        typer.echo(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        state = "取消済" if row.revoked_at else "有効"
        typer.echo("\t".join((row.id, state, row.role, row.district or "-", row.name)))


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `mimamori token list` shows it.")],
    config: CONFIG,
) -> None:
    """Cut a token at once."""
    from contract.time import SystemClock
    from hub.access import revoke_token
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    store = open_store(settings, districts)
    try:
        revoke_token(store, SystemClock(), token_id)
    finally:
        store.close()
    typer.echo(f"トークン {token_id} を取り消しました。")
