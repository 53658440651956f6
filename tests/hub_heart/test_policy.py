"""A policy that would leave a silence without an owner is refused, with its line."""

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest

from contract.refusal import Refused
from hub import policy
from hub.policy import Policy
from hub.vocabulary import Party, ReasonCode, Severity
from tests.clock import office
from tests.hub_heart.town import Town

TEXT = (resources.files("hub") / "policy.toml").read_text(encoding="utf-8")


def line(text: str, of: str, nth: int = 1) -> int:
    """The line, from 1, of the nth line that starts with `of`."""
    return [number for number, one in enumerate(text.splitlines(), 1) if one.startswith(of)][nth - 1]


def load(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return policy.load(path)


def swap(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return change


def drop(header: str) -> Callable[[str], str]:
    """The text without one table."""

    def change(text: str) -> str:
        changed = re.sub(rf"(?ms)^\[{re.escape(header)}\].*?(?=^\[)", "", text, count=1)
        assert changed != text
        return changed

    return change


def test_the_towns_policy_climbs_from_the_phone_to_the_visit() -> None:
    town = policy.load()
    silence = town.ladders[town.ladder_for(ReasonCode.missed, Severity.needs_check, "standard")]
    assert [step.party for step in silence] == [
        Party.resident,
        Party.resident,
        Party.family_contact,
        Party.helper,
        Party.welfare_commissioner,
        Party.visit,
    ]
    assert (town.classes["standard"].missed_slots_in_a_row, town.classes["standard"].unanswered_for) == (
        2,
        timedelta(hours=24),
    )
    assert town.classes["high"].unanswered_for == timedelta(hours=12)
    assert [step.total_seconds() for step in town.watch.retry_after] == [600, 1800]
    assert town.ranks == {"standard": 0, "high": 10}


def test_in_the_demonstrations_policy_minutes_are_seconds() -> None:
    town, demo = policy.load(), policy.load_demo()
    assert demo.classes["standard"].missed_slots_in_a_row == 1
    assert demo.ladders.keys() == town.ladders.keys()
    for name, steps in town.ladders.items():
        assert [step.wait / 60 for step in steps] == [step.wait for step in demo.ladders[name]]


@pytest.mark.parametrize(
    ("change", "where", "sentence"),
    [
        (
            swap('step = 2\nname = "phone_resident_again"', 'step = 2\nname = "phone_resident"'),
            ("name = ", 2),
            "はしごが輪になっています",
        ),
        (swap("step = 4", "step = 5"), ("step = ", 4), "穴があります: ここは 4 段目"),
        (swap("step = 3", "step = 1"), ("step = ", 3), "順番が逆です: ここは 3 段目"),
        (swap('party = "helper"', 'party = "visit"'), ("party = ", 4), "訪問のあとに段があります"),
        (swap('party = "helper"', 'party = "neighbour"'), ("party = ", 4), "neighbour"),
        (swap('wait = "15 min"', 'wait = "0 min"'), ("wait = ", 1), "0 より長く"),
        (swap('wait = "15 min"', 'wait = "15 minutes"'), ("wait = ", 1), "15 minutes"),
        (swap('missed = "silence"', 'missed = "quiet"'), ("missed = ", 1), "はしご「quiet」がありません"),
        (swap('missed = "silence"', 'missed = "talk"'), ('party = "office"', 1), "終わらなければなりません"),
        (swap('recalled_ladder = "confirm"', 'recalled_ladder = "x"'), ("recalled_ladder", 1), "はしご「x」"),
        (swap('unanswered_for = "24 h"', 'unanswered_for = "0 h"'), ("unanswered_for", 1), "0 より長く"),
        (
            swap('retry_after = ["10 min", "30 min"]', 'retry_after = ["30 min", "10 min"]'),
            ("retry_after", 1),
            "短い順",
        ),
        (swap('device_settle = "2 min"', 'device_settle = "0 min"'), ("device_settle", 1), "0 より長く"),
        (
            swap("early_window", "early_windows"),
            ("early_windows", 1),
            "early_windows という項目は使われません",
        ),
        (swap("missed_slots_in_a_row = 2", "missed_slots_in_a_row = 0"), ("missed_slots_in_a_row", 1), "1"),
        (swap('by = "17:15"', 'by = "25:15"'), ("by = ", 1), "決まった形ではありません"),
    ],
)
def test_a_broken_policy_is_refused_with_its_line(
    tmp_path: Path, change: Callable[[str], str], where: tuple[str, int], sentence: str
) -> None:
    text = change(TEXT)
    with pytest.raises(Refused) as refusal:
        load(tmp_path, text)
    assert sentence in str(refusal.value)
    assert f"policy.toml {line(text, *where)} 行目" in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (drop("classes.high.ladders"), "ladders"),
        (swap('emergency = "10 min"\n', ""), "「emergency」の時間がありません"),
        (swap('not_played = "line"\n', ""), "理由「not_played」がどのはしごを登るか"),
        (
            lambda text: re.sub(r"(?ms)^\[classes\.high\].*?(?=^# ----)", "", text),
            "リスク区分「high」がありません",
        ),
        (lambda text: text + "\n[watch]\n", "TOML"),
        (
            swap(
                'party = "office"\nwait = "4 h"\nwords = "折り返し',
                'party = "helper"\nwait = "4 h"\nwords = "折り返し',
            ),
            '最後の段は "office" か "visit"',
        ),
    ],
)
def test_a_policy_with_a_hole_is_refused(tmp_path: Path, change: Callable[[str], str], sentence: str) -> None:
    with pytest.raises(Refused, match=re.escape(sentence)):
        load(tmp_path, change(TEXT))


def test_an_empty_ladder_is_refused(tmp_path: Path) -> None:
    without = re.sub(r"(?ms)^\[\[ladders\.talk\]\].*?(?=^\n?# ----)", "", TEXT)
    with pytest.raises(Refused, match="段がひとつもありません"):
        load(tmp_path, without.replace("[watch]", "[ladders]\ntalk = []\n\n[watch]", 1))


@pytest.mark.parametrize(
    ("decided", "risk_class", "due"),
    [
        ("2026-11-24 09:00", "standard", "2026-11-24 17:15"),
        ("2026-11-24 15:00", "standard", "2026-11-24 17:15"),
        ("2026-11-24 15:01", "standard", "2026-11-25 10:00"),
        ("2026-11-24 23:30", "standard", "2026-11-25 10:00"),
        ("2026-11-24 15:01", "high", "2026-11-24 17:15"),
        ("2026-11-24 16:50", "high", "2026-11-24 17:50"),
        ("2026-11-24 03:00", "high", "2026-11-24 17:15"),
    ],
)
def test_by_when_a_visit_is_due(decided: str, risk_class: str, due: str) -> None:
    assert policy.load().visit_due(office(decided), risk_class) == office(due)


def test_residents_of_a_class_the_policy_lost_are_named_at_the_start(town: Town) -> None:
    town.home("suzuki")
    town.home("sato")
    town.set_resident("suzuki", risk_class="forgotten")
    with town.store.read() as conn, pytest.raises(Refused, match="「forgotten」1 人"):
        policy.check_residents(conn, town.policy)
    town.set_resident("suzuki", risk_class="high")
    with town.store.read() as conn:
        policy.check_residents(conn, town.policy)
