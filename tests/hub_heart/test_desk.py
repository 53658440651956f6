"""What a person on duty does with a case, and what cannot be done."""

from collections.abc import Callable

import pytest

from contract.events import Intent, Sos, TalkRequest
from contract.refusal import Refused
from hub.vocabulary import CaseOutcome, DueKind, Lane, Severity, SlotState
from tests.clock import office
from tests.hub_heart.test_silence import NIGHT, missed_twice
from tests.hub_heart.town import MORNING, TUESDAY, WEDNESDAY, Town


@pytest.fixture
def case_id(town: Town) -> str:
    missed_twice(town)
    return str(town.case("suzuki").id)


def why(town: Town, case_id: str) -> list[tuple[str, str]]:
    return [(row.actor, row.why) for row in town.history("case", case_id)]


def test_taking_a_case_stops_the_climb(town: Town, case_id: str) -> None:
    town.forward(minutes=5)
    with town.desk() as desk:
        desk.take(case_id)
    case = town.case("suzuki")
    assert (case.owner, case.state) == ("csw-mori", "phoning")
    assert case.acknowledged_until == office(f"{TUESDAY} 09:40")
    town.until(f"{TUESDAY} 09:39")
    assert town.case("suzuki").step == "phone_resident"
    assert ("csw-mori", "引き受けました") in why(town, case_id)


