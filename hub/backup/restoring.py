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
from hub.backup import archive, keys, snapshot
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
    """The data folder; None when it was only checked."""
    also: list[str]
    """Files beside the store, under `also/` of the data folder."""


def check(backup: Path, identity: Path, watcher: Watcher | None = None) -> Restored:
    """Open a backup, check all of it, and leave nothing behind: the drill."""
    with tempfile.TemporaryDirectory(prefix="mimamori-check-") as folder, _said(Path(folder)):
        manifest = _verified(backup, identity, Path(folder), watcher or Nobody())
    return _report(manifest, None)


def restore(backup: Path, identity: Path, into: Path, watcher: Watcher | None = None) -> Restored:
    """Put a backup into a data folder that has no store. `Refused` says why not, and then nothing has changed."""
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
                also = work / "also"
                if also.exists():
                    if (into / "also").exists():
                        raise Refused(
                            f"{into / 'also'} がもうあります。空のフォルダーを --into に渡してください。"
                        )
                    also.rename(into / "also")
                # The last step, and one that is either done or not.
                (work / STORE).rename(into / STORE)
                sync_folder(into)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return _report(manifest, into)


def _verified(backup: Path, identity: Path, into: Path, watcher: Watcher) -> Manifest:
    """Unpack, check the digests, the database, its version and its rows, and bring it to this program's version."""
    manifest = archive.read(backup, keys.identity(identity), into, watcher)
    if manifest.engine != "sqlite":
        raise Refused(f"このバックアップは {manifest.engine} のものです。SQLite のハブには戻せません。")
    if not migrate.knows(manifest.revision):
        raise Refused(
            f"このバックアップは新しい版のプログラム ({manifest.program}) のデータベース ({manifest.revision}) です。"
            "プログラムを更新してから戻してください。"
        )
    store = into / STORE
    snapshot.check(store)
    if snapshot.revision(store) != manifest.revision or snapshot.rows(store) != manifest.rows:
        raise Refused(
            f"{backup} の中身が目録と合いません。別のバックアップを使ってください。何も戻していません。"
        )
    migrate.to_head(store)
    return manifest


def _report(manifest: Manifest, into: Path | None) -> Restored:
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
