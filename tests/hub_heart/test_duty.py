"""Who is on duty, and what is said when nobody is."""

from typing import Any

import pytest
from sqlalchemy import insert

from contract.refusal import Refused
from hub import duty
from hub.store import tables as t
from tests.clock import office
from tests.hub_heart.town import EVENING, MORNING, Town

NIGHT = """
[[shifts]]
from = 2026-11-24T17:15:00
until = 2026-11-25T08:30:00
who = "mori"
phone = "090-0000-0001"
"""


def watch(town: Town, at: str) -> duty.Watch:
    with town.store.read() as conn:
        return duty.at(conn, office(at), town.policy)


@pytest.fixture
def town() -> Town:
    made = Town()
    with made.store.engine.begin() as conn:
        conn.execute(
            insert(t.account).values(
                id="a1",
                login="mori",
                name="森 さつき",
                role="csw",
                password_hash="-",
                must_change=False,
                created_at=made.clock.now(),
            )
        )
    return made


def bring(town: Town, text: str) -> None:
    with town.store.engine.begin() as conn:
        duty.take_over(conn, duty.read(text, "shifts.toml"), "shifts.toml")


@pytest.mark.parametrize(
    ("at", "staffed"),
    [
        ("2026-11-24 08:29:59", False),
        ("2026-11-24 08:30:00", True),
        ("2026-11-24 17:15:00", False),
        ("2026-11-23 10:00:00", False),  # 勤労感謝の日
        ("2026-11-22 10:00:00", False),  # Sunday
        ("2026-12-29 10:00:00", False),  # 年末
    ],
)
def test_the_office_is_staffed_in_its_hours(town: Town, at: str, staffed: bool) -> None:
    assert watch(town, at).staffed is staffed


def test_while_nobody_is_there_the_screen_says_so_and_until_when(town: Town) -> None:
    found = watch(town, "2026-11-21 12:00")
    assert found.words == "いまは当番がいません。新しい件はだれも見ていません。急を要するときは 119 番へ。"
    assert found.next_at == office("2026-11-24 08:30"), "after the weekend and the holiday"


def test_a_shift_makes_the_night_staffed_by_name(town: Town) -> None:
    bring(town, NIGHT)
    found = watch(town, "2026-11-24 20:00")
    assert (found.staffed, [one.name for one in found.people]) == (True, ["森 さつき"])
    assert watch(town, "2026-11-23 20:00").next_at == office("2026-11-24 08:30")
    with town.store.read() as conn:
        assert duty.accounts(conn, office("2026-11-24 20:00")) == ["mori"]


def test_a_new_file_replaces_the_shifts_of_its_time_and_no_others(town: Town) -> None:
    bring(town, NIGHT)
    bring(town, NIGHT.replace("11-24T", "12-24T").replace("11-25T", "12-25T"))
    bring(town, NIGHT.replace("090-0000-0001", "090-0000-0009"))
    assert [one.phone for one in watch(town, "2026-11-24 20:00").people] == ["090-0000-0009"]
    assert len(watch(town, "2026-12-24 20:00").people) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (NIGHT.replace("2026-11-25", "2026-11-23"), "shifts.toml 4 行目: 当番の終わりが始まりより前"),
        (NIGHT.replace("mori", "nobody"), "「nobody」のアカウントがありません"),
        (NIGHT.replace("until", "til"), "shifts.toml"),
    ],
)
def test_a_wrong_file_is_one_sentence_and_changes_nothing(town: Town, text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        bring(town, text)
    assert watch(town, "2026-11-24 20:00").people == []


@pytest.fixture
def silent(town: Town) -> Any:
    """鈴木 missed two slots on the holiday and the evening before; the family's step comes while nobody is there."""
    town.home("suzuki", slots={"evening": "18:00", "morning": "06:30"})
    town.silent("suzuki", EVENING)
    town.silent("suzuki", MORNING)
    town.until("2026-11-24 07:40")
    return town.case("suzuki")


def test_the_family_is_told_when_nobody_is_on_duty(town: Town, silent: Any) -> None:
    assert [row.kind for row in town.notices()] == ["case_opened", "nobody_on_duty"]
    town.until("2026-11-24 09:00")
    assert [row.kind for row in town.notices()][2:] == ["nobody_on_duty", "step"], "at 8:05, and at 8:35"
