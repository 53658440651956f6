"""The database, and what it tells of the hub: whole, of this version, roomy, backed up, and written to."""

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from contract.finding import Finding, ok, problem, skipped, warning
from contract.refusal import Refused
from hub import agenda, pulse, words
from hub.backup import server, snapshot
from hub.config import HubConfig
from hub.store import migrate
from hub.store import tables as t
from hub.store.database import Store

LEAST_FREE = 1 << 29
"""Bytes below which a disk is nearly full: half a gigabyte."""
LARGE_WAL = 1 << 28
"""Bytes from which on a reader must be holding the log back."""
BACKUP_WARNING, BACKUP_PROBLEM = timedelta(days=2), timedelta(days=8)
SILENT_HUB = timedelta(seconds=60)
SILENT_TOWN = timedelta(hours=26)
"""Every home is asked once a day."""
SLACK = timedelta(minutes=2)
MANY_A_DAY = 100
_PLACE = "データベース"


@contextmanager
def opened(config: HubConfig) -> Iterator[tuple[list[Finding], Store | None]]:
    """The store, if it can be opened without changing it, and what was found on the way."""
    on_server = not isinstance(config.store_at, Path)
    found, usable = _on_server(config) if on_server else _before_opening(config)
    store: Store | None = None
    if usable:
        try:
            store = Store.open(config.store_at)
        except Refused as refused:
            found.append(problem("store", _PLACE, str(refused)))
    try:
        yield found, store
    finally:
        if store is not None:
            store.close()


def _on_server(config: HubConfig) -> tuple[list[Finding], bool]:
    address = config.store.url
    try:
        revision = server.revision(address)
    except Refused as refused:
        return [problem("store", _PLACE, str(refused))], False
    called = server.called(address)
    if revision is None:
        hint = "ハブを動かすと表が作られます。前からあるはずなら、[store] の url を確かめてください。"
        return [warning("store", _PLACE, f"{called} にまだ表がありません。", hint)], False
    finding = _version(called, revision, "壊れていないかは PostgreSQL が確かめます")
    return [finding], revision == migrate.head()


def _version(called: str, revision: str | None, whole: str) -> Finding:
    if revision == migrate.head():
        return ok("store", _PLACE, f"{called} はこの版 ({revision}) です。{whole}。")
    if revision is not None and migrate.knows(revision):
        hint = "先にバックアップを取ってください。ハブを起動すると、この版に直されます。"
        return warning("store", _PLACE, f"{called} は前の版 ({revision}) です。", hint)
    hint = "プログラムを更新するか、この版のバックアップから戻してください。"
    return problem("store", _PLACE, f"{called} は新しい版、または別のもの ({revision}) です。", hint)


def _before_opening(config: HubConfig) -> tuple[list[Finding], bool]:
    path = config.store_path
    if not path.exists():
        hint = "名簿を取り込むか、ハブを動かすと作られます。前からあるはずなら、hub.toml の data を確かめてください。"
        return [warning("store", _PLACE, f"{path} がまだありません。", hint)], False
    found = []
    try:
        snapshot.check(path)
        revision = snapshot.revision(path)
    except (Refused, OSError, sqlite3.Error):
        hint = "このファイルは消さずに別の名前で残し、バックアップから戻してください (docs/operations.md)。"
        return [problem("store", _PLACE, f"{path} が壊れています。", hint)], False
    found.append(_version(str(path), revision, "壊れていません"))
    found += _room(config)
    return found, revision == migrate.head()


def _room(config: HubConfig) -> Iterator[Finding]:
    name, called = "disk", "ディスクの空き"
    size, free = config.store_path.stat().st_size, shutil.disk_usage(config.folder).free
    said = f"空き {free / 1e9:.1f} GB、データベース {size / 1e9:.2f} GB。"
    if free < LEAST_FREE or free < size // 10:
        yield problem(name, called, said, "いっぱいになると何も記録できません。空きを作ってください。")
    elif free < size:
        hint = "バックアップの写しを置けません。空きを作るか、retention.toml の期間を見直してください。"
        yield warning(name, called, said, hint)
    else:
        yield ok(name, called, said)
    log = config.store_path.with_name(f"{config.store_path.name}-wal")
    held = log.stat().st_size if log.exists() else 0
    if held > LARGE_WAL:
        hint = "長く読み続けているプログラムを終わらせ、ハブを起動し直してください。"
        yield warning("wal", "書き込みの控え", f"{log.name} が {held / 1e6:.0f} MB あります。", hint)


