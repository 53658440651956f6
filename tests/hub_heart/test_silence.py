"""How long somebody has been silent, and what ends it."""

from datetime import timedelta

from contract.events import Outcome
from hub import policy as policies
from hub.vocabulary import Lane, ReasonCode, Severity, SlotState
from tests.clock import office
from tests.hub_heart.town import EVENING, MONDAY, MORNING, TUESDAY, WEDNESDAY, Town

NIGHT = f"{TUESDAY}/evening"


def missed_twice(town: Town, name: str = "suzuki", **home: object) -> None:
    town.home(name, **home)  # type: ignore[arg-type]
    town.silent(name, EVENING)
    town.silent(name, MORNING)
    town.until(f"{TUESDAY} 08:35")


def test_one_missed_slot_is_no_case_yet_for_the_standard_class(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 07:59")
    assert town.slot("suzuki", EVENING).state == SlotState.missed
    assert town.cases() == []


def test_two_missed_slots_in_a_row_need_a_check_in_words_a_csw_understands(town: Town) -> None:
    missed_twice(town)
    case = town.case("suzuki")
    assert (case.severity, case.state, case.step) == (Severity.needs_check, "new", "phone_resident")
    [reason] = town.reasons("suzuki")
    assert reason.code == ReasonCode.missed
    assert reason.words == "2回続けて応答なし(11/23 夕、11/24 朝)"
    assert reason.at == office(f"{TUESDAY} 08:35")
    assert reason.since == office(f"{MONDAY} 18:00")


def test_in_the_demonstration_one_missed_slot_is_enough() -> None:
    town = Town(policy=policies.load_demo())
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.forward(minutes=2)
    assert town.reasons("suzuki")[0].words == "応答なし(11/23 夕)"


def test_slots_that_tell_nothing_neither_count_nor_break_the_row(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 08:00:20")
    town.asked("suzuki", MORNING, Outcome.muted)
    town.until(f"{TUESDAY} 17:59")
    assert town.case("suzuki") is None
    town.silent("suzuki", NIGHT)
    town.until(f"{TUESDAY} 18:36")
    assert town.reasons("suzuki")[0].words == "2回続けて応答なし(11/23 夕、11/24 夕)"


def test_an_answer_in_between_begins_the_row_anew(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 08:00:20")
    town.answers("suzuki", MORNING)
    town.silent("suzuki", NIGHT)
    town.until(f"{WEDNESDAY} 07:59")
    assert town.cases() == []


def test_a_silence_that_goes_on_is_one_reason_that_tells_how_far_it_has_come(town: Town) -> None:
    missed_twice(town)
    for slot in (NIGHT, f"{WEDNESDAY}/morning", f"{WEDNESDAY}/evening"):
        town.silent("suzuki", slot)
    town.until(f"{WEDNESDAY} 18:36")
    [reason] = town.reasons("suzuki", all_of_them=True)
    assert reason.words == "5回続けて応答なし(11/23 夕 から 11/25 夕 まで)"
    assert "3回続けて応答なし(11/23 夕、11/24 朝、11/24 夕)" in [
        row.why for row in town.history("case", town.case("suzuki").id)
    ]


def test_a_day_without_an_answer_needs_a_check_however_few_slots_there_were(town: Town) -> None:
    town.home("suzuki", slots={"evening": "18:00"})
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 17:59:59")
    assert town.case("suzuki") is None
    town.until(f"{TUESDAY} 18:00")
    assert town.reasons("suzuki")[0].words == "24時間応答なし(11/23 夕 から)"


def test_half_a_day_is_enough_for_the_high_class(town: Town) -> None:
    town.home("suzuki", slots={"evening": "18:00"}, risk_class="high")
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 06:00")
    assert town.reasons("suzuki")[0].words == "12時間応答なし(11/23 夕 から)"


def test_hours_are_only_counted_from_a_question_that_was_heard_to_play(town: Town) -> None:
    town.home("takahashi", risk_class="high")
    town.lost("takahashi")
    town.until(f"{WEDNESDAY} 12:00")
    assert town.case("takahashi") is None
    assert {slot.state for slot in town.slots("takahashi")} == {SlotState.cannot_tell, SlotState.waiting}


def test_a_late_answer_settles_the_slot_and_closes_what_it_caused(town: Town) -> None:
    missed_twice(town)
    town.until(f"{TUESDAY} 08:37")
    town.answers("suzuki", MORNING, at=office(f"{TUESDAY} 08:20"), late=True)
    slot = town.slot("suzuki", MORNING)
    assert slot.state == SlotState.answered
    assert [(row.old, row.new) for row in town.history("slot", f"suzuki/{MORNING}")] == [
        ("waiting", "missed"),
        ("missed", "answered"),
    ]
    assert town.case("suzuki") is None
    [case] = town.cases()
    assert (case.outcome, case.state) == ("settled_by_late_answer", "done")
    [reason] = town.reasons("suzuki", all_of_them=True)
    assert reason.resolved_why == "08:00 の声かけに応答"
    assert [row.kind for row in town.due() if row.subject == case.id] == []


def test_an_answer_to_a_later_slot_ends_the_silence_too(town: Town) -> None:
    missed_twice(town)
    town.until(f"{TUESDAY} 18:00:20")
    town.answers("suzuki", NIGHT)
    assert town.case("suzuki") is None
    assert town.reasons("suzuki", all_of_them=True)[0].resolved_why == "18:00 の声かけに応答"


def test_a_late_answer_to_the_first_of_two_leaves_only_one_missed(town: Town) -> None:
    missed_twice(town)
    town.answers("suzuki", EVENING, late=True)
    assert town.case("suzuki") is None
    assert town.slot("suzuki", MORNING).state == SlotState.missed
    assert town.reasons("suzuki", all_of_them=True)[0].resolved_why == "11/23 18:00 の声かけに応答"
    town.silent("suzuki", NIGHT)
    town.until(f"{TUESDAY} 18:36")
    assert town.reasons("suzuki")[0].words == "2回続けて応答なし(11/24 朝、11/24 夕)"


def test_a_late_answer_to_an_older_slot_does_not_end_a_silence_that_began_later(town: Town) -> None:
    town.home("suzuki", slots={"noon": "12:30", "evening": "18:00", "morning": "08:00"})
    for slot in (f"{MONDAY}/noon", EVENING, MORNING):
        town.silent("suzuki", slot)
    town.until(f"{TUESDAY} 08:36")
    town.answers("suzuki", f"{MONDAY}/noon", late=True)
    assert town.reasons("suzuki")[0].words == "2回続けて応答なし(11/23 夕、11/24 朝)"


def test_a_case_in_somebodys_hands_stays_and_says_what_is_left_to_do(town: Town) -> None:
    missed_twice(town)
    case_id = town.case("suzuki").id
    with town.desk() as desk:
        desk.take(case_id)
    town.answers("suzuki", MORNING, late=True)
    case = town.case("suzuki")
    assert (case.step, case.step_words, case.owner) == ("confirm_and_close", "確認して閉じる", "csw-mori")
    assert town.reasons("suzuki") == []
    town.forward(hours=5)
    assert town.case("suzuki").step == "confirm_and_close"


def test_a_flush_of_askings_nobody_answered_is_a_silence_after_all(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 07:30")
    town.lost("suzuki")
    town.until(f"{TUESDAY} 09:00")
    assert town.slot("suzuki", MORNING).state == SlotState.cannot_tell
    town.online("suzuki", "s2")
    for attempts in (1, 2, 3):
        town.asked("suzuki", MORNING, attempts=attempts, late=True)
    assert town.slot("suzuki", MORNING).state == SlotState.cannot_tell
    town.forward(minutes=2)
    assert town.slot("suzuki", MORNING).state == SlotState.missed
    assert town.reasons("suzuki")[0].words == "2回続けて応答なし(11/23 夕、11/24 朝)"


def test_a_flush_that_ends_in_an_answer_never_was_a_silence(town: Town) -> None:
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 07:30")
    town.lost("suzuki")
    town.until(f"{TUESDAY} 09:00")
    town.online("suzuki", "s2")
    town.asked("suzuki", MORNING, attempts=1, late=True)
    town.forward(seconds=10)
    town.answers("suzuki", MORNING, late=True)
    town.forward(hours=1)
    assert town.slot("suzuki", MORNING).state == SlotState.answered
    assert town.reasons("suzuki", all_of_them=True) == []


def test_two_silent_people_of_one_household_are_one_case_with_a_reason_each(town: Town) -> None:
    town.home("suzuki")
    town.home("suzuki2", household="h-suzuki")
    for name in ("suzuki", "suzuki2"):
        assert town.slot(name, EVENING)
    for slot, hour in ((EVENING, f"{MONDAY} 18"), (MORNING, f"{TUESDAY} 08")):
        for attempts, minute in ((1, "00"), (2, "10"), (3, "30")):
            town.until(f"{hour}:{minute}:20")
            for name in ("suzuki", "suzuki2"):
                town.asked(name, slot, attempts=attempts)
    town.until(f"{TUESDAY} 08:36")
    assert town.case("suzuki").id == town.case("suzuki2").id
    assert len(town.reasons("suzuki")) == len(town.reasons("suzuki2")) == 1
    town.answers("suzuki", MORNING, late=True)
    assert town.case("suzuki2") is not None
    assert town.reasons("suzuki") == []


def test_silence_and_line_of_one_household_are_two_cases(town: Town) -> None:
    missed_twice(town)
    town.lost("suzuki")
    town.forward(minutes=10)
    assert {case.lane for case in town.cases()} == {Lane.person, Lane.device}
    assert town.case("suzuki").severity == Severity.needs_check


def test_the_queue_knows_a_missed_slot_at_its_deadline_and_not_before(town: Town) -> None:
    town.home("suzuki", slots={"evening": "18:00", "morning": "08:00"})
    town.silent("suzuki", EVENING)
    town.silent("suzuki", MORNING)
    town.until(office(f"{TUESDAY} 08:35") - timedelta(seconds=1))
    assert town.case("suzuki") is None
    town.forward(seconds=1)
    assert town.case("suzuki").opened_at == office(f"{TUESDAY} 08:35")
