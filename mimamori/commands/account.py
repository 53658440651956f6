"""`mimamori account`: people who log in to the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.store.database import Store

app = typer.Typer(help="People who log in to the pages.", no_args_is_help=True)

CONFIG = Annotated[Path, typer.Option("--config", help="The hub's configuration file.", metavar="FILE")]
LOGIN = Annotated[str, typer.Option("--login", help="Small letters, digits, '.', '-' and '_'.")]


@app.callback()
def account() -> None:
    """People who log in to the pages."""


@contextmanager
def _store(config: Path) -> "Iterator[Store]":
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    store = open_store(settings, districts)
    try:
        yield store
    finally:
        store.close()


@app.command()
def create(
    login: LOGIN,
    name: Annotated[str, typer.Option("--name", help="As it stands on the board and in histories.")],
    role: Annotated[str, typer.Option("--role", help="A role of hub/roles.toml, such as csw.")],
    config: CONFIG,
    district: Annotated[
        str | None, typer.Option("--district", help="Code of the only district they may see.")
    ] = None,
) -> None:
    """Make an account. Its one-time password is printed once, and must be changed at the first login."""
    from contract.time import SystemClock
    from hub.access import create_account

    with _store(config) as store:
        password = create_account(store, SystemClock(), login=login, name=name, role=role, district=district)
    _hand_over(login, password)


@app.command("list")
def list_(config: CONFIG) -> None:
    """Show every account."""
    from hub.access import list_accounts

    with _store(config) as store, store.read() as conn:
        for row in list_accounts(conn):
            state = "停止" if row.disabled_at else "初回前" if row.must_change else "有効"
            typer.echo("\t".join((row.login, state, row.role, row.district or "-", row.name)))


@app.command()
def reset(login: LOGIN, config: CONFIG) -> None:
    """Give an account a new one-time password; its open sessions end."""
    from contract.time import SystemClock
    from hub.access import reset_password

    with _store(config) as store:
        password = reset_password(store, SystemClock(), login)
    _hand_over(login, password)


@app.command()
def disable(login: LOGIN, config: CONFIG) -> None:
    """Close an account at once; its open sessions end."""
    from contract.time import SystemClock
    from hub.access import disable_account

    with _store(config) as store:
        disable_account(store, SystemClock(), login)
    typer.echo(f"{login} を停止しました。")


def _hand_over(login: str, password: str) -> None:
    typer.echo(f"{login} の一度きりのパスワードです。最初のログインで変えてもらってください。", err=True)
    typer.echo(password)