def test_taking_a_case_expires_and_the_owner_stays(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
    town.until(f"{TUESDAY} 09:35")
    case = town.case("suzuki")
    assert (case.step, case.owner, case.acknowledged_until) == ("phone_resident_again", "csw-mori", None)
    assert ("hub", "csw-mori が引き受けたまま記録がないため、先へ進めます") in why(town, case_id)
    town.until(f"{TUESDAY} 09:50")
    assert town.case("suzuki").step == "family"


def test_writing_something_down_renews_it(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
    town.forward(minutes=50)
    with town.desk() as desk:
        desk.note(case_id, "娘さんに折り返しを頼んだ")
    town.until(f"{TUESDAY} 10:24")
    assert town.case("suzuki").step == "phone_resident"
    assert ("csw-mori", "娘さんに折り返しを頼んだ") in why(town, case_id)


def test_something_graver_does_not_wait_for_the_owner(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
    town.send("suzuki", Sos(trigger="button"))
    case = town.case("suzuki")
    assert (case.severity, case.owner, case.acknowledged_until) == (Severity.emergency, "csw-mori", None)
    town.forward(minutes=3)
    assert town.case("suzuki").step == "family_now"


def test_nobody_takes_a_case_out_of_anothers_hands(town: Town, case_id: str) -> None:
    with town.desk("csw-mori") as desk:
        desk.take(case_id)
    with town.desk("csw-hara") as desk:
        for do in (desk.take, desk.give_back, lambda one: desk.note(one, "電話した")):
            with pytest.raises(Refused, match="この件は csw-mori さんが対応中です"):
                do(case_id)
        with pytest.raises(Refused, match="まず割り当てを変えてください"):
            desk.close(case_id, CaseOutcome.other)
    assert town.case("suzuki").owner == "csw-mori"


def test_a_case_is_assigned_to_somebody_else(town: Town, case_id: str) -> None:
    with town.desk("csw-mori") as desk:
        desk.take(case_id)
        desk.assign(case_id, "csw-hara")
    case = town.case("suzuki")
    assert (case.owner, case.state) == ("csw-hara", "phoning")
    assert ("csw-mori", "csw-hara さんに割り当てました") in why(town, case_id)


def test_a_case_that_has_come_to_the_visit_is_assigned_as_one(town: Town, case_id: str) -> None:
    town.until(f"{TUESDAY} 12:00")
    with town.desk() as desk:
        desk.assign(case_id, "worker-ota")
    assert town.case("suzuki").state == "visit_assigned"


def test_a_case_given_back_climbs_again(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
    town.forward(minutes=20)
    with town.desk() as desk:
        desk.give_back(case_id)
    case = town.case("suzuki")
    assert (case.owner, case.state) == (None, "new")
    town.forward(minutes=15)
    assert town.case("suzuki").step == "phone_resident_again"


def test_nobody_there_on_the_phone_is_the_next_step_now(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
        desk.phoned(case_id, reached=False, text="呼び出しのみ")
    case = town.case("suzuki")
    assert case.step == "phone_resident_again"
    assert case.acknowledged_until is not None
    assert ("csw-mori", "つながりませんでした: 呼び出しのみ") in why(town, case_id)


def test_reached_on_the_phone_ends_the_silence_and_asks_to_close(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
        desk.phoned(case_id, reached=True, text="畑にいた")
    case = town.case("suzuki")
    assert (case.step, case.severity) == ("confirm_and_close", Severity.needs_check)
    assert town.reasons("suzuki", all_of_them=True)[0].resolved_why == "電話で話せました"


def test_what_was_missed_before_the_call_does_not_count_again(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
        desk.phoned(case_id, reached=True)
        desk.close(case_id, CaseOutcome.reached_by_phone)
    town.silent("suzuki", NIGHT)
    town.until(f"{WEDNESDAY} 07:00")
    assert town.slot("suzuki", NIGHT).state == SlotState.missed
    assert town.case("suzuki") is None
    town.silent("suzuki", f"{WEDNESDAY}/morning")
    town.until(f"{WEDNESDAY} 08:36")
    assert town.reasons("suzuki")[0].words == "2回続けて応答なし(11/24 夕、11/25 朝)"


def test_a_question_that_was_open_during_the_call_does_not_count_either(town: Town) -> None:
    town.home("suzuki")
    town.send("suzuki", TalkRequest())
    case_id = town.case("suzuki").id
    town.silent("suzuki", "2026-11-23/evening")
    town.until(f"{TUESDAY} 08:00:20")
    town.asked("suzuki", MORNING)
    with town.desk() as desk:
        desk.take(case_id)
        desk.phoned(case_id, reached=True)
    town.until(f"{TUESDAY} 08:36")
    assert [reason.code for reason in town.reasons("suzuki")] == ["talk_request"]


def test_closing_ends_everything_that_would_still_fall_due(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.take(case_id)
        desk.close(case_id, CaseOutcome.met, "元気だった")
    [case] = [case for case in town.cases() if case.id == case_id]
    assert (case.state, case.outcome, case.closed_at) == ("done", "met", town.clock.now())
    assert [row.kind for row in town.due() if row.subject == case_id] == []
    assert town.reasons("suzuki", all_of_them=True)[0].resolved_why == "会えた: 元気だった"
    town.until(f"{TUESDAY} 17:59")
    assert town.case("suzuki") is None


def test_a_closed_case_is_closed(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.close(case_id, CaseOutcome.false_alarm)
        for sentence in (
            lambda: desk.take(case_id),
            lambda: desk.assign(case_id, "csw-hara"),
            lambda: desk.note(case_id, "x"),
            lambda: desk.phoned(case_id, reached=True),
            lambda: desk.close(case_id, CaseOutcome.other),
        ):
            refused(sentence)


def test_a_case_closed_without_having_been_taken_climbs_no_more(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.close(case_id, CaseOutcome.false_alarm)
    assert [row.kind for row in town.due() if row.subject == case_id] == []


def refused(do: Callable[[], None]) -> None:
    with pytest.raises(Refused, match="11/24 08:35 に閉じられています"):
        do()


def test_what_happens_after_closing_is_a_new_case(town: Town, case_id: str) -> None:
    with town.desk() as desk:
        desk.close(case_id, CaseOutcome.met)
    town.until(f"{TUESDAY} 18:00:20")
    town.answers("suzuki", NIGHT, Intent.pain)
    assert town.case("suzuki").id != case_id


def test_only_who_took_it_writes_it_up(town: Town, case_id: str) -> None:
    with town.desk() as desk, pytest.raises(Refused, match="まだ誰も引き受けていません"):
        desk.phoned(case_id, reached=True)


def test_the_hubs_own_endings_are_not_for_people(town: Town, case_id: str) -> None:
    with town.desk() as desk, pytest.raises(Refused, match="どう終わったかを選んでください"):
        desk.close(case_id, CaseOutcome.settled_by_late_answer)


def test_a_case_nobody_knows_is_refused(town: Town) -> None:
    with town.desk() as desk, pytest.raises(Refused, match="件が見つかりません"):
        desk.take("id-of-nothing")


def test_a_device_case_closed_by_a_person_says_nothing_about_the_resident(town: Town) -> None:
    town.home("takahashi")
    town.lost("takahashi")
    town.forward(minutes=5)
    case_id = town.case("takahashi", Lane.device).id
    with town.desk() as desk:
        desk.take(case_id)
        desk.close(case_id, CaseOutcome.device_mended)
    with town.store.read() as conn:
        assert conn.exec_driver_sql("SELECT settled_at FROM resident").scalar() is None
    assert [row.kind for row in town.due() if row.kind == DueKind.acknowledgement] == []
