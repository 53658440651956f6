"""The page on the ladder: what it shows in toml is read, what it names exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from hub import duty, policy
from hub.policy import Policy
from mimamori.main import app

PAGE = (Path(__file__).parents[2] / "docs" / "ladder.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```toml {kind}\n(.*?)```", PAGE, re.DOTALL)


def test_what_the_page_adds_to_the_packaged_policy_is_a_policy() -> None:
    added = blocks("policy")
    assert len(added) == 3
    found = policy.parse(policy.packaged_text() + "\n".join(added), "docs/ladder.md")
    assert [step.name for step in found.ladders["look_first"]] == ["phone_resident", "visit"]
    assert found.classes["frail"].missed_slots_in_a_row == 1
    provider = found.provider_of("csw-mori")
    assert provider is not None
    assert len(provider.modes) == 2


def test_the_shifts_of_the_page_are_shifts() -> None:
    [text] = blocks("shifts")
    assert [shift.who for shift in duty.read(text, "docs/ladder.md")] == ["csw-mori"]


def test_every_table_of_the_page_is_one_of_the_policy() -> None:
    named = re.findall(r"^\| (`.*?`) \|", PAGE, re.MULTILINE)
    tables = {table for row in named for table in re.findall(r"`(\w+)`", row)}
    assert tables <= set(Policy.__struct_fields__)
    spoken = {"slot_words", "extra_words", "absence_unless_said"}
    assert set(Policy.__struct_fields__) - tables == spoken, "a table that the page does not explain"


@pytest.mark.parametrize("command", re.findall(r"mimamori (\w+ \w+)", PAGE))
def test_every_command_of_the_page_exists(command: str) -> None:
    group, _, name = command.partition(" ")
    found = get_command(app)
    commands = getattr(getattr(found, "commands", {}).get(group), "commands", {})
    assert name in commands
