"""The file of a backup: a tar of the manifest and what it names, compressed, encrypted with age. All of it streams."""

import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, NamedTuple

import msgspec
import pyrage
from msgspec import Meta, Struct
from pyrage import x25519

from contract.refusal import Refused
from hub.backup.streams import Noticing, Opener, Reader
from hub.backup.watcher import Watcher

FORMAT = 1
MANIFEST = "manifest.json"
BLOCK = 1 << 20
_LARGEST_MANIFEST = 1 << 20
_GZIP = 31
"""zlib's window bits for a gzip stream."""


class Entry(Struct, frozen=True, kw_only=True):
    """One file of the backup."""

    name: Annotated[str, Meta(pattern=r"^(hub\.db|tables/[a-z_]+\.copy|also/[^\x00]+)$")]
    size: Annotated[int, Meta(ge=0)]
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What is in a backup; its first member, so that everything after it can be checked as it comes."""

    format: int
    made_at: datetime
    program: str
    """Version of the program that made it."""
    engine: str
    """sqlite: `hub.db` is a whole database; postgresql: `tables/` holds what COPY wrote."""
    revision: str
    """Of the migrations."""
    rows: dict[str, int]
    """Table to rows."""
    files: list[Entry]
    columns: dict[str, list[str]] = {}
    """postgresql: table to columns, in the order in which they were written."""


class Member(NamedTuple):
    """A file to be written: its entry and where it lies, or what it holds."""

    entry: Entry
    source: Path | bytes


def entry(name: str, source: Path | bytes) -> Member:
    """Digest a file, or bytes."""
    digest, size = hashlib.sha256(), 0
    with _open(source) as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
    return Member(Entry(name=name, size=size, sha256=digest.hexdigest()), source)


def write(
    to: IO[bytes],
    manifest: Manifest,
    members: Sequence[Member],
    recipients: Sequence[x25519.Recipient],
    watcher: Watcher,
) -> None:
    """Write an archive; OSError when the disk refuses."""
    reader, sink = Reader(_packed(manifest, members, watcher)), Noticing(to)
    try:
        pyrage.encrypt_io(reader, sink, list(recipients))
    except (pyrage.EncryptError, OSError) as error:
        raise reader.error or sink.error or OSError(str(error)) from None


def read(path: Path, identities: Sequence[x25519.Identity], into: Path, watcher: Watcher) -> Manifest:
    """Unpack an archive into an empty folder, every file checked against the manifest.

    `Refused` when the key does not open it, or it is damaged or cut off.
    """
    reading, writing = os.pipe()
    opener = Opener(path, identities, writing, watcher)
    opener.start()
    damaged = Refused(
        f"{path} は壊れているか、途中で切れています。別のバックアップを使ってください。何も戻していません。"
    )
    try:
        with os.fdopen(reading, "rb") as stream, tarfile.open(fileobj=stream, mode="r|gz") as tar:
            manifest = _unpack(tar, into, damaged)
            while stream.read(BLOCK):
                pass  # to its end: only there age says that nothing was cut off
    except (tarfile.TarError, EOFError, zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        opener.join()
        raise opener.refusal() or damaged from error
    except BaseException:
        opener.join()
        if (refusal := opener.refusal()) is not None:
            raise refusal from None
        raise
    opener.join()
    if (refusal := opener.refusal()) is not None:
        raise refusal
    return manifest


def _unpack(tar: tarfile.TarFile, into: Path, damaged: Refused) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > _LARGEST_MANIFEST:
        raise damaged
    file = tar.extractfile(first)
    assert file is not None
    manifest = msgspec.json.decode(file.read(), type=Manifest)
    if manifest.format > FORMAT:
        raise Refused(
            f"このバックアップは新しい版のプログラム ({manifest.program}) のものです。プログラムを更新してください。"
        )
    missing = {one.name: one for one in manifest.files}
    while (member := tar.next()) is not None:
        wanted = missing.pop(member.name, None)
        if wanted is None or not member.isreg() or member.size != wanted.size:
            raise damaged
        where = (into / wanted.name).resolve()
        if not where.is_relative_to(into.resolve()):
            raise damaged
        source = tar.extractfile(member)
        assert source is not None
        if _copied(source, where) != wanted.sha256:
            raise damaged
    if missing:
        raise damaged
    return manifest


def _copied(source: IO[bytes], where: Path) -> str:
    """Write a file for its owner alone, on disk when this returns; returns its digest."""
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with os.fdopen(os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := source.read(BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


# ---- the stream ------------------------------------------------------------------------------------------------


def _open(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _packed(manifest: Manifest, members: Sequence[Member], watcher: Watcher) -> Iterator[bytes]:
    """The compressed tar, a piece at a time."""
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    for piece in _tar(manifest, members, watcher):
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _tar(manifest: Manifest, members: Sequence[Member], watcher: Watcher) -> Iterator[bytes]:
    encoded = msgspec.json.encode(manifest)
    yield from _header(MANIFEST, len(encoded), manifest.made_at)
    yield from (encoded, _padding(len(encoded)))
    watcher.start("バックアップを暗号化しています", sum(member.entry.size for member in members))
    done = 0
    for member in members:
        yield from _header(member.entry.name, member.entry.size, manifest.made_at)
        with _open(member.source) as file:
            while block := file.read(BLOCK):
                yield block
                done += len(block)
                watcher.moved(done)
        yield _padding(member.entry.size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(name: str, size: int, at: datetime) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at.timestamp())
    yield info.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
