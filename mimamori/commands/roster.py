"""`mimamori roster import | export`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contract.refusal import Refused

if TYPE_CHECKING:
    from hub.roster import Summary

app = typer.Typer(
    help="The roster: who is watched over, as a CSV file (docs/roster.md).", no_args_is_help=True
)

Config = Annotated[Path, typer.Option("--config", help="The hub's configuration.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file in UTF-8 or cp932.")],
    config: Config,
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The ids by what became of them, as JSON.")] = False,
) -> None:
    """Take a roster over: all of it, or, with every mistake named, nothing. Safe to repeat."""
    from sqlalchemy import Connection

    from contract.time import SystemClock, office_date
    from hub import roster
    from hub.opening import load_data, open_store

    settings, districts, policy = load_data(config)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} を読めません ({error.strerror})。場所と権限を確かめてください。") from error
    now = SystemClock().now()
    entries = roster.read(data, str(file), districts, policy, office_date(now))
    if check and not settings.store_is_there:
        _say(roster.Summary(new=[e.id for e in entries], changed=[], same=[], absent=[]), check, json)
        return
    with open_store(settings, districts) as store:
        if check:
            with store.read() as conn:
                summary = roster.compare(conn, entries, office_date(now))
        else:

            def work(conn: Connection) -> roster.Summary:
                return roster.take_over(conn, entries, now, policy)

            summary = store.write(work)
    _say(summary, check, json)


def _say(summary: "Summary", check: bool, json: bool) -> None:
    import msgspec

    if json:
        print(msgspec.json.encode(summary).decode())
        return
    will = "取り込むと" if check else "取り込みました"
    print(
        f"{will}: 新しい人 {len(summary.new)} 人、変わった人 {len(summary.changed)} 人、"
        f"同じ人 {len(summary.same)} 人。"
    )
    if summary.absent:
        print(
            f"このファイルにない {len(summary.absent)} 人はそのまま残ります: {'、'.join(summary.absent[:20])}"
            + (" ほか" if len(summary.absent) > 20 else "")
        )


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it; - is the standard output.")],
    config: Config,
    encoding: Annotated[str, typer.Option(help="utf-8 (with BOM) or cp932.")] = "utf-8",
) -> None:
    """Write the roster to a CSV file that imports to the same roster."""
    from hub import roster
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    try:
        wanted = roster.Encoding(encoding)
    except ValueError:
        raise Refused(f"--encoding「{encoding}」はありません。utf-8 か cp932 にしてください。") from None
    if not settings.store_is_there:
        raise Refused(
            f"{settings.store_path} がまだありません。先に名簿を取り込むか、設定の data を確かめてください。"
        )
    with open_store(settings, districts) as store, store.read() as conn:
        entries = list(roster.entries(conn).values())
    data = roster.write(entries, districts, wanted)
    if str(file) == "-":
        sys.stdout.buffer.write(data)
        return
    try:
        # Names, addresses, consents: for nobody else on this machine.
        file.touch(mode=0o600)
        file.write_bytes(data)
    except OSError as error:
        raise Refused(f"{file} に書けません ({error.strerror})。場所と権限を確かめてください。") from error
    print(f"{len(entries)} 人を {file} に書き出しました。取り扱いに注意してください。", file=sys.stderr)
