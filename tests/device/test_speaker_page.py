"""docs/speaker.md and what lies beside it say what the code does."""

import configparser
import re
import tomllib
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contract.datafile import Duration
from contract.events import Outcome
from device import config as config_room
from device.config import DeviceConfig
from device.health.settings import load_health_settings
from device.panel.lights import LightState
from device.panel.picture import picture
from device.panel.settings import load_panel_settings
from device.talk.prompts import load_prompts
from device.talk.turns import Prompt

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "speaker.md").read_text(encoding="utf-8")
EXAMPLE = Path(config_room.__file__).with_name("device.example.toml").read_text(encoding="utf-8")
PROMPTS = load_prompts()


def keys(struct: Any, prefix: str = "") -> list[str]:
    """Every key of a configuration, "broker.port"."""
    found: list[str] = []
    for name, hint in typing.get_type_hints(struct).items():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            found += keys(hint, f"{name}.")
        else:
            found.append(prefix + name)
    return found


@pytest.mark.parametrize("key", keys(DeviceConfig))
def test_every_key_of_the_file_is_on_the_page_and_in_the_example(key: str) -> None:
    assert f"| `{key}` |" in PAGE
    name = key.rpartition(".")[2]
    assert re.search(rf'(?m)^(# )?{name} = |or {name} = "', EXAMPLE), f"{key} is not in device.example.toml"


def test_the_page_knows_no_key_that_is_not_there() -> None:
    table = PAGE.partition("## device.toml")[2]
    assert set(re.findall(r"(?m)^\| `([a-z_.]+)` \|", table)) == set(keys(DeviceConfig))


def test_the_example_with_everything_switched_on_is_accepted() -> None:
    lines = [
        re.sub(r"^# (?=[a-z_]+ = )", "", line)
        for line in EXAMPLE.splitlines()
        if "certificate_file" not in line
    ]
    text = "\n".join(lines)
    wanted = msgspec.convert(
        tomllib.loads(text), DeviceConfig, dec_hook=lambda kind, value: _read(kind, value)
    )
    assert wanted.panel.light == (5, 6, 13)


def _read(kind: type[Any], value: Any) -> Any:
    return Duration.parse(value) if kind is Duration else Path(value)


@pytest.mark.parametrize("state", LightState)
def test_every_light_is_on_the_page_as_it_is_in_the_file(state: LightState) -> None:
    light = getattr(load_panel_settings().lights, state)
    on, off = (round(length.total_seconds() * 1000) for length in (light.on, light.off))
    rhythm = f"{on} ms on, {off} ms off" if on else "steady"
    assert f"| `{state}` | {light.color} | {rhythm} |" in PAGE


def test_the_picture_is_made_from_the_file() -> None:
    kept = (DOCS / "speaker-lights.svg").read_text(encoding="utf-8")
    assert kept == picture(load_panel_settings()), "python -m device.panel.picture > docs/speaker-lights.svg"


@pytest.mark.parametrize(
    "prompt",
    [prompt for prompt in Prompt if prompt.startswith(("button_", "fault_"))],
)
def test_what_the_panel_and_faults_say_is_on_the_page(prompt: Prompt) -> None:
    assert PROMPTS.text(prompt, "") in PAGE


def test_the_times_on_the_page_are_those_of_the_files() -> None:
    button = load_panel_settings().button
    faults = load_health_settings().faults
    assert f"holds for {button.long_from.total_seconds():g} s" in PAGE
    assert f"holds for {button.help_from.total_seconds():g} s" in PAGE
    assert f"after {button.again_within.total_seconds():g} s" in PAGE
    assert f"between {faults.said_from.lstrip('0')} and {faults.said_until}" in PAGE
    assert f"no line for {faults.line_down.total_seconds() / 60:g} min" in PAGE


def test_every_outcome_that_says_nothing_about_the_person_is_explained() -> None:
    for outcome in Outcome:
        assert outcome.was_asked or f"`{outcome}`" in PAGE


def test_the_service_is_fed_by_what_we_send_and_stopped_in_the_time_we_need() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DOCS / "mimamori-device.service", encoding="utf-8")
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 30
    assert service["ExecStart"].split()[1:3] == ["device", "--config"]
    from mimamori.commands.device import STOP_SECONDS

    assert int(service["TimeoutStopSec"]) > STOP_SECONDS
