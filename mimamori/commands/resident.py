"""`mimamori resident erase | counts`: somebody goes for good, and what is left of them is numbers."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contract.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.config import HubConfig
    from hub.erasure import Belongings, Erasure, Line
    from hub.store.database import Store

WAIT_SECONDS = 10.0
"""For a running hub to tell the speakers; it looks every five seconds."""

app = typer.Typer(help="One resident: erase for good; the numbers that are left.", no_args_is_help=True)

Config = Annotated[Path, typer.Option("--config", help="The hub's configuration.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("erase")
def erase_(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="対象者番号.")],
    config: Config,
    why: Annotated[str, typer.Option("--why", help="death, moved or request.")] = "",
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="The broker's folder of passwords: revoke the speaker's too."),
    ] = None,
    confirm: Annotated[
        str, typer.Option("--confirm", help="The number once more, where nobody can type it.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
    json: Json = False,
) -> None:
    """List what would go, ask for the number once more, and erase it all in one step; the hub may run. Safe to repeat."""
    from contract.time import SystemClock
    from hub import erasure
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    if keys is not None and not keys.is_dir():
        raise Refused(f"鍵のフォルダー {keys} がありません。--keys を確かめてください。何も消していません。")
    if not settings.store_is_there:
        raise Refused(f"{settings.store_path} がまだありません。設定の data を確かめてください。")
    with open_store(settings, districts) as store:
        with store.read() as conn:
            done = erasure.known(conn, [number]).get(number)
            mine = None if done and not _is_there(conn, number) else erasure.of(conn, number)
            lines = erasure.listed(conn, mine) if mine else []
        if mine is None:
            assert done is not None
            _done_before(done, keys, json)
            _empty_log(settings)
            return
        if not json or dry_run:
            _list(mine, lines, json)
        if dry_run:
            return
        reason = _why(why)
        _ask(number, confirm)
        now, actor = SystemClock().now(), f"console:{getpass.getuser()}"
        store.write(lambda conn: erasure.erase(conn, number, reason, actor, now))
        told = _told(store, mine) if keys is not None else True
    whole = _empty_log(settings)
    revoked = _revoke(mine.devices, keys)
    if json:
        _print(
            {"erased": number, "at": now, "devices": mine.devices, "revoked": revoked, "log_emptied": whole}
        )
        return
    print(f"対象者 {number} を消去しました。閲覧の記録に残したのは番号・時刻・{actor} だけです。")
    if not whole:
        print(
            "ほかのプログラムが読んでいるため、ログ (hub.db-wal) の古いページが残っています。あとでもう一度、同じコマンドを。"
        )
    _after(mine.devices, keys, told, settings)


@app.command("counts")
def counts_(config: Config, json: Json = False) -> None:
    """The numbers that are left of everybody erased, to be added to the year's figures."""
    from hub import erasure
    from hub.opening import load_data, open_store

    settings, districts, _ = load_data(config)
    with open_store(settings, districts) as store, store.read() as conn:
        found = erasure.counts(conn)
    if json:
        _print([one._asdict() for one in found])
        return
    for one in found:
        print(f"{one.fiscal_year}年度  {one.what:<18} {one.detail:<48} {one.number:>6}")


def _is_there(conn: Any, number: str) -> bool:
    from sqlalchemy import select

    from hub.store import tables as t

    return conn.scalar(select(t.resident.c.id).where(t.resident.c.id == number)) is not None


def _why(written: str) -> Any:
    from hub.erasure import Why

    try:
        return Why(written)
    except ValueError:
        raise Refused(
            "--why に death(死亡)、moved(転出)、request(本人の申し出)のどれかを書いてください。"
        ) from None


def _ask(number: str, confirm: str) -> None:
    if not confirm and sys.stdin.isatty():
        confirm = typer.prompt("元に戻せません。消すなら対象者番号をもう一度入れてください", err=True)
    if confirm != number:
        raise Refused(
            f"確かめの番号が「{number}」ではないので、何も消していません。--confirm {number} でも確かめられます。"
        )


def _list(mine: "Belongings", lines: "Sequence[Line]", json: bool) -> None:
    if json:
        _print(
            {
                "number": mine.resident_id,
                "rows": {one.called: one.rows for one in lines},
                "devices": mine.devices,
            }
        )
        return
    print(f"対象者 {mine.resident_id} を消去すると、次のものが消えます(名前のない件数は年度ごとに残ります)。")
    for one in lines:
        print(f"  {one.called}: {one.rows:,}")
    if not mine.alone:
        print("  世帯は、同居の人がいるので残ります。")
    print(f"  外す機器: {'、'.join(mine.devices) or 'なし'}")
    print("番号と「だれがいつ見たか」の記録は、その保存期間まで残ります。名前や中身はありません。")


def _told(store: "Store", mine: "Belongings") -> bool:
    """Whether a running hub has told the speakers to ask nothing, before they are cut off; waits some seconds."""
    import time

    from hub.erasure import speakers_told

    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        with store.read() as conn:
            if speakers_told(conn, mine.devices):
                time.sleep(1)  # from the disk to the broker, and on to the home
                return True
        time.sleep(0.2)
    return False


def _revoke(devices: "Sequence[str]", keys: Path | None) -> list[str]:
    """Take the keys away that are still there; those that went."""
    if keys is None:
        return []
    from provisioning.keyring import Keyring

    ring = Keyring(keys)
    there = {user.name for user in ring.users()}
    gone = [device for device in devices if device in there]
    for device in gone:
        ring.revoke(device)
    return gone


def _done_before(done: "Erasure", keys: Path | None, json: bool) -> None:
    revoked = _revoke(done.devices, keys)
    if json:
        _print({"erased": done.resident_id, "at": done.at, "devices": done.devices, "revoked": revoked})
        return
    from dashboard.words import stamp

    print(f"対象者 {done.resident_id} は {stamp(done.at)} に {done.actor} が消去しました。")
    if revoked:
        print(f"機器 {'、'.join(revoked)} の鍵を失効させました。")


def _empty_log(settings: "HubConfig") -> bool:
    from hub.erasure.disk import empty_log

    return True if settings.store.url else empty_log(settings.store_path)


def _after(devices: "Sequence[str]", keys: Path | None, told: bool, settings: "HubConfig") -> None:
    named = "、".join(devices)
    if devices and keys is None:
        print(
            f"機器の鍵はまだ有効です。ブローカーの計算機で mimamori provision revoke {named} --keys DIR としてください。"
        )
    if not told:
        print("ハブが動いていないため、スピーカーは声かけを続けるかもしれません。回収を急いでください。")
    if devices:
        print(f"機器 {named} のカードには、呼び名と最後の記録が残っています。回収して書き直してください。")
    print(
        "この前に取ったバックアップには、捨てるまで残ります。戻したときは、この番号をもう一度消去してください。"
    )
    if settings.telemetry is not None:
        print(f"時系列データベース {settings.telemetry.url} にある機器の数値は消していません。")


def _print(value: object) -> None:
    import msgspec

    print(msgspec.json.encode(value).decode())
