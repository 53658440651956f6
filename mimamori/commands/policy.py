"""`mimamori policy import | list | show | export | try`: the city's ladder, its versions, and what another would do."""

import getpass
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contract.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from hub.config import HubConfig
    from hub.policy import PolicyBook
    from hub.store.database import Store

app = typer.Typer(
    help="The policy: when a silence counts and who is asked next (docs/ladder.md).", no_args_is_help=True
)

Config = Annotated[Path, typer.Option("--config", help="The hub's configuration.")]
Day = Annotated[str, typer.Option("--at", help="As of this day (2026-12-01); today if left out.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A policy file; take one with `policy export`.")],
    config: Config,
    start: Annotated[str, typer.Option("--from", help="The first day it is in force: today or later.")],
    json: Json = False,
) -> None:
    """Check a policy and bring it in force on a day; a running hub takes it over by itself."""
    from contract.datafile import read_text
    from contract.time import SystemClock
    from hub.policy import bring_in_force

    text, day, by = read_text(file), _day(start), f"console:{getpass.getuser()}"
    with _open(config) as (_, store, _book):
        made = store.write(lambda conn: bring_in_force(conn, text, str(file), day, by, SystemClock().now()))
    if json:
        _print({"id": made.id, "from_at": made.from_at})
    else:
        print(f"方針 {made.id} を {_moment(made.from_at)} から使います。")


@app.command("list")
def list_(config: Config, json: Json = False) -> None:
    """Every version, and which one is in force."""
    from contract.time import SystemClock
    from hub.policy import in_force, versions

    with _open(config) as (settings, store, _), store.read() as conn:
        known, now = versions(conn), in_force(conn, SystemClock().now())
    if json:
        rows = [
            {
                "id": one.id,
                "from_at": one.from_at,
                "imported_at": one.imported_at,
                "imported_by": one.imported_by,
                "in_force": now is not None and one.id == now.id,
            }
            for one in known
        ]
        _print({"file": settings.policy, "in_force": now.id if now else None, "versions": rows})
        return
    print(f"{'*' if now is None else ' '} 設定の方針ファイル: {_file(settings)}")
    for one in known:
        print(
            f"{'*' if one == now else ' '} {one.id}: {_moment(one.from_at)} から "
            f"({_moment(one.imported_at)} に {one.imported_by} が取り込み)"
        )


@app.command("show")
def show(config: Config, at: Day = "") -> None:
    """The ladders and limits of a day, for people."""
    from contract.time import SystemClock
    from hub.policy.telling import told

    with _open(config) as (_, _store, book):
        print(told(book.at(_instant(at) if at else SystemClock().now())))


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it; - is the standard output.")],
    config: Config,
    at: Day = "",
) -> None:
    """Write the policy file of a day, comments and all, to be edited and imported."""
    from contract.time import SystemClock
    from hub.policy import in_force, packaged_text

    with _open(config) as (settings, store, _), store.read() as conn:
        version = in_force(conn, _instant(at) if at else SystemClock().now())
    if version is not None:
        text = version.text
    elif settings.policy in ("", "demo"):
        text = packaged_text(demo=settings.policy == "demo")
    else:
        from contract.datafile import read_text

        text = read_text(Path(settings.policy))
    if str(file) == "-":
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file} に書けません ({error.strerror})。場所と権限を確かめてください。") from error


@app.command("try")
def try_(
    file: Annotated[Path, typer.Argument(help="The policy to try.")],
    config: Config,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days of the past.")] = 90,
    json: Json = False,
) -> None:
    """Replay the past under another policy: calls and visits a day, and which real cases it would have delayed."""
    from collections.abc import Iterable, Sequence

    from contract.time import SystemClock
    from hub.policy import check_residents, load
    from hub.trial import told, try_out
    from hub.trial.history import Home
    from mimamori.progress import over

    other, now = load(file), SystemClock().now()

    def progress(homes: Sequence[Home]) -> Iterable[Home]:
        return over(homes, "記録をたどっています")

    with _open(config) as (_, store, book), store.read() as conn:
        check_residents(conn, other)
        trial = try_out(conn, book.at(now), other, now, days, progress)
    if not trial.homes:
        raise Refused(
            f"過去 {days} 日の記録がありません。--days を長くするか、設定の data を確かめてください。"
        )
    if json:
        _print(trial)
    else:
        print(told(trial))


@contextmanager
def _open(config: Path) -> "Iterator[tuple[HubConfig, Store, PolicyBook]]":
    """The configuration, its store (which must be there), and the policies by their days."""
    from hub.opening import load_data, open_store
    from hub.policy import PolicyBook

    settings, districts, base = load_data(config)
    if not settings.store_is_there:
        raise Refused(
            f"{settings.store_path} がまだありません。先に名簿を取り込むか、設定の data を確かめてください。"
        )
    with open_store(settings, districts) as store:
        book = PolicyBook(base)
        with store.read() as conn:
            book.refresh(conn)
        yield settings, store, book


def _day(written: str) -> "date":
    from datetime import date

    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refused(f"「{written}」は日付ではありません。2026-12-01 のように書いてください。") from None


def _instant(written: str) -> "datetime":
    from datetime import timedelta

    from contract.time import office_instant

    return office_instant(_day(written), timedelta(hours=23, minutes=59, seconds=59))


def _moment(at: "datetime") -> str:
    from contract.time import OFFICE_ZONE

    return f"{at.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}"


def _file(settings: "HubConfig") -> str:
    return {"": "同梱のもの", "demo": "同梱の実演用"}.get(settings.policy, settings.policy)


def _print(value: object) -> None:
    import msgspec

    print(msgspec.json.encode(value).decode())