def running(config: HubConfig) -> bool:
    """Whether a hub holds the data folder."""
    try:
        with (config.folder / "hub.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def look(conn: Connection, config: HubConfig, now: datetime) -> Iterator[Finding]:
    """What the rows tell of the hub."""
    yield from _hub(conn, config, now)
    yield from _town(conn, now)
    yield from _backup(conn, now)
    yield from _failing(conn)
    yield from _quarantine(conn, now)


def _hub(conn: Connection, config: HubConfig, now: datetime) -> Iterator[Finding]:
    name, called = "hub", "ハブ"
    swept = pulse.last(conn, pulse.LAST_SWEEP)
    if swept is not None and swept > now + SLACK:
        said = f"最後に動いた記録が {words.length(swept - now)} 先 ({words.moment(swept)}) です。時計が戻っています。"
        yield problem(name, called, said, "時計を合わせてください。それまでの締切は遅れて処理されます。")
    elif not running(config):
        last = f"最後に動いたのは {words.moment(swept)} です。" if swept else "一度も動いていません。"
        yield warning(
            name, called, f"動いていません。{last}", "mimamori hub --config FILE で動かしてください。"
        )
    elif swept is None or now - swept > SILENT_HUB:
        yield problem(
            name, called, "動いていますが、期限を見る係が止まっています。", "ハブを起動し直してください。"
        )
    else:
        yield ok(name, called, f"動いています (最後に期限を見たのは {words.time_of_day(swept)})。")
    blind = agenda.blind_since(conn)
    if blind is not None:
        said = f"{words.moment(blind)} から家の声が届いていません。「応答なし」の判断を待っています。"
        yield problem("sight", "家からの声", said, "ブローカーと通信を確かめてください。")


def _town(conn: Connection, now: datetime) -> Iterator[Finding]:
    name, called = "events", "最後の記録"
    last = pulse.last(conn, pulse.LAST_EVENT)
    people = conn.scalar(select(func.count()).where(t.resident.c.ended_at.is_(None))) or 0
    if last is not None and last > now + SLACK:
        yield problem(
            name,
            called,
            f"最後に届いた記録が {words.length(last - now)} 先の時刻です。時計が戻っています。",
            "時計を合わせてください。",
        )
    elif people == 0:
        yield skipped(name, called, "まだ見守る人がいません。")
    elif last is None:
        yield warning(
            name, called, "まだ一件も届いていません。", "スピーカーの電源と通信を確かめてください。"
        )
    elif now - last > SILENT_TOWN:
        said = f"最後の記録から {words.length(now - last)}たっています。"
        yield problem(name, called, said, "ブローカーと、家の通信を確かめてください。")
    else:
        yield ok(name, called, f"{words.moment(last)} に届きました。")


def _backup(conn: Connection, now: datetime) -> Iterator[Finding]:
    name, called = "backup", "バックアップ"
    last = pulse.last(conn, pulse.LAST_BACKUP)
    hint = "mimamori backup を毎日の予定に入れてください (docs/operations.md)。"
    if last is None:
        yield warning(name, called, "一度も取っていません。", hint)
    elif now - last > BACKUP_PROBLEM:
        yield problem(name, called, f"最後から {words.length(now - last)}たっています。", hint)
    elif now - last > BACKUP_WARNING:
        yield warning(name, called, f"最後から {words.length(now - last)}たっています。", hint)
    else:
        yield ok(
            name, called, f"{words.moment(last)} に取りました。戻せるかは restore --check で確かめられます。"
        )


def _failing(conn: Connection) -> Iterator[Finding]:
    name, called = "due", "期限の処理"
    failing = agenda.failing(conn)
    if not failing:
        yield ok(name, called, "処理できずにいるものはありません。")
        return
    kinds = sorted({str(kind) for kind, *_ in failing})
    subjects = "、".join(subject for _, subject, *_ in failing[:5])
    yield problem(
        name,
        called,
        f"期限が来たのに処理できないものが {len(failing)} 件あります ({'・'.join(kinds)}: {subjects})。",
        f"記録を添えて開発元に知らせてください。最後の誤り: {failing[0][3][:120]}",
    )


def _quarantine(conn: Connection, now: datetime) -> Iterator[Finding]:
    name, called = "quarantine", "受け取れなかったもの"
    mine = t.quarantine.c
    rows = conn.execute(
        select(mine.device_id, func.count().label("many"))
        .where(mine.received_at > now - timedelta(days=1))
        .group_by(mine.device_id)
        .order_by(func.count().desc())
    ).all()
    total = sum(row.many for row in rows)
    if total < MANY_A_DAY:
        yield ok(name, called, f"この 24 時間に {total} 件です。")
        return
    worst = "、".join(f"{row.device_id or '不明な機器'} {row.many} 件" for row in rows[:3])
    yield warning(
        name,
        called,
        f"この 24 時間に {total} 件あります ({worst})。",
        "機器の番号が名簿にあるか、プログラムの版が合っているかを確かめてください。",
    )
