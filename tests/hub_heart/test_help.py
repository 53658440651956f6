"""Calls for help, what is taken back, and what else a resident may say."""

import pytest

from contract.events import Activity, CheckIn, Intent, Outcome, Recall, Sos, TalkRequest, TestPress
from hub.vocabulary import Lane, ReasonCode, Severity, SlotState
from tests.clock import office
from tests.hub_heart.town import EVENING, MONDAY, Town

BOTH_STORES = True


@pytest.fixture
def ito(town: Town) -> str:
    town.home("ito")
    town.until(f"{MONDAY} 18:00:20")
    return "ito"


def test_the_button_is_an_emergency_at_once(town: Town, ito: str) -> None:
    event_id = town.send(ito, Sos(trigger="button"))
    case = town.case(ito)
    assert (case.severity, case.step, case.lane) == (Severity.emergency, "call_back", Lane.person)
    [reason] = town.reasons(ito)
    assert (reason.code, reason.source, reason.words) == (
        ReasonCode.call_for_help,
        event_id,
        "緊急ボタン(11/23 18:00)",
    )


def test_a_cry_during_a_check_in_is_an_emergency_at_once_and_one_reason(town: Town, ito: str) -> None:
    town.send(ito, Sos(trigger="voice", slot=EVENING))
    town.answers(ito, EVENING, Intent.emergency)
    assert town.slot(ito, EVENING).state == SlotState.answered
    assert [reason.words for reason in town.reasons(ito)] == ["助けを求める声(11/23 18:00)"]


def test_the_cry_and_its_answer_are_one_reason_in_either_order(town: Town, ito: str) -> None:
    town.answers(ito, EVENING, Intent.emergency)
    town.send(ito, Sos(trigger="voice", slot=EVENING))
    assert len(town.reasons(ito)) == 1


def test_two_presses_are_two_reasons_of_one_case(town: Town, ito: str) -> None:
    town.send(ito, Sos(trigger="button"))
    town.forward(seconds=40)
    town.send(ito, Sos(trigger="button"))
    assert len(town.reasons(ito)) == 2
    assert len(town.cases()) == 1


def test_taking_it_back_drops_nothing_and_asks_for_a_confirming_call(town: Town, ito: str) -> None:
    event_id = town.send(ito, Sos(trigger="button"))
    town.forward(seconds=20)
    town.send(ito, Recall(event=event_id))
    case = town.case(ito)
    assert (case.severity, case.step) == (Severity.needs_check, "phone_resident")
    assert case.step_words == "本人に電話して無事を確かめる"
    assert [reason.words for reason in town.reasons(ito)] == ["緊急ボタン(11/23 18:00)(本人が取り消し)"]
    assert "emergency" in [row.old for row in town.history("case", case.id)]


@pytest.mark.parametrize("first", ["sos", "answer"])
def test_taking_back_either_event_of_one_cry_takes_back_the_cry(town: Town, ito: str, first: str) -> None:
    sos = town.send(ito, Sos(trigger="voice", slot=EVENING))
    answer = town.answers(ito, EVENING, Intent.emergency)
    town.send(ito, Recall(event=sos if first == "sos" else answer))
    assert town.case(ito).severity == Severity.needs_check


def test_crying_again_after_taking_it_back_is_an_emergency_again(town: Town, ito: str) -> None:
    first = town.send(ito, Sos(trigger="voice", slot=EVENING))
    town.send(ito, Recall(event=first))
    town.send(ito, Sos(trigger="voice", slot=EVENING))
    assert town.case(ito).severity == Severity.emergency
    assert len(town.reasons(ito)) == 2


def test_taking_one_of_two_presses_back_leaves_the_other_an_emergency(town: Town, ito: str) -> None:
    first = town.send(ito, Sos(trigger="button"))
    town.send(ito, Sos(trigger="button"))
    town.send(ito, Recall(event=first))
    assert town.case(ito).severity == Severity.emergency


def test_taking_back_what_never_arrived_is_written_down_and_does_not_hide_it(town: Town, ito: str) -> None:
    town.send(ito, Recall(event="event-that-comes-later"))
    assert [row.new for row in town.history("resident", ito)] == ["recall"]
    town.send(ito, Sos(trigger="button"), event_id="event-that-comes-later")
    assert town.case(ito).severity == Severity.emergency


def test_nobody_can_take_back_the_call_of_another_home(town: Town, ito: str) -> None:
    town.home("sato")
    event_id = town.send(ito, Sos(trigger="voice", slot=EVENING))
    town.send("sato", Sos(trigger="voice", slot=EVENING))
    town.send("sato", Recall(event=event_id))
    assert town.case(ito).severity == Severity.emergency
    assert town.case("sato").severity == Severity.emergency


