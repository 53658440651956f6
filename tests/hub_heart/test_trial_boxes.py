"""Another policy on what happened to the speakers: the repair lane, its delays, and the outages of districts."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import Fault, Outcome
from hub.policy import AreaSize, Policy
from hub.trial import BoxComparison, Trial, told, try_out
from hub.vocabulary import CaseOutcome, Lane
from tests.clock import office
from tests.hub_heart.town import EVENING, MONDAY, MORNING, Town
from tests.still import still


def watch(**changes: Any) -> Policy:
    """The town's policy that watches its lines otherwise."""
    policy = still()
    return msgspec.structs.replace(policy, watch=msgspec.structs.replace(policy.watch, **changes))


def trial(town: Town, other: Policy | None = None, days: int = 7) -> Trial:
    with town.store.read() as conn:
        return try_out(conn, town.policy, other or town.policy, town.clock.now(), days)


def boxes(town: Town, other: Policy | None = None, days: int = 7) -> BoxComparison:
    return trial(town, other, days).boxes


def takahashi_at_noon() -> Town:
    """One home whose morning is over."""
    town = Town()
    town.home("takahashi")
    town.until(f"{MONDAY} 12:10")
    return town


def lost_for(town: Town, name: str, minutes: float) -> None:
    town.lost(name, town.device(name).session)
    town.forward(minutes=minutes)
    town.online(name, f"back-{town.clock.now().isoformat()}")


def test_under_the_same_policy_the_repair_lane_is_what_it_was() -> None:
    town = takahashi_at_noon()
    lost_for(town, "takahashi", 600)
    town.forward(minutes=10)
    found = boxes(town)
    assert found.present == found.other
    assert (found.present.cases, found.present.calls) == (1, 2), "the line is phoned about, then looked at"
    assert (found.real, found.delayed_count, found.earlier_count) == (1, 0, 0)
    assert trial(town).present.cases == 0, "a box is no person"


def test_a_hub_that_waits_longer_for_a_line_says_what_it_would_not_have_told() -> None:
    town = takahashi_at_noon()
    lost_for(town, "takahashi", 30)
    town.forward(hours=1)
    lost_for(town, "takahashi", 120)
    town.forward(hours=1)
    found = boxes(town, watch(device_lost_after=timedelta(hours=1)))
    assert (found.present.cases, found.other.cases) == (2, 1)
    assert (found.delayed_count, found.never_count) == (2, 1)
    assert [one.later_s for one in found.delayed] == [None, 57 * 60]
    said = told(trial(town, watch(device_lost_after=timedelta(hours=1))))
    assert "出ない(先に戻った)" in said
    assert "57分遅れ" in said


def test_a_hub_that_waits_less_tells_earlier_and_more_often() -> None:
    town = takahashi_at_noon()
    lost_for(town, "takahashi", 2)
    town.forward(hours=1)
    lost_for(town, "takahashi", 10)
    town.forward(hours=1)
    found = boxes(town, watch(device_lost_after=timedelta(minutes=1)))
    assert (found.present.cases, found.other.cases) == (1, 2)
    assert (found.earlier_count, found.delayed_count) == (1, 0)


def test_a_line_that_does_not_hold_is_one_case() -> None:
    town = takahashi_at_noon()
    lost_for(town, "takahashi", 30)
    town.forward(minutes=1)
    lost_for(town, "takahashi", 30)
    town.forward(hours=1)
    found = boxes(town, watch(device_settle=timedelta(seconds=30)))
    assert (found.present.cases, found.other.cases) == (1, 2)


def test_an_outage_of_a_district_is_one_outage_and_no_cases() -> None:
    town = Town()
    names = [f"home{number}" for number in range(6)]
    for name in names:
        town.home(name)
    town.until(f"{MONDAY} 12:10")
    for name in names:
        town.lost(name)
    town.forward(minutes=30)
    for name in names:
        town.online(name, "s2")
    town.forward(hours=1)
    policy = town.policy
    deaf = msgspec.structs.replace(policy.outage, sizes=[AreaSize(devices=100, lost=100)])
    found = boxes(town, msgspec.structs.replace(policy, outage=deaf))
    assert (found.present_outages, found.present.cases) == (1, 0)
    assert (found.other_outages, found.other.cases) == (0, 6)
    assert "地区の停電・障害" in told(trial(town))


def test_whoever_an_outage_leaves_behind_stands_alone() -> None:
    town = Town()
    names = [f"home{number}" for number in range(10)]
    for name in names:
        town.home(name)
    town.until(f"{MONDAY} 12:10")
    for name in names:
        town.lost(name)
    town.forward(minutes=30)
    for name in names[1:]:
        town.online(name, "s2")
    town.forward(hours=1)
    assert town.case("home0", Lane.device) is not None
    found = boxes(town)
    assert (found.present_outages, found.present.cases, found.real) == (1, 1, 1)
    assert (found.delayed_count, found.earlier_count) == (0, 0)


