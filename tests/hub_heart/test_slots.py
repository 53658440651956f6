"""The next slot of every schedule row always exists, with its deadline."""

from datetime import timedelta

from sqlalchemy import delete, update

from contract.events import CheckIn, ExtraAnswer, Intent, Outcome
from hub import agenda, watch
from hub.store import tables as t
from hub.vocabulary import DueKind, SlotState
from tests.clock import office
from tests.hub_heart.town import EVENING, MONDAY, TUESDAY, WEDNESDAY, Town


def test_enrolled_five_minutes_before_the_question_gets_todays() -> None:
    town = Town(f"{MONDAY} 07:55")
    town.home("sato", slots={"morning": "08:00"})
    assert [str(slot.day) for slot in town.slots("sato")] == [MONDAY]


def test_enrolled_at_the_very_second_of_the_question_gets_todays() -> None:
    town = Town(f"{MONDAY} 08:00")
    town.home("sato", slots={"morning": "08:00"})
    assert [str(slot.day) for slot in town.slots("sato")] == [MONDAY]


def test_enrolled_a_minute_after_the_question_gets_the_next() -> None:
    town = Town(f"{MONDAY} 08:01")
    town.home("sato", slots={"morning": "08:00"})
    assert [str(slot.day) for slot in town.slots("sato")] == [TUESDAY]


