"""A hub that was blind says nothing about people until they had time to be heard (P6)."""

from datetime import timedelta

from contract.events import Sos
from hub import due, pulse
from hub.vocabulary import DueKind, Severity, SlotState
from tests.clock import office
from tests.hub_heart.test_silence import missed_twice
from tests.hub_heart.town import EVENING, MONDAY, MORNING, TUESDAY, Town


def asked_once_then_down(town: Town, name: str = "suzuki") -> None:
    """Missed the evening, asked in the morning; then the hub stops before the deadline."""
    town.home(name)
    town.silent(name, EVENING)
    town.until(f"{TUESDAY} 08:00:20")
    town.asked(name, MORNING)


def test_deadlines_that_passed_while_the_hub_was_down_wait_for_the_settle_window(town: Town) -> None:
    asked_once_then_down(town)
    town.restart_after(hours=1)
    assert town.slot("suzuki", MORNING).state == SlotState.waiting
    assert town.cases() == []
    assert [row.at for row in town.due() if row.subject == f"suzuki/{MORNING}"] == [
        town.clock.now() + town.policy.watch.settle_after_start
    ]


def test_an_answer_in_the_settle_window_is_no_false_notice(town: Town) -> None:
    asked_once_then_down(town)
    town.restart_after(hours=1)
    town.forward(minutes=2)
    town.answers("suzuki", MORNING, at=office(f"{TUESDAY} 08:10"), late=True)
    town.forward(hours=2)
    assert town.slot("suzuki", MORNING).state == SlotState.answered
    assert town.reasons("suzuki", all_of_them=True) == []


def test_who_stays_silent_is_called_so_after_the_window(town: Town) -> None:
    asked_once_then_down(town)
    town.restart_after(hours=1)
    town.forward(minutes=5)
    assert town.slot("suzuki", MORNING).state == SlotState.missed
    assert town.case("suzuki").opened_at == office(f"{TUESDAY} 09:05:20")


def test_a_deadline_right_after_the_restart_waits_too(town: Town) -> None:
    asked_once_then_down(town)
    town.restart_after(minutes=34)
    town.until(f"{TUESDAY} 08:36")
    assert town.slot("suzuki", MORNING).state == SlotState.waiting


def test_a_quick_restart_is_no_blindness(town: Town) -> None:
    asked_once_then_down(town)
    town.until(f"{TUESDAY} 08:34:30")
    town.sweeper.sweep(town.clock.now())
    town.restart_after(seconds=40)
    assert town.slot("suzuki", MORNING).state == SlotState.missed


def test_the_very_first_start_of_a_hub_was_not_blind(town: Town) -> None:
    town.home("suzuki", slots={"evening": "18:00"}, online=False)
    town.clock.travel(office(f"{MONDAY} 18:40"))
    town.sweep()
    assert town.slot("suzuki", EVENING).state == SlotState.cannot_tell


def test_a_machine_that_was_suspended_was_blind(town: Town) -> None:
    asked_once_then_down(town)
    town.sweep()
    town.clock.travel(office(f"{TUESDAY} 10:00"))
    town.sweep()
    assert town.slot("suzuki", MORNING).state == SlotState.waiting
    town.forward(minutes=5)
    assert town.slot("suzuki", MORNING).state == SlotState.missed


def test_nobody_climbs_a_ladder_because_the_hub_slept(town: Town) -> None:
    missed_twice(town)
    assert town.case("suzuki").step == "phone_resident"
    town.restart_after(hours=2)
    assert town.case("suzuki").step == "phone_resident"
    town.answers("suzuki", MORNING, late=True)
    town.forward(hours=1)
    assert town.case("suzuki") is None


def test_an_emergency_climbs_on_at_once_after_a_restart(town: Town) -> None:
    town.home("ito")
    town.send("ito", Sos(trigger="button"))
    town.sweep()
    town.restart_after(hours=1)
    case = town.case("ito")
    assert (case.severity, case.step) == (Severity.emergency, "family_now")


def test_a_hub_without_its_broker_calls_nobody_silent(town: Town) -> None:
    asked_once_then_down(town)
    with town.store.engine.begin() as conn:
        due.lose_sight(conn, town.clock.now())
    town.until(f"{TUESDAY} 12:00")
    assert town.slot("suzuki", MORNING).state == SlotState.waiting
    with town.store.engine.begin() as conn:
        due.regain_sight(conn, town.clock.now(), town.policy)
    town.until(f"{TUESDAY} 12:04:59")
    assert town.slot("suzuki", MORNING).state == SlotState.waiting
    town.until(f"{TUESDAY} 12:05")
    assert town.slot("suzuki", MORNING).state == SlotState.missed


def test_what_says_nothing_about_people_goes_on_while_the_hub_is_blind(town: Town) -> None:
    from hub import absence

    town.home("tanaka")
    now = town.clock.now()
    with town.store.engine.begin() as conn:
        until = now + timedelta(hours=1)
        absence.register(conn, "tanaka", "out", now, until, "csw-mori", now, town.policy, town.ids)
        due.lose_sight(conn, now)
    town.forward(hours=1)
    assert DueKind.absence_end not in [row.kind for row in town.due()]


def test_the_pulse_tells_when_the_last_sweep_was(town: Town) -> None:
    town.home("sato")
    town.sweep()
    town.forward(seconds=20)
    with town.store.read() as conn:
        assert pulse.last(conn, pulse.LAST_SWEEP) == town.clock.now()


def test_a_hub_down_for_two_days_still_ends_every_slot_once(town: Town) -> None:
    town.home("suzuki")
    town.restart_after(days=2)
    town.forward(hours=1)
    ended = [slot for slot in town.slots("suzuki") if slot.opens_at < town.clock.now() - timedelta(hours=1)]
    assert len(ended) == 4
    assert {slot.state for slot in ended} == {SlotState.cannot_tell}
    assert town.case("suzuki") is None


def test_two_hundred_homes_that_answered_while_the_hub_was_down_cause_no_notice(town: Town) -> None:
    names = [f"home{number}" for number in range(200)]
    for name in names:
        town.home(name, slots={"morning": "08:00"})
    town.until(f"{TUESDAY} 07:59")
    town.restart_after(minutes=40)
    for name in names:
        town.answers(name, MORNING, at=office(f"{TUESDAY} 08:01"), late=True)
    town.forward(hours=1)
    assert town.cases() == []
    assert all(town.slot(name, MORNING).state == SlotState.answered for name in names[:20])


def test_a_hub_that_stood_still_does_not_take_itself_for_hearing(town: Town) -> None:
    asked_once_then_down(town)
    with town.store.engine.begin() as conn:
        due.lose_sight(conn, town.clock.now())
    town.restart_after(hours=1)
    town.forward(hours=1)
    assert town.slot("suzuki", MORNING).state == SlotState.waiting
    with town.store.read() as conn:
        assert pulse.last(conn, pulse.BLIND_SINCE) == office(f"{TUESDAY} 08:00:20")
