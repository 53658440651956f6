"""`mimamori backup`, `mimamori backup keygen` and `mimamori restore`."""

from pathlib import Path
from typing import Annotated

import typer

from contract.refusal import Refused

app = typer.Typer(
    help="A backup of the hub, made while it runs, encrypted to a public key (docs/operations.md).",
    invoke_without_command=True,
)

Json = Annotated[bool, typer.Option("--json", help="The report as JSON.")]


@app.callback()
def backup(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option("--to", help="A new file, or a folder to put one into.")] = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", help="Public key age1…, or a file of them; may be given again."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="The hub's configuration.")] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            "--also", help="A file or folder to take along: broker keys, hub.toml; may be given again."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write a backup of the store. The hub may run; nothing is written over."""
    if context.invoked_subcommand is not None:
        return
    import msgspec

    from contract.time import SystemClock
    from hub.backup import making
    from hub.config import load
    from mimamori.progress import StageWatcher

    if to is None or config is None or not recipient:
        raise typer.BadParameter("--to, --recipient and --config are needed")
    settings = load(config)
    with StageWatcher() as watcher:
        made = making.make(
            settings.store_at,
            to,
            recipient,
            SystemClock().now(),
            also=also or [],
            watcher=watcher,
            scratch=settings.folder,
        )
    if json:
        print(msgspec.json.encode(made).decode())
        return
    print(
        f"{made.path} に書きました ({made.size / 1e6:.1f} MB、記録 {made.rows.get('event', 0)} 件、"
        f"対象者 {made.rows.get('resident', 0)} 人、ほかに {len(made.files) - 1} ファイル)。"
        "戻せることを mimamori restore --check で確かめてください。"
    )


@app.command("keygen")
def keygen(
    to: Annotated[Path, typer.Option("--to", help="A new file for the secret key. Keep it off the hub.")],
) -> None:
    """Make the pair of keys: the secret one into a file, the public one on the screen."""
    from contract.time import SystemClock
    from hub.backup import keys

    public = keys.generate(to, SystemClock().now())
    print(public)
    typer.echo(
        f"{to} はバックアップを開く鍵です。なくすと二度と開けません。金庫にしまい、ハブには置かないでください。",
        err=True,
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    identity: Annotated[Path, typer.Option("--identity", help="The file of the secret key.")],
    into: Annotated[
        str | None,
        typer.Option("--into", help="A data folder without a store, or postgresql://… of an empty database."),
    ] = None,
    also_into: Annotated[
        Path | None,
        typer.Option(
            "--also-into", help="A new folder for the files beside the store; by default also/ of DIR."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only check all of it, and leave nothing behind.")
    ] = False,
    json: Json = False,
) -> None:
    """Check a backup and put it into an empty data folder; never over a store, never under a running hub."""
    import msgspec

    from dashboard.words import stamp
    from hub.backup import restoring, server
    from mimamori.progress import StageWatcher

    if (into is None) != check:
        raise Refused("--into DIR (戻す) か --check (確かめるだけ) のどちらか一つを渡してください。")
    with StageWatcher() as watcher:
        done = (
            restoring.check(file, identity, watcher)
            if into is None
            else restoring.restore(
                file, identity, into if server.is_server(into) else Path(into), watcher, also_into
            )
        )
    if json:
        print(msgspec.json.encode(done).decode())
        return
    held = f"{stamp(done.made_at)} のバックアップ: 記録 {done.rows.get('event', 0)} 件、対象者 {done.rows.get('resident', 0)} 人"
    if done.into is None:
        print(f"{held}。すべて確かめました。戻せます。")
        return
    print(f"{held}。{done.into} に戻しました。")
    if done.also:
        where = also_into or (None if server.is_server(done.into) else f"{done.into}/also")
        said = f"{where} にあります" if where else "戻していません。--also-into DIR で取り出せます"
        print(f"一緒にしまったファイルは{said}: {'、'.join(done.also[:10])}")
