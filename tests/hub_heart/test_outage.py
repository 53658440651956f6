"""A district that loses its power is one notice and a full list of people; a lone silent person elsewhere gets her own (P5)."""

from datetime import timedelta

import pytest

from contract.refusal import Refused
from hub.outreach.outages import check_person
from hub.vocabulary import AreaState, CheckedHow, DeviceState, Lane, ReasonCode, SlotState
from tests.hub_heart.town import MONDAY, MORNING, TUESDAY, Town


def valley(town: Town, homes: int, district: str = "iiji") -> list[str]:
    """So many homes of one district, asked in the morning."""
    return [
        town.home(
            f"{district}-{number:03d}",
            slots={"morning": "08:00"},
            risk_class="high" if number % 10 == 3 else "standard",
            district=district,
        )
        for number in range(homes)
    ]


def lose(town: Town, homes: list[str], *, over_seconds: float) -> None:
    """Their lines go one after the other, evenly."""
    start = town.clock.now()
    for number, name in enumerate(homes):
        town.until(start + timedelta(seconds=number * over_seconds / len(homes)))
        town.lost(name)


def come_back(town: Town, homes: list[str]) -> None:
    for name in homes:
        town.online(name, "s2")


def area(town: Town, district: str = "iiji") -> AreaState:
    return next((one.state for one in town.outages() if one.district_code == district), AreaState.normal)


@pytest.mark.parametrize("homes", [300])
def test_300_homes_lost_in_2_minutes_are_one_notice_and_300_people_and_the_lone_silent_one_is_her_own(
    town: Town, homes: int
) -> None:
    names = valley(town, homes)
    town.home("suzuki", slots={"evening": "18:00", "morning": "08:00"}, district="oi")
    town.silent("suzuki", f"{MONDAY}/evening")
    town.silent("suzuki", MORNING)
    lose(town, names, over_seconds=120)
    town.forward(hours=2)

    [notice] = town.notices("outage_began")
    assert notice.words.startswith("飯地地区で 300 台の通信が 11/24 08:30 からまとまって途切れました。")
    [outage] = town.outages()
    assert (outage.state, len(outage.people), outage.to_be_checked) == (AreaState.outage, 300, 300)
    assert {one.resident_id for one in outage.people} == set(names)
    assert [case for case in town.cases() if case.lane == Lane.device and case.closed_at is None] == []
    for name in names:
        assert town.case(name) is None
        assert town.slot(name, MORNING).state == SlotState.cannot_tell
    [reason] = town.reasons("suzuki")
    assert reason.code == ReasonCode.missed
    assert town.case("suzuki") is not None


def test_whoever_is_at_high_risk_and_silent_for_longest_is_visited_first(town: Town) -> None:
    names = valley(town, 12)
    town.until(f"{TUESDAY} 08:00")
    for minute, name in enumerate(names):
        town.until(f"{TUESDAY} 08:{minute:02d}")
        if name != "iiji-005":
            town.answers(name, MORNING)
    lose(town, names, over_seconds=60)
    town.forward(minutes=5)
    [outage] = town.outages()
    order = [one.resident_id for one in outage.people]
    assert order[:3] == ["iiji-003", "iiji-005", "iiji-000"], (
        "high risk, never heard of, then the oldest answer"
    )
    assert order[-1] == "iiji-011"


def test_a_few_lost_lines_are_single_lines(town: Town) -> None:
    names = valley(town, 12)
    lose(town, names[:3], over_seconds=30)
    town.forward(minutes=10)
    assert town.outages() == []
    assert all(town.case(name, Lane.device) for name in names[:3])


def test_lines_lost_hours_apart_are_single_lines(town: Town) -> None:
    names = valley(town, 12)
    for name in names[:6]:
        town.lost(name)
        town.forward(hours=1)
    assert town.outages() == []
    assert all(town.case(name, Lane.device) for name in names[:5])


def test_a_blink_of_the_power_is_suspected_and_told_to_nobody(town: Town) -> None:
    names = valley(town, 12)
    lose(town, names, over_seconds=10)
    town.forward(seconds=20)
    assert area(town) == AreaState.suspected_outage
    come_back(town, names)
    town.forward(minutes=10)
    assert area(town) == AreaState.normal
    assert town.notices() == []
    assert town.cases() == []
    assert [row.new for row in town.history("area", "iiji")] == ["suspected_outage", "normal"]


