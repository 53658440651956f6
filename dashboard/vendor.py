"""Fetch the front-end files that are not ours (htmx, the design tokens) into `static/vendor/`.

`python -m dashboard.vendor` is part of set-up. What is fetched is pinned by `package-lock.json` (versions and
digests, no address); a second run only reads one small file. Files arrive one by one under their final name
by rename, so that a running dashboard never serves half of one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from contract.places import cache_folder
from contract.refusal import Refused

HERE = Path(__file__).parent
VENDOR = HERE / "static" / "vendor"
STAMP = ".fetched"

FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "htmx-LICENSE.txt": "htmx.org/LICENSE",
    "tokens.css": "@digital-go-jp/design-tokens/dist/tokens.css",
    "tokens-LICENSE.txt": "@digital-go-jp/design-tokens/LICENSE",
}
"""What the pages load, and where it lies in its package."""

_INPUTS = ("package.json", "package-lock.json", ".npmrc")


def digest_of_inputs() -> str:
    """Changes when the pinned packages or the list of files change."""
    hashed = hashlib.sha256(repr(sorted(FILES.items())).encode())
    for name in _INPUTS:
        hashed.update((HERE / name).read_bytes())
    return hashed.hexdigest()


def is_fetched(into: Path = VENDOR) -> bool:
    """Whether every file is there, from the packages pinned now."""
    stamp = into / STAMP
    return (
        stamp.is_file()
        and stamp.read_text(encoding="utf-8") == digest_of_inputs()
        and all((into / name).is_file() for name in FILES)
    )


def check(into: Path = VENDOR) -> None:
    """Raise `Refused` if a file that the pages load is missing; for start-up."""
    missing = [name for name in FILES if not (into / name).is_file()]
    if missing:
        raise Refused(
            f"画面の部品 {'・'.join(missing)} が {into} にありません。"
            "「make setup」(または「python -m dashboard.vendor」) を実行してください。"
        )


def modules_folder() -> Path:
    """Where npm puts the packages; the browser tests find axe-core here."""
    return cache_folder() / "frontend" / "node_modules"


def fetch(into: Path = VENDOR, npm: str = "npm") -> bool:
    """Bring the files; return False when there was nothing to do. Raises `Refused` when npm cannot."""
    if is_fetched(into) and modules_folder().is_dir():
        return False
    program = shutil.which(npm)
    if program is None:
        raise Refused(
            "画面の部品 (htmx など) を取り寄せる npm が見つかりません。nodejs と npm を入れてから、もう一度実行してください。"
        )
    work = modules_folder().parent
    work.mkdir(parents=True, exist_ok=True)
    for name in _INPUTS:
        shutil.copyfile(HERE / name, work / name)
    done = subprocess.run(
        [program, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())[-400:]
        raise Refused(
            f"npm が画面の部品を取り寄せられませんでした (終了コード {done.returncode}: {said})。"
            "パッケージの取得先につながるか確かめて、もう一度実行してください。"
        )
    into.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        _place((work / "node_modules" / source).read_bytes(), into / name)
    _place(digest_of_inputs().encode(), into / STAMP)
    return True


def _place(content: bytes, target: Path) -> None:
    """Write beside the target, then rename over it."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(target)


def main() -> int:
    """Fetch and say so in one line; 0 done, 1 refused with a reason."""
    try:
        fetched = fetch()
    except Refused as refused:
        print(f"dashboard.vendor: {refused}", file=sys.stderr)
        return 1
    if fetched:
        print(f"front-end files: {', '.join(FILES)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
