"""A fleet: real device cores in one process, through one morning on a quick clock."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contract.refusal import Refused
from demo import fleet_run
from demo.fleet import SHARES, habits
from demo.fleet_home import Habit
from demo.fleet_run import Order, run, shares_of


def test_every_habit_comes_to_its_own_end_and_the_hub_has_it() -> None:
    figures = run(Order(homes=8, shares=dict.fromkeys(Habit, 1.0), speed=900.0, seconds=90.0))
    assert figures["unsettled"] == ()
    assert figures["outcomes"] == {"fine": 2, "emergency": 2, "muted": 1, "no_sound": 1, "unwell": 1}
    assert figures["calls_for_help"] == 2
    # Three askings of the silent and of the muted home, one of the five others; nobody asks those who are away.
    assert figures["askings"] == 11
    # Two calls and a recall on top; the home with the cut line keeps its answer.
    assert (figures["events"], figures["acknowledged"]) == (14, 13)


def test_more_homes_than_one_process_holds_are_spread_and_counted_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet_run, "PER_PROCESS", 2)
    figures = run(Order(homes=3, shares={Habit.answers: 1.0}, speed=100.0, seconds=90.0))
    assert (figures["connected"], figures["acknowledged"], figures["outcomes"]) == (3, 3, {"fine": 3})


def test_shares_are_kept_at_any_size_and_the_same_every_time() -> None:
    given = habits(1000)
    assert list(given.values()).count(Habit.answers) == round(1000 * SHARES[Habit.answers])
    assert given == habits(1000)
    assert next(iter(given)) == "home-0001"


@pytest.mark.parametrize("wrong", ["answers", "dances=1", "answers=x", "answers=0", "answers=-1,silent=2"])
def test_shares_that_say_nothing_are_refused(wrong: str) -> None:
    with pytest.raises(Refused, match="shares"):
        shares_of(wrong)


def test_passwords_that_are_missing_are_named(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords.json"
    passwords.write_text('{"home-0001": "x"}', encoding="utf-8")
    with pytest.raises(Refused, match="home-0002"):
        run(Order(homes=2, broker="127.0.0.1:1", passwords=passwords, seconds=1.0))
    with pytest.raises(Refused, match="--broker"):
        run(Order(homes=2, broker="nowhere", seconds=1.0))


def test_the_command_prints_one_report(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mimamori", "fleet", "--homes", "2", "--shares", "answers=1", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["name"], report["figures"]["acknowledged"]) == ("fleet", 2)