def test_an_answer_does_not_end_an_emergency(town: Town, ito: str) -> None:
    town.send(ito, Sos(trigger="button"))
    town.answers(ito, EVENING, Intent.fine)
    assert town.case(ito).severity == Severity.emergency


def test_a_call_that_was_held_up_says_so(town: Town, ito: str) -> None:
    town.send(ito, Sos(trigger="button"), at=office(f"{MONDAY} 15:00"), late=True)
    assert town.reasons(ito)[0].words == "緊急ボタン(11/23 15:00、3時間後に届きました)"
    assert town.case(ito).severity == Severity.emergency


def test_a_call_for_help_during_an_absence_is_still_one(town: Town, ito: str) -> None:
    from hub import absence

    with town.store.engine.begin() as conn:
        now = town.clock.now()
        until = office("2026-11-30 10:00")
        absence.register(conn, ito, "hospital", now, until, "csw-mori", now, town.policy, town.ids)
    town.send(ito, Sos(trigger="button"))
    assert town.case(ito).severity == Severity.emergency


def test_an_emergency_climbs_within_minutes(town: Town, ito: str) -> None:
    town.send(ito, Sos(trigger="button"))
    opened = town.clock.now()
    town.forward(minutes=3)
    assert town.case(ito).step == "family_now"
    town.forward(minutes=5)
    case = town.case(ito)
    assert (case.step, case.severity) == ("visit_now", Severity.emergency)
    assert (case.due_at - opened).total_seconds() == 23 * 60


def test_a_test_press_is_no_case(town: Town, ito: str) -> None:
    town.send(ito, TestPress())
    assert town.cases() == []
    assert [row.new for row in town.history("resident", ito)] == ["test_press"]


def test_a_sign_of_life_is_no_case(town: Town, ito: str) -> None:
    town.send(ito, Activity(source="motion"))
    assert town.cases() == []
    assert town.device(ito).last_seen_at == town.clock.now()


def test_a_request_to_talk_needs_a_check(town: Town, ito: str) -> None:
    town.send(ito, TalkRequest())
    assert [(reason.code, reason.severity) for reason in town.reasons(ito)] == [
        (ReasonCode.talk_request, Severity.needs_check)
    ]


@pytest.mark.parametrize(
    ("intent", "code", "words"),
    [
        (Intent.unwell, ReasonCode.negative_response, "体調が悪いとの応答(11/23 夕)"),
        (Intent.pain, ReasonCode.negative_response, "痛みがあるとの応答(11/23 夕)"),
        (Intent.wants_talk, ReasonCode.talk_request, "話がしたい・来てほしいとの応答(11/23 夕)"),
    ],
)
def test_an_answer_that_something_is_wrong_needs_a_check(
    town: Town, ito: str, intent: Intent, code: ReasonCode, words: str
) -> None:
    town.answers(ito, EVENING, intent)
    assert town.slot(ito, EVENING).state == SlotState.answered
    assert [(reason.code, reason.words, reason.severity) for reason in town.reasons(ito)] == [
        (code, words, Severity.needs_check)
    ]


def test_a_later_good_answer_does_not_wipe_out_a_bad_one(town: Town, ito: str) -> None:
    town.answers(ito, EVENING, Intent.pain)
    town.until("2026-11-24 08:00:20")
    town.answers(ito, "2026-11-24/morning", Intent.fine)
    assert [reason.code for reason in town.reasons(ito)] == [ReasonCode.negative_response]


def test_a_box_without_a_resident_is_written_down_and_opens_no_case(town: Town) -> None:
    town.home("ito")
    with town.store.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE device SET resident_id = NULL")
    town.send("ito", Sos(trigger="button"))
    assert town.cases() == []
    assert [row.new for row in town.history("device", "d-ito")][-1] == "sos"


def test_an_emergency_word_with_a_wrong_clock_is_still_an_emergency(town: Town, ito: str) -> None:
    told = CheckIn(slot=EVENING, outcome=Outcome.answered, intent=Intent.emergency)
    town.send(ito, told, at=office("2031-01-01 00:00"))
    assert town.reasons(ito)[0].words == "助けを求める声(11/23 18:00)"


def test_an_event_of_a_box_nobody_registered_changes_nothing(town: Town, ito: str) -> None:
    with town.store.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM device")
    town.send(ito, Sos(trigger="button"))
    town.lost(ito)
    assert town.cases() == []