def test_single_lines_lost_just_before_are_gathered_under_the_outage(town: Town) -> None:
    names = valley(town, 12)
    lose(town, names[:3], over_seconds=3)
    town.forward(minutes=4)
    assert all(town.case(name, Lane.device) for name in names[:3])
    lose(town, names[3:], over_seconds=20)
    town.forward(minutes=4)
    [outage] = town.outages()
    assert len(outage.people) == 12
    assert [case for case in town.cases() if case.closed_at is None] == []
    assert [one.resolved_why for one in town.reasons(names[0], Lane.device, all_of_them=True)] == [
        "地区の停電・回線障害としてまとめました"
    ]


def test_whoever_is_lost_later_joins_without_another_notice(town: Town) -> None:
    names = valley(town, 12)
    lose(town, names[:6], over_seconds=20)
    town.forward(minutes=30)
    lose(town, names[6:], over_seconds=20)
    town.forward(minutes=30)
    [outage] = town.outages()
    assert len(outage.people) == 12
    assert len(town.notices()) == 1


def test_recovery_is_seen_told_once_and_who_stays_gone_is_a_single_line_again(town: Town) -> None:
    names = valley(town, 20)
    lose(town, names, over_seconds=60)
    town.forward(minutes=30)
    come_back(town, names[:10])
    town.forward(minutes=3)
    assert area(town) == AreaState.recovering
    assert len(town.notices("outage_over")) == 0
    come_back(town, names[10:19])
    town.forward(minutes=3)
    assert area(town) == AreaState.normal
    assert [row.new for row in town.history("area", "iiji")] == [
        "suspected_outage",
        "outage",
        "recovering",
        "normal",
    ]
    assert len(town.notices("outage_over")) == 1
    assert town.case("iiji-019", Lane.device) is not None
    assert [case for case in town.cases() if case.closed_at is None] == [town.case("iiji-019", Lane.device)]


def test_a_line_that_comes_back_and_goes_again_is_looked_after_again(town: Town) -> None:
    names = valley(town, 12)
    lose(town, names, over_seconds=20)
    town.forward(minutes=10)
    come_back(town, names[:2])
    town.forward(minutes=3)
    assert town.outages()[0].back == 2
    town.lost(names[0], "s2")
    town.forward(minutes=5)
    assert town.outages()[0].back == 1
    assert town.device(names[0]).presence == DeviceState.offline
    assert town.case(names[0], Lane.device) is None


def test_an_outage_elsewhere_is_another_one(town: Town) -> None:
    here, there = valley(town, 12), valley(town, 12, "oi")
    lose(town, [*here, *there], over_seconds=30)
    town.forward(minutes=10)
    assert {one.district_code for one in town.outages()} == {"iiji", "oi"}
    assert len(town.notices("outage_began")) == 2


def test_a_person_made_sure_of_leaves_the_list_of_those_to_visit(town: Town) -> None:
    names = valley(town, 12)
    lose(town, names, over_seconds=20)
    town.forward(minutes=10)
    [outage] = town.outages()
    now = town.clock.now()
    with town.store.engine.begin() as conn:
        for name, how in ((names[0], CheckedHow.phone), (names[1], CheckedHow.not_reached)):
            check_person(conn, outage.id, name, how, "", "mori", now, town.policy, town.ids)
        with pytest.raises(Refused, match="一覧にいません"):
            check_person(conn, outage.id, "nobody", CheckedHow.met, "", "mori", now, town.policy, town.ids)
    [outage] = town.outages()
    assert outage.to_be_checked == 11
    assert outage.people[-1].resident_id == names[0]
    assert town.history("resident", names[0])[-1].why == "停電・回線障害の中での確認: 電話で無事"


def test_a_restart_of_the_hub_in_the_middle_keeps_one_notice(town: Town) -> None:
    names = valley(town, 12)
    lose(town, names[:8], over_seconds=20)
    town.restart_after(minutes=10)
    town.forward(minutes=10)
    assert len(town.notices("outage_began")) == 1
    town.restart_after(minutes=10)
    lose(town, names[8:], over_seconds=20)
    town.forward(minutes=10)
    assert len(town.notices("outage_began")) == 1
    assert len(town.outages()[0].people) == 12
