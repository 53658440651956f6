"""Make a backup: snapshot, manifest, archive, and only then the name under which it is found."""

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from contract.refusal import Refused
from hub.backup import archive, keys, server, snapshot
from hub.backup.archive import Entry, Manifest, Member
from hub.backup.watcher import Nobody, Watcher

ENDING = ".age"
_LARGEST_ALSO = 64 << 20
"""Bytes of one file beside the store: keys and settings, nothing else."""


class Made(Struct, frozen=True, kw_only=True):
    """A backup that was made."""

    path: str
    size: int
    made_at: datetime
    revision: str
    rows: dict[str, int]
    files: list[Entry]


def make(
    store: Path | str,
    to: Path,
    recipients: Sequence[str],
    now: datetime,
    also: Sequence[Path] = (),
    watcher: Watcher | None = None,
    scratch: Path | None = None,
) -> Made:
    """Write a backup of the store, and of the files and folders of `also`, to a file or into a folder.

    The store is a file, or the address of a server; `scratch` is where the plain copy lies meanwhile, by default the
    folder of the file: where the plain store lies, and not on the stick that is carried away.
    An existing file is never written over. `Refused` says what stands in the way, and then nothing is left behind.
    """
    watcher = watcher or Nobody()
    to_whom = keys.recipients(recipients)
    if isinstance(store, Path) and not store.exists():
        raise Refused(f"{store} がありません。設定の data を確かめてください。")
    if scratch is None:
        scratch = store.parent if isinstance(store, Path) else Path(tempfile.gettempdir())
    target = to / f"mimamori-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{ENDING}" if to.is_dir() else to
    if target.exists():
        raise Refused(f"{target} はもうあります。バックアップは上書きしません。別の名前にしてください。")
    if not target.parent.is_dir():
        raise Refused(f"フォルダー {target.parent} がありません。先に作ってください。")
    _room(store.stat().st_size if isinstance(store, Path) else server.size(store), scratch)
    beside = [member for path in also for member in _also(path)]
    plain = scratch / f".backup-{os.getpid()}"
    partial = target.with_name(f".{target.name}.partial")
    with _swept(plain, partial), _said(target):
        taken = (
            _of_file(store, plain, watcher) if isinstance(store, Path) else server.take(store, plain, watcher)
        )
        members = [*(archive.entry(name, file) for name, file in taken.files.items()), *beside]
        manifest = Manifest(
            format=archive.FORMAT,
            made_at=now,
            program=version("mimamori"),
            engine="sqlite" if isinstance(store, Path) else "postgresql",
            revision=taken.revision,
            rows=taken.rows,
            files=[one.entry for one in members],
            columns=taken.columns,
        )
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            archive.write(file, manifest, members, to_whom, watcher)
            file.flush()
            os.fsync(file.fileno())
        _publish(partial, target)
        if isinstance(store, Path):
            snapshot.note(store, now, target.name)
        else:
            server.note(store, now, target.name)
    return Made(
        path=str(target),
        size=target.stat().st_size,
        made_at=now,
        revision=manifest.revision,
        rows=manifest.rows,
        files=manifest.files,
    )


def _of_file(store: Path, plain: Path, watcher: Watcher) -> server.Taken:
    snapshot.take(store, plain, watcher)
    snapshot.check(plain)
    taken = server.Taken()
    found = snapshot.revision(plain)
    if found is None:
        raise Refused("データベースが空です。ハブを一度も動かしていないか、設定の data が違います。")
    taken.revision, taken.rows, taken.files = found, snapshot.rows(plain), {"hub.db": plain}
    return taken


def _also(path: Path) -> Iterator[Member]:
    """A file, or every file of a folder, under the folder's own name."""
    if not path.exists():
        raise Refused(f"--also の {path} がありません。場所を確かめてください。")
    found = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    top = path.resolve().parent
    for one in found:
        try:
            if one.stat().st_size > _LARGEST_ALSO:
                raise Refused(f"--also の {one} が大きすぎます。鍵と設定のファイルだけを渡してください。")
            # In one gulp: a file that changes between its digest and its copy would spoil the archive.
            held = one.read_bytes()
        except OSError as error:
            raise Refused(
                f"--also の {one} を読めません ({error.strerror})。権限を確かめてください。"
            ) from error
        yield archive.entry(f"also/{one.resolve().relative_to(top)}", held)


def _room(needed: int, scratch: Path) -> None:
    free = shutil.disk_usage(scratch).free
    if free < needed:
        raise Refused(
            f"{scratch} の空きが足りません (空き {free / 1e6:.0f} MB、写しに {needed / 1e6:.0f} MB 要ります)。"
            "空きを作ってください。"
        )


def _publish(partial: Path, target: Path) -> None:
    """Give the finished file its name, never in place of another one."""
    try:
        os.link(partial, target)
    except FileExistsError as error:
        raise Refused(f"{target} はもうあります。バックアップは上書きしません。") from error
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        partial.rename(target)  # a stick in FAT has no links
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """A name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _swept(*paths: Path) -> Iterator[None]:
    try:
        yield
    finally:
        for path in paths:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
                continue
            for one in (path, path.with_name(f"{path.name}-journal")):
                one.unlink(missing_ok=True)


@contextmanager
def _said(target: Path) -> Iterator[None]:
    """A disk that refuses, in one sentence."""
    try:
        yield
    except OSError as error:
        what = "ディスクがいっぱいです" if error.errno == errno.ENOSPC else f"書けません ({error.strerror})"
        raise Refused(f"{target} のバックアップを作れません: {what}。途中のものは消しました。") from error
    except sqlite3.Error as error:
        full = (
            error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
            if hasattr(error, "sqlite_errorcode")
            else False
        )
        what = "ディスクがいっぱいです" if full else f"データベースを読めません ({error})"
        raise Refused(f"{target} のバックアップを作れません: {what}。途中のものは消しました。") from error
