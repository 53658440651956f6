"""Taking files out of archives, wheels being zip files too."""

import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from provisioning.manifest import Take


class BadArchive(Exception):
    """The archive is broken or lacks what the manifest says; the message is a Japanese clause."""


def unpack(archives: Sequence[Path], takes: Sequence[Take], into: Path) -> dict[str, int]:
    """Take what `takes` names out of `archives` into the new folder `into`; return each file's size by its path.

    Takes with the same `to` are joined in order. Raises `BadArchive`.
    """
    into.mkdir(parents=True)
    sizes: dict[str, int] = {}
    opened: list[zipfile.ZipFile] = []
    try:
        opened += [zipfile.ZipFile(archive) for archive in archives]
        for take in takes:
            for archive, member, to in _members(opened, take):
                target = into / to
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("ab") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                sizes[to] = target.stat().st_size
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise BadArchive("アーカイブが壊れている") from error
    finally:
        for archive in opened:
            archive.close()
    return sizes


def _members(archives: Sequence[zipfile.ZipFile], take: Take) -> list[tuple[zipfile.ZipFile, str, str]]:
    whole_folder = take.member.endswith("/")
    found = []
    for archive in archives:
        for name in archive.namelist():
            if name == take.member and not whole_folder:
                found.append((archive, name, take.to))
            elif whole_folder and name.startswith(take.member) and not name.endswith("/"):
                found.append((archive, name, _inside(take.to, name[len(take.member) :])))
    if not found:
        raise BadArchive(f"アーカイブに {take.member} がない")
    return found


def _inside(folder: str, name: str) -> str:
    path = PurePosixPath(folder) / name
    if path.is_absolute() or ".." in path.parts:
        raise BadArchive(f"アーカイブの {name} はフォルダーの外を指す")
    return str(path)


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
