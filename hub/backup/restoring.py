"""Check a backup to its last row, and only then put it in place. Never over a store, never under a running hub."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from contract.refusal import Refused
from hub.backup import archive, keys, server, snapshot
from hub.backup.archive import Manifest
from hub.backup.making import sync_folder
from hub.backup.watcher import Nobody, Watcher
from hub.store import migrate

STORE = "hub.db"


class Restored(Struct, frozen=True, kw_only=True):
    """A backup that was checked, and put in place where that was asked for."""

    made_at: datetime
    program: str
    revision: str
    """Of the backup; the store in place is of this program's own."""
    rows: dict[str, int]
    """As in the backup, counted again."""
    into: str | None
    """The data folder, or the server's address without its password; None when it was only checked."""
    also: list[str]
    """Files beside the store that are in the backup."""


def check(backup: Path, identity: Path, watcher: Watcher | None = None) -> Restored:
    """Open a backup, check all of it, and leave nothing behind: the drill."""
    with tempfile.TemporaryDirectory(prefix="mimamori-check-") as folder, _said(Path(folder)):
        manifest = _verified(backup, identity, Path(folder), watcher or Nobody())
    return _report(manifest, None)


def restore(
    backup: Path,
    identity: Path,
    into: Path | str,
    watcher: Watcher | None = None,
    also_into: Path | None = None,
) -> Restored:
    """Put a backup into a data folder that has no store, or into an empty database of a server.

    `also_into` is a new folder for the files beside the store, by default `also` of the data folder. `Refused` says
    why not, and then nothing has changed.
    """
    if also_into is None and isinstance(into, Path):
        also_into = into / "also"
    if also_into is not None and also_into.exists():
        raise Refused(f"{also_into} がもうあります。ほかのフォルダーを渡してください。")
    if isinstance(into, str):
        return _onto_server(backup, identity, into, watcher or Nobody(), also_into)
    with _said(into):
        into.mkdir(parents=True, exist_ok=True)
    with _alone(into):
        for there in (into / STORE, into / f"{STORE}-wal"):
            if there.exists():
                raise Refused(
                    f"{there} がもうあります。今のデータには上書きしません。空のフォルダーを --into に渡してください。"
                )
        work = into / f".restore-{os.getpid()}"
        try:
            with _said(into):
                work.mkdir(mode=0o700)
                manifest = _verified(backup, identity, work, watcher or Nobody())
                if manifest.engine != "sqlite":
                    raise Refused(
                        "このバックアップは PostgreSQL のものです。--into に空のデータベースの番地"
                        "「postgresql://利用者@ホスト/データベース」を渡してください。"
                    )
                _take_along(work, also_into)
                # The last step, and one that is either done or not.
                (work / STORE).rename(into / STORE)
                sync_folder(into)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return _report(manifest, into)


def _take_along(work: Path, to: Path | None) -> None:
    if to is not None and (work / "also").exists():
        shutil.copytree(work / "also", to)


def _onto_server(
    backup: Path, identity: Path, address: str, watcher: Watcher, also_into: Path | None
) -> Restored:
    with tempfile.TemporaryDirectory(prefix="mimamori-restore-") as folder, _said(Path(folder)):
        manifest = _verified(backup, identity, Path(folder), watcher)
        if manifest.engine != "postgresql":
            raise Refused(
                "このバックアップは SQLite のものです。--into に空のデータフォルダーを渡してください。"
            )
        _take_along(Path(folder), also_into)
        server.put(address, Path(folder), manifest.revision, manifest.columns, manifest.rows)
    return _report(manifest, server.called(address))


def _verified(backup: Path, identity: Path, into: Path, watcher: Watcher) -> Manifest:
    """Unpack, check the digests, the database, its version and its rows, and bring it to this program's version."""
    manifest = archive.read(backup, keys.identity(identity), into, watcher)
    if not migrate.knows(manifest.revision):
        raise Refused(
            f"このバックアップは新しい版のプログラム ({manifest.program}) のデータベース ({manifest.revision}) です。"
            "プログラムを更新してから戻してください。"
        )
    if manifest.engine == "postgresql":
        if server.rows(into) != manifest.rows:
            raise Refused(
                f"{backup} の中身が目録と合いません。別のバックアップを使ってください。何も戻していません。"
            )
        return manifest
    store = into / STORE
    snapshot.check(store)
    if snapshot.revision(store) != manifest.revision or snapshot.rows(store) != manifest.rows:
        raise Refused(
            f"{backup} の中身が目録と合いません。別のバックアップを使ってください。何も戻していません。"
        )
    migrate.to_head(store)
    snapshot.for_a_hub(store)
    return manifest


def _report(manifest: Manifest, into: Path | str | None) -> Restored:
    return Restored(
        made_at=manifest.made_at,
        program=manifest.program,
        revision=manifest.revision,
        rows=manifest.rows,
        into=None if into is None else str(into),
        also=[one.name for one in manifest.files if one.name.startswith("also/")],
    )


@contextmanager
def _alone(into: Path) -> Iterator[None]:
    """Hold the lock that a running hub holds."""
    with _said(into):
        lock = (into / "hub.lock").open("a+", encoding="ascii")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"{into} ではハブが動いています。動いているハブには戻しません。止めるか、別のフォルダーにしてください。"
            ) from None
        yield


@contextmanager
def _said(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = "ディスクがいっぱいです" if error.errno == errno.ENOSPC else f"書けません ({error.strerror})"
        raise Refused(f"{where} に戻せません: {what}。途中のものは消しました。") from error
