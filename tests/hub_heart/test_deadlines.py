"""At the deadline a slot ends in exactly one of answered, missed, cannot_tell; what cannot be told is the box's."""

import pytest

from contract.events import Intent, Outcome
from hub.vocabulary import Lane, ReasonCode, SlotState
from tests.hub_heart.town import EVENING, MONDAY, MORNING, TUESDAY, Town

DEADLINE = f"{MONDAY} 18:35"

BOTH_STORES = True


def test_a_home_that_never_said_anything_is_not_installed_and_nobody_is_called_silent(town: Town) -> None:
    town.home("takahashi", online=False)
    town.until(DEADLINE)
    slot = town.slot("takahashi", EVENING)
    assert (slot.state, slot.why) == (SlotState.cannot_tell, ReasonCode.not_installed)
    assert town.case("takahashi") is None
    assert [reason.code for reason in town.reasons("takahashi", Lane.device)] == [ReasonCode.not_installed]
    assert town.slot("takahashi", MORNING).state == SlotState.waiting


def test_a_home_without_a_line_is_unreachable_and_not_silent(town: Town) -> None:
    town.home("takahashi")
    town.until(f"{MONDAY} 17:00")
    town.lost("takahashi")
    town.until(DEADLINE)
    slot = town.slot("takahashi", EVENING)
    assert (slot.state, slot.why) == (SlotState.cannot_tell, ReasonCode.device_unreachable)
    assert town.case("takahashi") is None
    assert [reason.code for reason in town.reasons("takahashi", Lane.device)] == [
        ReasonCode.device_unreachable
    ]


def test_a_line_lost_a_moment_before_the_deadline_is_unreachable_too(town: Town) -> None:
    town.home("takahashi")
    town.until(f"{MONDAY} 18:34:30")
    town.lost("takahashi")
    town.until(DEADLINE)
    assert town.slot("takahashi", EVENING).why == ReasonCode.device_unreachable


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Outcome.muted, ReasonCode.muted),
        (Outcome.mic_fault, ReasonCode.mic_fault),
        (Outcome.not_played, ReasonCode.not_played),
    ],
)
def test_a_question_that_could_not_be_answered_is_no_silence(
    town: Town, outcome: Outcome, why: ReasonCode
) -> None:
    town.home("takahashi")
    for attempts in (1, 2, 3):
        town.until(f"{MONDAY} 18:{(attempts - 1) * 15:02}")
        town.asked("takahashi", EVENING, outcome, attempts)
    town.until(DEADLINE)
    slot = town.slot("takahashi", EVENING)
    assert (slot.state, slot.why, slot.attempts) == (SlotState.cannot_tell, why, 3)
    assert town.case("takahashi") is None
    assert [reason.code for reason in town.reasons("takahashi", Lane.device)] == [why]


def test_nothing_heard_from_a_speaker_that_is_online_was_not_played(town: Town) -> None:
    town.home("takahashi")
    town.until(DEADLINE)
    assert town.slot("takahashi", EVENING).why == ReasonCode.not_played
    assert town.case("takahashi", Lane.device).severity == "device_unreachable"


def test_nothing_heard_from_a_muted_speaker_is_muted(town: Town) -> None:
    town.home("takahashi")
    town.online("takahashi", muted=True)
    town.until(DEADLINE)
    assert town.slot("takahashi", EVENING).why == ReasonCode.muted


@pytest.mark.parametrize("outcome", [Outcome.no_sound, Outcome.no_words, Outcome.not_understood])
def test_asked_and_silent_is_missed(town: Town, outcome: Outcome) -> None:
    town.home("suzuki")
    town.until(f"{MONDAY} 18:00:20")
    town.asked("suzuki", EVENING, outcome)
    assert town.slot("suzuki", EVENING).state == SlotState.waiting
    town.until(f"{MONDAY} 18:34:59")
    assert town.slot("suzuki", EVENING).state == SlotState.waiting
    town.until(DEADLINE)
    slot = town.slot("suzuki", EVENING)
    assert (slot.state, slot.why, slot.asked) == (SlotState.missed, None, True)
    assert town.case("suzuki", Lane.device) is None


def test_one_asking_that_played_is_enough_to_have_been_asked(town: Town) -> None:
    town.home("suzuki")
    town.until(f"{MONDAY} 18:11")
    town.asked("suzuki", EVENING, Outcome.no_sound, 1)
    town.asked("suzuki", EVENING, Outcome.muted, 2)
    town.until(DEADLINE)
    assert town.slot("suzuki", EVENING).state == SlotState.missed


