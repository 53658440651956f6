"""The line of a speaker is the speaker's: lost, back again, switched off, broken, mended."""

from contract.events import Activity, Fault, SelfTest
from hub.vocabulary import DeviceState, Lane, ReasonCode
from tests.clock import office
from tests.hub_heart.town import EVENING, MONDAY, Town


def home(town: Town) -> str:
    town.home("takahashi", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 14:00")
    return "takahashi"


def reasons(town: Town) -> list[str]:
    return [reason.words for reason in town.reasons("takahashi", Lane.device)]


def test_a_lost_line_is_a_fact_only_after_a_while(town: Town) -> None:
    name = home(town)
    town.lost(name)
    assert town.device(name).presence == DeviceState.late
    assert town.cases() == []
    town.forward(minutes=3)
    assert town.device(name).presence == DeviceState.offline
    assert reasons(town) == ["通信途絶(11/23 14:00 から)"]
    case = town.case(name, Lane.device)
    assert (case.severity, case.step) == ("device_unreachable", "check_line")
    assert town.case(name) is None


def test_a_line_that_comes_back_in_time_was_never_lost(town: Town) -> None:
    name = home(town)
    town.lost(name)
    town.forward(minutes=2)
    town.online(name, "s2")
    town.forward(minutes=10)
    assert town.device(name).presence == DeviceState.online
    assert town.cases() == []


def test_a_line_that_holds_settles_what_its_loss_caused(town: Town) -> None:
    name = home(town)
    town.lost(name)
    town.forward(minutes=30)
    town.online(name, "s2")
    assert reasons(town) != []
    town.forward(minutes=2)
    assert town.case(name, Lane.device) is None
    assert town.cases()[0].outcome == "settled_by_return"
    [reason] = town.reasons(name, Lane.device, all_of_them=True)
    assert reason.resolved_why == "通信が戻りました(11/23 14:30)"


def test_a_line_that_does_not_hold_stays_in_the_lane_as_one_reason(town: Town) -> None:
    name = home(town)
    town.lost(name)
    town.forward(minutes=30)
    town.online(name, "s2")
    town.forward(minutes=1)
    town.lost(name, "s2")
    town.forward(minutes=30)
    assert reasons(town) == ["通信途絶(11/23 14:00 から)"]


def test_the_will_of_an_older_session_says_nothing_about_a_newer_one(town: Town) -> None:
    name = home(town)
    town.online(name, "s2")
    town.lost(name, "s1")
    town.forward(minutes=10)
    assert town.device(name).presence == DeviceState.online
    assert town.cases() == []


def test_a_will_told_twice_is_one_loss(town: Town) -> None:
    name = home(town)
    town.lost(name)
    town.forward(minutes=2)
    town.lost(name)
    town.forward(minutes=1)
    assert town.device(name).presence == DeviceState.offline
    assert town.device(name).presence_at == office(f"{MONDAY} 14:00")


def test_switched_off_on_purpose_has_its_own_words(town: Town) -> None:
    name = home(town)
    town.goodbye(name)
    town.forward(minutes=3)
    assert reasons(town) == ["電源が切られています(11/23 14:00 から)"]


def test_a_restart_within_the_time_is_no_case(town: Town) -> None:
    name = home(town)
    town.goodbye(name)
    town.forward(minutes=1)
    town.online(name, "s2")
    town.forward(minutes=10)
    assert town.cases() == []


def test_an_event_that_was_under_way_when_the_line_was_lost_does_not_bring_it_back(town: Town) -> None:
    name = home(town)
    town.lost(name, "s1")
    town.send(name, Activity(source="motion"), session="s1")
    town.forward(minutes=3)
    assert town.device(name).presence == DeviceState.offline


def test_an_event_of_a_new_session_brings_the_line_back(town: Town) -> None:
    name = home(town)
    town.lost(name, "s1")
    town.forward(minutes=30)
    town.send(name, Activity(source="motion"), session="s2")
    town.forward(minutes=2)
    assert town.device(name).presence == DeviceState.online
    assert town.cases()[0].outcome == "settled_by_return"


def test_the_first_word_of_a_speaker_ends_its_never_having_been_installed(town: Town) -> None:
    town.home("takahashi", online=False)
    town.until(f"{MONDAY} 19:00")
    assert reasons(town) == ["スピーカーから一度も通信がない(11/23 夕)"]
    town.online("takahashi")
    town.forward(minutes=2)
    assert town.case("takahashi", Lane.device) is None


def test_a_case_somebody_has_in_hand_waits_to_be_closed_when_the_line_is_back(town: Town) -> None:
    name = home(town)
    town.lost(name)
    town.forward(minutes=10)
    case_id = town.case(name, Lane.device).id
    with town.desk() as desk:
        desk.take(case_id)
    town.online(name, "s2")
    town.forward(minutes=2)
    assert town.case(name, Lane.device).step == "confirm_and_close"


def test_a_broken_part_is_the_boxs_case_until_it_is_mended(town: Town) -> None:
    name = home(town)
    town.send(name, Fault(part="disk", state="broken"))
    assert town.device(name).fault == "disk"
    assert reasons(town) == ["記憶装置の不具合(11/23 14:00)"]
    assert [reason.code for reason in town.reasons(name, Lane.device)] == [ReasonCode.device_fault]
    town.send(name, Fault(part="disk", state="mended"))
    assert town.device(name).fault is None
    assert town.case(name, Lane.device) is None


def test_two_broken_parts_are_two_reasons_and_mended_apart(town: Town) -> None:
    name = home(town)
    town.send(name, Fault(part="disk", state="broken"))
    town.send(name, Fault(part="microphone", state="broken"))
    town.send(name, Fault(part="microphone", state="broken"))
    assert len(reasons(town)) == 2
    town.send(name, Fault(part="microphone", state="mended"))
    assert town.device(name).fault == "disk"
    assert reasons(town) == ["記憶装置の不具合(11/23 14:00)"]


def test_a_part_that_breaks_again_is_a_reason_again(town: Town) -> None:
    name = home(town)
    for state in ("broken", "mended", "broken"):
        town.send(name, Fault(part="clock", state=state))
    assert reasons(town) == ["時計の不具合(11/23 14:00)"]


def test_a_failed_selftest_is_the_boxs_case(town: Town) -> None:
    name = home(town)
    town.send(name, SelfTest(passed=False))
    assert reasons(town) == ["自己点検の不具合(11/23 14:00)"]
    town.send(name, SelfTest(passed=True))
    assert town.case(name, Lane.device) is None


def test_a_microphone_known_to_be_broken_explains_a_silent_evening(town: Town) -> None:
    name = home(town)
    town.send(name, Fault(part="microphone", state="broken"))
    town.until(f"{MONDAY} 18:36")
    assert town.slot(name, EVENING).why == ReasonCode.mic_fault


def test_a_mute_switch_moved_back_settles_what_it_caused(town: Town) -> None:
    name = home(town)
    town.online(name, muted=True)
    town.until(f"{MONDAY} 18:36")
    assert [reason.code for reason in town.reasons(name, Lane.device)] == [ReasonCode.muted]
    town.online(name, muted=False)
    assert town.case(name, Lane.device) is None


def test_a_box_in_the_store_room_may_come_and_go(town: Town) -> None:
    home(town)
    with town.store.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE device SET resident_id = NULL")
    town.lost("takahashi")
    town.forward(minutes=5)
    assert town.device("takahashi").presence == DeviceState.offline
    town.online("takahashi", "s2")
    town.forward(minutes=5)
    assert town.cases() == []
    assert [row.kind for row in town.due() if row.kind.startswith("device")] == []
