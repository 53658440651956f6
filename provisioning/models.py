"""Fetching and installing the speech models: verified before use, all or nothing, resumable, done once.

A model is a folder of the models folder. It appears there by one rename, complete and with a receipt, or not at
all. What is on its way lies in `.partial` beside it, so that a run that was cut off goes on where it stopped.
"""

import errno
import fcntl
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from contract.refusal import Refused
from provisioning.fetch import SourceFailed, digest, fetch_packages, fetch_url
from provisioning.manifest import Manifest, Model, RegistrySource, UrlSource
from provisioning.unpack import BadArchive, sync, unpack

PARTIAL = ".partial"
RECEIPT = "receipt.json"


class Watcher(Protocol):
    """Whoever shows how far it is."""

    def start(self, model: str, size: int) -> None:
        """A model of `size` bytes is being fetched."""

    def moved(self, here: int) -> None:
        """`here` bytes of it have arrived."""

    def say(self, sentence: str) -> None:
        """Something worth a line for the person who waits."""


class Receipt(Struct, frozen=True, kw_only=True):
    """What was installed, kept inside the model's folder."""

    fingerprint: str
    """Of the manifest's entry."""
    source: str
    archives: dict[str, str]
    """sha256 of each file that arrived."""
    files: dict[str, int]
    """Size of each file, by its path in the folder."""


def purpose_of_this_machine(machine: str = platform.machine()) -> str:
    """`pi` on a 64-bit ARM machine, else `server`."""
    return "pi" if machine in ("aarch64", "arm64") else "server"


def is_installed(model: Model, folder: Path) -> bool:
    """Whether this very model lies in the models folder, complete by its receipt. Reads sizes, not contents."""
    home = folder / model.name
    try:
        receipt = msgspec.json.decode((home / RECEIPT).read_bytes(), type=Receipt)
        whole = all((home / path).stat().st_size == size for path, size in receipt.files.items())
    except (OSError, msgspec.MsgspecError):
        return False
    return whole and receipt.fingerprint == model.fingerprint()


def provision(manifest: Manifest, purpose: str, folder: Path, watcher: Watcher) -> list[str]:
    """Make sure that `folder` has what `purpose` needs, and return the names of the models that serve it.

    Raises `Refused` when something is needed that no source gives.
    """
    serving = []
    for need in manifest.purposes[purpose]:
        choices = [manifest.model(name) for name in need]
        # A second choice that is there already will do: set-up stays instant where the first one's site is unreachable.
        there = next((model for model in choices if is_installed(model, folder)), None)
        serving.append(there.name if there else _first_that_can_be_had(choices, folder, watcher))
    return serving


def _first_that_can_be_had(choices: list[Model], folder: Path, watcher: Watcher) -> str:
    reasons = []
    for model in choices:
        try:
            install(model, folder, watcher)
        except SourceFailed as failed:
            reasons.append(f"{model.name}: {failed}")
            if model is not choices[-1]:
                watcher.say(f"{model.name} は取得できません ({failed})。次の候補に移ります。")
        else:
            return model.name
    raise Refused(
        f"音声認識モデルを取得できませんでした ({'、'.join(reasons)})。"
        "ネットワークの接続を確かめて mimamori provision models をもう一度実行してください。"
    )


def install(model: Model, folder: Path, watcher: Watcher) -> None:
    """Fetch, verify and install one model unless it is there; raise `SourceFailed` naming what each source said."""
    if is_installed(model, folder):
        return
    with _one_at_a_time(folder, watcher):
        if is_installed(model, folder):
            return  # somebody else has just done it
        failures = []
        for source in model.sources:
            try:
                _install_from(source, model, folder, watcher)
                return
            except SourceFailed as failed:
                failures.append(f"{_called(source)}: {failed}")
            except BadArchive as bad:
                failures.append(f"{_called(source)}: {bad}")
        raise SourceFailed("、".join(failures))


def _install_from(source: UrlSource | RegistrySource, model: Model, folder: Path, watcher: Watcher) -> None:
    work = folder / PARTIAL / model.name
    try:
        work.mkdir(parents=True, exist_ok=True)
        _check_room(source, model, work)
        watcher.start(model.name, _size(source))
        if isinstance(source, UrlSource):
            archives = [work / "archive.zip"]
            fetch_url(source, archives[0], watcher.moved)
        else:
            archives = fetch_packages(source.packages, work, watcher.moved)
        watcher.moved(_size(source))
        tree = work / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        sizes = unpack(archives, source.take, tree)
        _check_files(model, tree, sizes)
        receipt = Receipt(
            fingerprint=model.fingerprint(),
            source=_called(source),
            archives={archive.name: digest(archive, "sha256") for archive in archives},
            files=sizes,
        )
        (tree / RECEIPT).write_bytes(msgspec.json.format(msgspec.json.encode(receipt)) + b"\n")
        _put_in_place(tree, folder / model.name)
        shutil.rmtree(work)
    except OSError as error:
        raise Refused(_disk_trouble(error, folder)) from error


def _put_in_place(tree: Path, home: Path) -> None:
    """The one moment in which the model appears. A power cut before it leaves nothing, after it everything."""
    for path in tree.rglob("*"):
        sync(path)
    sync(tree)
    if home.exists():
        old = tree.with_name("old")
        shutil.rmtree(old, ignore_errors=True)
        home.rename(old)
    tree.rename(home)
    sync(home.parent)


def _check_files(model: Model, tree: Path, sizes: dict[str, int]) -> None:
    for file in model.files:
        if sizes.get(file.path) != file.size or digest(tree / file.path, "sha256") != file.sha256:
            raise BadArchive(f"{file.path} が目録と違う")


def _check_room(source: UrlSource | RegistrySource, model: Model, work: Path) -> None:
    """Twice the archive is less than any of our models needs unpacked, beside what is here already."""
    here = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    unpacked = sum(file.size for file in model.files) or 3 * _size(source)
    if shutil.disk_usage(work).free < _size(source) - here + unpacked:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(work))


@contextmanager
def _one_at_a_time(folder: Path, watcher: Watcher) -> Iterator[None]:
    """Two set-ups at once must not write the same files; the kernel frees the lock of one that was killed."""
    try:
        (folder / PARTIAL).mkdir(parents=True, exist_ok=True)
        lock = (folder / PARTIAL / "lock").open("w")
    except OSError as error:
        raise Refused(_disk_trouble(error, folder)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            watcher.say("別の取得が終わるのを待っています。")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _disk_trouble(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return (
            f"{folder} のディスクに空きが足りません。空きを増やすか、--models で別の場所を指定してください。"
        )
    return f"{folder} に書き込めません ({error.strerror})。権限を確かめるか、--models で別の場所を指定してください。"


def _size(source: UrlSource | RegistrySource) -> int:
    if isinstance(source, UrlSource):
        return source.size
    return sum(package.size for package in source.packages)


def _called(source: UrlSource | RegistrySource) -> str:
    if isinstance(source, UrlSource):
        return source.url
    return "パッケージレジストリ " + " + ".join(package.name for package in source.packages)