def test_askings_that_arrive_out_of_order_keep_the_last_ones_outcome(town: Town) -> None:
    town.home("suzuki")
    town.until(f"{MONDAY} 18:31")
    town.asked("suzuki", EVENING, Outcome.muted, 3)
    town.asked("suzuki", EVENING, Outcome.not_played, 1)
    slot = town.slot("suzuki", EVENING)
    assert (slot.attempts, slot.last_outcome) == (3, Outcome.muted)


def test_a_line_lost_between_the_askings_may_hold_the_answer_back(town: Town) -> None:
    town.home("takahashi")
    town.until(f"{MONDAY} 18:00:30")
    town.asked("takahashi", EVENING, attempts=1)
    town.until(f"{MONDAY} 18:05")
    town.lost("takahashi")
    town.until(DEADLINE)
    slot = town.slot("takahashi", EVENING)
    assert (slot.state, slot.why) == (SlotState.cannot_tell, ReasonCode.device_unreachable)


def test_asked_as_often_as_agreed_is_a_silence_even_if_the_line_goes_afterwards(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.forward(minutes=1)
    town.lost("suzuki")
    town.until(DEADLINE)
    assert town.slot("suzuki", EVENING).state == SlotState.missed


def test_a_speaker_back_a_moment_ago_first_tells_what_it_stored(town: Town) -> None:
    town.home("takahashi", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 18:00:30")
    town.asked("takahashi", EVENING, attempts=1)
    town.lost("takahashi")
    town.until(f"{MONDAY} 18:34:30")
    town.online("takahashi", "s2")
    town.until(DEADLINE)
    assert town.slot("takahashi", EVENING).state == SlotState.waiting
    town.forward(seconds=20)
    town.answers("takahashi", EVENING, late=True)
    assert town.slot("takahashi", EVENING).state == SlotState.answered
    assert town.reasons("takahashi", all_of_them=True) == []


def test_a_speaker_that_comes_and_goes_cannot_keep_a_slot_open(town: Town) -> None:
    town.home("takahashi", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 18:30")
    for number in range(1, 20):
        town.lost("takahashi", f"s{number}")
        town.forward(seconds=10)
        town.online("takahashi", f"s{number + 1}")
        town.forward(seconds=40)
    assert town.slot("takahashi", EVENING).state == SlotState.cannot_tell


@pytest.mark.parametrize(
    "intent", [Intent.fine, Intent.as_usual, Intent.declined, Intent.going_out, Intent.repeat]
)
def test_an_answer_closes_the_slot_and_opens_no_case(town: Town, intent: Intent) -> None:
    town.home("sato")
    town.until(f"{MONDAY} 18:10:10")
    event_id = town.answers("sato", EVENING, intent)
    slot = town.slot("sato", EVENING)
    assert (slot.state, slot.intent, slot.event_id) == (SlotState.answered, intent, event_id)
    assert slot.closed_at == town.clock.now()
    town.until(f"{TUESDAY} 07:00")
    assert town.cases() == []


def test_somebody_going_out_is_seen_in_the_history(town: Town) -> None:
    town.home("sato")
    town.until(f"{MONDAY} 18:00:20")
    town.answers("sato", EVENING, Intent.going_out)
    assert town.history("slot", f"sato/{EVENING}")[-1].why == "出かけるとの応答"


def test_television_is_not_an_answer(town: Town) -> None:
    town.home("suzuki")
    town.until(f"{MONDAY} 18:00:20")
    town.answers("suzuki", EVENING, Intent.unrelated)
    assert town.slot("suzuki", EVENING).state == SlotState.waiting
    town.until(DEADLINE)
    assert town.slot("suzuki", EVENING).state == SlotState.missed


def test_every_ending_is_one_transition_with_its_reason(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.until(DEADLINE)
    rows = town.history("slot", f"suzuki/{EVENING}")
    assert [(row.old, row.new, row.why, row.actor) for row in rows] == [
        ("waiting", "missed", "応答なし", "hub")
    ]


def test_the_same_box_silent_at_every_question_is_one_reason(town: Town) -> None:
    town.home("takahashi", online=False)
    town.until("2026-11-27 12:00")
    assert len(town.reasons("takahashi", Lane.device, all_of_them=True)) == 1
    assert len([case for case in town.cases() if case.lane == Lane.device]) == 1


def test_a_question_that_plays_again_ends_the_boxs_case(town: Town) -> None:
    town.home("takahashi")
    town.asked("takahashi", EVENING, Outcome.not_played)
    town.until(f"{TUESDAY} 08:00:20")
    assert town.case("takahashi", Lane.device) is not None
    town.asked("takahashi", MORNING, Outcome.no_sound)
    assert town.case("takahashi", Lane.device) is None
    assert town.cases()[0].outcome == "settled_by_return"
