"""The example of three machines is read by the programs it is for."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.nodes import HUB_MAY
from hub.config import load
from hub.roles import Role, worker_name
from mimamori.main import app
from provisioning.broker import device_user, server_binary

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("mimamori-*.service"))


def test_nats_takes_its_configuration(tmp_path: Path) -> None:
    for name in ("nats.conf", "users.conf"):
        shutil.copy(DEPLOY / "nats" / name, tmp_path)
    for name in ("nats.pem", "nats.key"):
        text = (tmp_path / "nats.conf").read_text().replace(f'"/etc/mimamori/{name}"', f'"{tmp_path / name}"')
        (tmp_path / "nats.conf").write_text(text)
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=nats-1"]
    subprocess.run(
        [*made, "-keyout", tmp_path / "nats.key", "-out", tmp_path / "nats.pem"],
        check=True,
        capture_output=True,
    )
    checked = subprocess.run(
        [server_binary(), "-t", "-c", tmp_path / "nats.conf"],
        env=os.environ | {"NODE_NAME": "nats-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_hub_takes_its_configuration(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "hub.toml", tmp_path)
    for name in ("store-password", "broker-password"):
        (tmp_path / name).write_text("geheim\n")
        (tmp_path / name).chmod(0o600)
    config = load(tmp_path / "hub.toml")
    assert config.store.url == "postgresql://mimamori:geheim@db:5432/mimamori"
    assert len(config.broker.nats) == 3


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_role_that_there_is_and_has_time_to_end(unit: Path) -> None:
    text = unit.read_text()
    [role] = re.findall(r"--role (\w+)", text)
    assert role in Role.__members__
    assert unit.stem.startswith(f"mimamori-{role}")
    assert "TimeoutStopSec=120" in text
    options = set(re.findall(r"(--\w+)", text))
    told = CliRunner().invoke(app, ["hub", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert all(option in told for option in options)


def test_every_role_has_a_unit() -> None:
    assert {re.findall(r"--role (\w+)", unit.read_text())[0] for unit in UNITS} == set(Role)
    assert worker_name("nats-1-1") == "nats-1-1"


def test_the_example_users_may_do_what_ours_do_and_no_more() -> None:
    text = (DEPLOY / "nats" / "users.conf").read_text()
    allowed = [
        set(re.findall(r'"([^"]+)"', line)) for line in re.findall(r"(?:publish|subscribe): \[(.*)\]", text)
    ]
    sato = device_user("sato-1", "x")
    ours = [
        set(HUB_MAY["publish"]),
        set(HUB_MAY["subscribe"]),
        {topic.replace("/", ".") for topic in sato.publish},
        {topic.replace("/", ".") for topic in sato.subscribe},
    ]
    assert allowed == ours


def test_every_figure_of_the_scaling_page_names_a_command_that_there_is() -> None:
    page = (DEPLOY.parent / "docs" / "scaling.md").read_text()
    commands = re.findall(r"`mimamori (bench \w+)((?: --?[\w-]+| [\w.]+)*)`", page)
    assert len(commands) >= 8
    for command, options in commands:
        shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
        assert shown.exit_code == 0, command
        assert all(option in shown.output for option in re.findall(r"--[\w-]+", options)), (command, options)
