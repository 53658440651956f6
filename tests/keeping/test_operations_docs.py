"""`docs/operations.md` speaks of commands, kinds and checks that exist, and its commands do what it says."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from contract.datafile import Duration
from hub import config
from hub.retention import policy as retention
from hub.retention.policy import Kind
from hub.store.database import Store
from mimamori.main import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line
    for kind, block in BLOCKS
    if kind == "sh"
    for line in block.splitlines()
    if line.startswith("mimamori ")
]
INLINE = re.findall(r"`(mimamori [^`]+)`", PAGE)


def rows(heading: str) -> list[list[str]]:
    """The table below a heading of columns."""
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


@pytest.mark.parametrize("line", [*COMMANDS, *INLINE])
def test_every_command_and_option_exists(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    given = [word for word in words if word.startswith("--")]
    assert set(given) <= known
    assert command.name != "mimamori"


def test_every_kind_of_record_stands_there_with_its_time() -> None:
    listed = {kind: Duration.parse(time) for kind, time, _ in rows("| kind | by default |")}
    assert listed == {str(kind): length for kind, length in retention.load().keep.items()}
    assert list(listed) == [str(kind) for kind in Kind]


def test_every_check_of_the_doctor_stands_there() -> None:
    listed = {name.strip() for names, _ in rows("| check | looks at |") for name in names.split(",")}
    source = "".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "hub" / "doctor").glob("*.py"))
    )
    named = set(re.findall(r'(?:ok|warning|problem|skipped|refusing)\(\s*"([a-z_]+)"', source))
    named |= set(re.findall(r'name, called = "([a-z_]+)"', source))
    assert listed == named


def test_the_example_of_the_telemetry_store_is_a_configuration() -> None:
    [block] = [block for kind, block in BLOCKS if kind == "toml"]
    table = tomllib.loads(block)["telemetry"]
    assert set(table) <= set(config.TelemetryConfig.__struct_fields__)
    assert config.TelemetryConfig(**table).url == "http://127.0.0.1:8428"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a hub's configuration, a store, a stick and keys, in which the page's commands are run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hub.toml").write_text('data = "data"\n', encoding="utf-8")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "hub").write_text("secret", encoding="utf-8")
    (tmp_path / "stick").mkdir()
    Store.open(tmp_path / "data" / "hub.db").close()
    return tmp_path


def test_the_page_makes_a_backup_that_comes_back(home: Path) -> None:
    run = CliRunner()
    public = ""

    def mimamori(start: str) -> str:
        [line] = [one for one in COMMANDS if one.startswith(start)]
        backups = sorted(str(one) for one in (home / "stick").iterdir())
        line = line.replace("$PUBLIC", public).replace("$BACKUP", backups[0] if backups else "")
        result = run.invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, f"{line}: {result.output} {result.exception}"
        return result.stdout

    public = mimamori("mimamori backup keygen").strip()
    mimamori("mimamori backup --to")
    assert "戻せます" in mimamori('mimamori restore "$BACKUP" --identity backup.key --check')
    mimamori('mimamori restore "$BACKUP" --identity backup.key --into')
    assert (home / "restored" / "hub.db").exists()
    assert (home / "restored" / "also" / "keys" / "hub").read_text(encoding="utf-8") == "secret"
    assert (home / "restored" / "also" / "hub.toml").exists()
    assert "まだ消していません" in mimamori("mimamori retention --dry-run")