def test_a_question_that_no_speaker_asked_comes_at_its_deadline() -> None:
    town = Town()
    town.home("takahashi")
    town.until("2026-11-23 18:00")
    town.asked("takahashi", EVENING, Outcome.not_played)
    town.until("2026-11-23 23:00")
    found = boxes(town, watch(deadline_grace=timedelta(minutes=25)))
    assert (found.present.cases, found.other.cases, found.real) == (1, 1, 1)
    assert [one.later_s for one in found.delayed] == [20 * 60]


def test_a_broken_part_comes_when_it_breaks_whatever_the_policy() -> None:
    town = Town()
    town.home("takahashi")
    town.until(f"{MONDAY} 14:00")
    town.send("takahashi", Fault(part="microphone", state="broken"))
    town.forward(hours=2)
    town.send("takahashi", Fault(part="microphone", state="mended"))
    town.forward(hours=1)
    found = boxes(town, watch(device_lost_after=timedelta(hours=9), deadline_grace=timedelta(minutes=25)))
    assert found.present == found.other
    assert (found.present.cases, found.present.calls, found.delayed_count) == (1, 1, 0)


def test_what_staff_wrote_down_about_a_box_counts_as_it_happened() -> None:
    """森 takes it at 12:20 and closes it, though the line is down; the next question brings it up again."""
    town = takahashi_at_noon()
    town.lost("takahashi")
    town.until(f"{MONDAY} 12:20")
    case = town.case("takahashi", Lane.device).id
    with town.desk() as desk:
        desk.take(case)
        desk.close(case, CaseOutcome.other)
    town.until(f"{MONDAY} 20:00")
    real = [one for one in town.cases() if one.lane == Lane.device]
    found = boxes(town)
    assert (len(real), found.present.cases, found.real) == (2, 2, 2)
    assert found.delayed_count == found.earlier_count == 0


def test_a_slower_ladder_of_boxes_costs_fewer_steps() -> None:
    town = takahashi_at_noon()
    lost_for(town, "takahashi", 600)
    town.until(f"{MONDAY} 23:00")
    policy = town.policy
    slow = [msgspec.structs.replace(step, wait=timedelta(days=2)) for step in policy.ladders["line"]]
    found = boxes(town, msgspec.structs.replace(policy, ladders=policy.ladders | {"line": slow}))
    assert (found.present.calls, found.other.calls) == (2, 1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "d", "e", "f"]),
            st.integers(1, 90),
            st.integers(1, 90),
        ),
        max_size=12,
    )
)
def test_however_lines_come_and_go_the_same_policy_tells_what_the_hub_told(
    course: list[tuple[str, int, int]],
) -> None:
    """Losses at random in a district of six, some of them outages; nobody asks the questions of the evening."""
    town = Town()
    for name in "abcdef":
        town.home(name)
    town.until(f"{MONDAY} 12:10")
    start = town.clock.now()
    moves: dict[tuple[float, str], str] = {}
    free = dict.fromkeys("abcdef", 0)
    for name, wait, length in course:
        lost_at = free[name] + wait
        free[name] = lost_at + length
        # Never at the very second of a deadline: what counts first there is nobody's promise.
        moves[lost_at * 60.0 + 7, name] = "lost"
        moves[free[name] * 60.0 + 20, name] = "back"
    for (after, name), what in sorted(moves.items()):
        town.until(start + timedelta(seconds=after))
        if what == "lost":
            town.lost(name, town.device(name).session)
        else:
            town.online(name, f"s-{after}")
    town.until(max(town.clock.now(), office(f"{MONDAY} 23:00")))
    real = [one for one in town.cases() if one.lane == Lane.device]
    outages = town.notices("outage_began")
    found = boxes(town)
    assert found.present.cases == found.real == len(real)
    assert found.present_outages == len(outages)
    assert (found.delayed_count, found.earlier_count) == (0, 0)


def test_an_evening_whose_line_went_just_before_its_deadline_is_told_at_the_deadline() -> None:
    town = Town()
    town.home("takahashi")
    town.until("2026-11-24 08:34")
    town.lost("takahashi")
    town.until("2026-11-24 12:00")
    assert town.slot("takahashi", MORNING).why == "device_unreachable"
    found = boxes(town)
    assert (found.present.cases, found.real, found.delayed_count, found.earlier_count) == (1, 1, 0, 0)
