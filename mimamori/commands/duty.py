"""`mimamori duty import | show`: who is on duty, beyond the office's hours."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Who is on duty, and when (docs/ladder.md).", no_args_is_help=True)

Config = Annotated[Path, typer.Option("--config", help="The hub's configuration.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file of shifts, docs/ladder.md shows one.")], config: Config
) -> None:
    """Put shifts in the place of whatever stood in their time."""
    from contract.datafile import read_text
    from hub import duty
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    shifts = duty.read(read_text(file), str(file))
    with open_store(settings, districts) as store:
        store.write(lambda conn: duty.take_over(conn, shifts, str(file)))
    print(f"当番 {len(shifts)} 件を入れました。")


@app.command("show")
def show(config: Config, json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Who is on duty now, and what the screen says if nobody is."""
    import msgspec

    from contract.time import OFFICE_ZONE, SystemClock
    from hub import duty
    from hub.opening import load_data, open_store
    from hub.policy import PolicyBook

    settings, districts, base = load_data(config)
    book, now = PolicyBook(base), SystemClock().now()
    with open_store(settings, districts) as store, store.read() as conn:
        book.refresh(conn)
        found = duty.at(conn, now, book.at(now))
    if json:
        print(msgspec.json.encode(found).decode())
        return
    if found.words is not None:
        again = f"次は {found.next_at.astimezone(OFFICE_ZONE):%m/%d %H:%M} から。" if found.next_at else ""
        print(f"{found.words}{again}")
        return
    for one in found.people:
        until = one.until.astimezone(OFFICE_ZONE)
        print(f"{one.name} ({one.account}) {one.phone or ''} {until:%m/%d %H:%M} まで")
    if not found.people:
        print("勤務時間内です。決まった当番はいません。")