def test_the_deadline_is_the_last_asking_and_the_grace(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00:30"})
    slot = town.slot("sato", EVENING)
    assert slot.opens_at == office(f"{MONDAY} 18:00:30")
    assert slot.deadline_at == slot.opens_at + timedelta(minutes=30) + town.policy.watch.deadline_grace
    assert [(row.kind, row.subject, row.at) for row in town.due() if row.kind == DueKind.slot_deadline] == [
        (DueKind.slot_deadline, f"sato/{EVENING}", slot.deadline_at)
    ]


def test_only_the_weekdays_of_the_schedule_are_asked(town: Town) -> None:
    town.home("sato", slots={"morning": "08:00"}, weekdays=[3, 6])
    town.until("2026-12-06 00:00")
    assert [str(slot.day) for slot in town.slots("sato")] == [
        "2026-11-25",
        "2026-11-28",
        "2026-12-02",
        "2026-12-05",
        "2026-12-09",
    ]


def test_an_answer_plans_the_next_slot_at_once_and_leaves_no_old_deadline(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 18:00:20")
    town.answers("sato", EVENING)
    assert town.slot("sato", EVENING).state == SlotState.answered
    assert town.slot("sato", f"{TUESDAY}/evening").state == SlotState.waiting
    assert [row.subject for row in town.due() if row.kind == DueKind.slot_deadline] == [
        f"sato/{TUESDAY}/evening"
    ]


def test_an_early_answer_counts_within_the_window(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 16:05")
    town.answers("sato", EVENING)
    assert town.slot("sato", EVENING).state == SlotState.answered


def test_an_answer_earlier_than_the_window_is_written_down_and_does_not_count(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 15:55")
    town.answers("sato", EVENING)
    assert town.slot("sato", EVENING).state == SlotState.waiting
    assert "早すぎる" in town.history("slot", f"sato/{EVENING}")[-1].why


def test_a_slot_nobody_planned_is_written_down_and_is_not_fatal(town: Town) -> None:
    town.home("sato")
    for unknown in ("2026-11-24/noon", "2025-01-01/morning", "2026-13-45/morning"):
        town.answers("sato", unknown)
    assert [row.new for row in town.history("resident", "sato")] == ["unknown_slot"] * 3


def test_an_unknown_slot_still_carries_a_call_for_help(town: Town) -> None:
    town.home("ito")
    town.send("ito", CheckIn(slot="2025-01-01/noon", outcome=Outcome.answered, intent=Intent.emergency))
    assert town.case("ito").severity == "emergency"


def test_a_changed_time_moves_a_slot_that_is_still_to_come(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00"})
    with town.store.engine.begin() as conn:
        conn.execute(update(t.schedule).values(at="19:30"))
        watch.enrol(conn, "sato", town.clock.now(), town.policy, town.ids)
    assert [slot.opens_at for slot in town.slots("sato")] == [office(f"{MONDAY} 19:30")]
    assert [row.at for row in town.due() if row.kind == DueKind.slot_deadline] == [office(f"{MONDAY} 20:05")]


def test_a_changed_time_leaves_a_slot_that_is_open_to_its_end(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 18:10")
    with town.store.engine.begin() as conn:
        conn.execute(update(t.schedule).values(at="19:30"))
        watch.enrol(conn, "sato", town.clock.now(), town.policy, town.ids)
    town.answers("sato", EVENING)
    assert [slot.opens_at for slot in town.slots("sato")] == [
        office(f"{MONDAY} 18:00"),
        office(f"{TUESDAY} 19:30"),
    ]


def test_enrolling_again_changes_nothing(town: Town) -> None:
    town.home("sato")
    before = [tuple(slot) for slot in town.slots("sato")], [tuple(row) for row in town.due()]
    with town.store.engine.begin() as conn:
        watch.enrol(conn, "sato", town.clock.now(), town.policy, town.ids)
    assert ([tuple(slot) for slot in town.slots("sato")], [tuple(row) for row in town.due()]) == before


def test_a_schedule_row_that_is_gone_asks_no_more(town: Town) -> None:
    town.home("sato")
    with town.store.engine.begin() as conn:
        conn.execute(delete(t.schedule).where(t.schedule.c.name == "evening"))
        watch.enrol(conn, "sato", town.clock.now(), town.policy, town.ids)
    town.until(f"{WEDNESDAY} 00:00")
    assert {slot.name for slot in town.slots("sato")} == {"morning"}


def test_who_left_the_service_is_asked_no_more_and_leaves_no_case(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00"})
    town.silent("sato", EVENING)
    town.set_resident("sato", ended_at=town.clock.now())
    with town.store.engine.begin() as conn:
        watch.enrol(conn, "sato", town.clock.now(), town.policy, town.ids)
    town.until(f"{WEDNESDAY} 00:00")
    assert [(slot.state, slot.why) for slot in town.slots("sato")] == [(SlotState.cannot_tell, "away")]
    assert town.cases() == []


def test_the_hub_away_for_days_plans_the_slots_that_answers_name(town: Town) -> None:
    town.home("sato", slots={"morning": "08:00"})
    town.until(f"{MONDAY} 20:00")
    town.clock.travel(office("2026-11-26 12:00"))
    town.sweeper = Town._sweeper(town)
    for day in (24, 25, 26):
        town.answers("sato", f"2026-11-{day}/morning", at=office(f"2026-11-{day} 08:00"), late=True)
    town.forward(hours=1)
    assert [slot.state for slot in town.slots("sato")] == [SlotState.answered] * 3 + [SlotState.waiting]
    assert town.cases() == []


def test_slots_planned_by_late_answers_are_not_planned_twice(town: Town) -> None:
    """The hub was away for days, and only the last of the stored answers arrives first."""
    town.home("sato", slots={"morning": "08:00"})
    town.until(f"{MONDAY} 20:00")
    town.clock.travel(office("2026-11-26 12:00"))
    town.sweeper = Town._sweeper(town)
    town.answers("sato", "2026-11-26/morning", at=office("2026-11-26 08:00"), late=True)
    town.forward(hours=1)
    states = [(str(slot.day), slot.state) for slot in town.slots("sato")]
    assert states == [
        (TUESDAY, SlotState.cannot_tell),
        (WEDNESDAY, SlotState.cannot_tell),
        ("2026-11-26", SlotState.answered),
        ("2026-11-27", SlotState.waiting),
    ]
    with town.store.read() as conn:
        assert agenda.failing(conn) == []


def test_a_worrying_answer_to_a_further_question_stands_in_the_history_and_quietly_in_the_queue(
    town: Town,
) -> None:
    town.home("sato", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 18:00:20")
    extras = [
        ExtraAnswer(question="slept", answer="no", worrying=True),
        ExtraAnswer(question="ate", answer="yes"),
        ExtraAnswer(question="sang", answer="yes", worrying=True),
    ]
    town.send("sato", CheckIn(slot=EVENING, outcome=Outcome.answered, intent=Intent.fine, extras=extras))
    told = [row.why for row in town.history("slot", f"sato/{EVENING}")]
    assert told[-1] == "応答あり。気になる答え よく眠れたか:いいえ、sang:はい"
    assert [reason.code for reason in town.reasons("sato")] == ["concern"]
    assert town.notices() == [], "it is to be seen, and alarms nobody"
