"""Somebody who is away is neither silent nor forgotten."""

from datetime import datetime

import pytest

from contract.events import AbsenceSaid
from contract.refusal import Refused
from hub import absence
from hub.vocabulary import Lane, ReasonCode, SlotState
from tests.clock import office
from tests.hub_heart.test_silence import missed_twice
from tests.hub_heart.town import EVENING, MONDAY, MORNING, TUESDAY, WEDNESDAY, Town


def away(town: Town, name: str, starts_at: str, until: str, kind: str = "hospital") -> str:
    with town.store.engine.begin() as conn:
        return absence.register(
            conn,
            name,
            kind,
            office(starts_at),
            office(until),
            "csw-mori",
            town.clock.now(),
            town.policy,
            town.ids,
        )


def ended_at(town: Town, absence_id: str) -> datetime | None:
    with town.store.read() as conn:
        row = conn.exec_driver_sql("SELECT ended_at FROM absence WHERE id = ?", (absence_id,)).one()
    return datetime.fromisoformat(row[0]) if row[0] else None


def test_slots_inside_an_absence_tell_nothing_and_open_no_case(town: Town) -> None:
    town.home("tanaka")
    away(town, "tanaka", f"{MONDAY} 13:00", f"{WEDNESDAY} 10:00")
    town.until(f"{WEDNESDAY} 09:00")
    closed = [slot for slot in town.slots("tanaka") if slot.state != SlotState.waiting]
    assert [(slot.state, slot.why) for slot in closed] == [(SlotState.cannot_tell, ReasonCode.away)] * 4
    assert town.cases() == []


def test_an_absence_ends_by_itself_and_the_next_question_counts(town: Town) -> None:
    town.home("tanaka")
    absence_id = away(town, "tanaka", f"{MONDAY} 13:00", f"{TUESDAY} 10:00")
    town.until(f"{TUESDAY} 10:00")
    assert ended_at(town, absence_id) == office(f"{TUESDAY} 10:00")
    assert [row.why for row in town.history("absence", absence_id)] == [
        "入院(11/24 10:00 まで)",
        "予定どおり終わりました",
    ]
    town.silent("tanaka", f"{TUESDAY}/evening")
    town.until(f"{TUESDAY} 18:36")
    assert town.slot("tanaka", f"{TUESDAY}/evening").state == SlotState.missed


def test_home_earlier_than_expected(town: Town) -> None:
    town.home("tanaka")
    absence_id = away(town, "tanaka", f"{MONDAY} 13:00", f"{WEDNESDAY} 10:00")
    town.until(f"{MONDAY} 16:00")
    with town.store.engine.begin() as conn:
        absence.end(conn, absence_id, "csw-mori", town.clock.now(), town.policy, town.ids)
    town.silent("tanaka", EVENING)
    town.until(f"{MONDAY} 18:36")
    assert town.slot("tanaka", EVENING).state == SlotState.missed
    with town.store.engine.begin() as conn, pytest.raises(Refused, match="11/23 16:00 に終わっています"):
        absence.end(conn, absence_id, "csw-mori", town.clock.now(), town.policy, town.ids)


def test_an_absence_that_is_not_yet_explains_nothing(town: Town) -> None:
    town.home("tanaka")
    away(town, "tanaka", f"{TUESDAY} 09:00", f"{WEDNESDAY} 10:00")
    town.silent("tanaka", EVENING)
    town.until(f"{MONDAY} 18:36")
    assert town.slot("tanaka", EVENING).state == SlotState.missed


def test_who_leaves_while_the_question_is_open_is_away(town: Town) -> None:
    town.home("tanaka")
    town.until(f"{MONDAY} 18:00:20")
    town.asked("tanaka", EVENING)
    away(town, "tanaka", f"{MONDAY} 18:10", f"{TUESDAY} 10:00")
    town.until(f"{MONDAY} 18:36")
    assert town.slot("tanaka", EVENING).why == ReasonCode.away


def test_an_answer_during_an_absence_is_an_answer(town: Town) -> None:
    town.home("tanaka")
    away(town, "tanaka", f"{MONDAY} 13:00", f"{WEDNESDAY} 10:00")
    town.until(f"{MONDAY} 18:00:20")
    town.answers("tanaka", EVENING)
    assert town.slot("tanaka", EVENING).state == SlotState.answered


def test_an_absence_explains_the_silence_inside_it(town: Town) -> None:
    missed_twice(town, "tanaka")
    town.until(f"{TUESDAY} 08:45")
    away(town, "tanaka", f"{MONDAY} 15:00", f"{WEDNESDAY} 10:00")
    assert [(slot.state, slot.why) for slot in town.slots("tanaka")[:2]] == [
        (SlotState.cannot_tell, ReasonCode.away)
    ] * 2
    assert town.case("tanaka") is None
    assert town.reasons("tanaka", all_of_them=True)[0].resolved_why == "入院(11/25 10:00 まで)と分かりました"


def test_an_absence_does_not_explain_a_silence_before_it(town: Town) -> None:
    missed_twice(town, "tanaka")
    town.until(f"{TUESDAY} 08:45")
    away(town, "tanaka", f"{TUESDAY} 08:45", f"{WEDNESDAY} 10:00")
    case = town.case("tanaka")
    assert case is not None
    town.until(f"{TUESDAY} 12:00")
    assert town.case("tanaka").step == "visit"


def test_hours_of_silence_are_not_counted_up_while_somebody_is_away(town: Town) -> None:
    town.home("tanaka", slots={"evening": "18:00"})
    town.silent("tanaka", EVENING)
    town.until(f"{MONDAY} 19:00")
    away(town, "tanaka", f"{MONDAY} 19:00", f"{WEDNESDAY} 10:00")
    town.until(f"{WEDNESDAY} 09:00")
    assert town.case("tanaka") is None


def test_somebody_who_says_so_has_been_heard(town: Town) -> None:
    missed_twice(town, "tanaka")
    town.until(f"{TUESDAY} 09:00")
    town.send("tanaka", AbsenceSaid(kind="out"))
    assert town.case("tanaka") is None
    assert town.reasons("tanaka", all_of_them=True)[0].resolved_why == "本人から外出の知らせ"
    town.until(f"{TUESDAY} 18:36")
    assert town.slot("tanaka", f"{TUESDAY}/evening").why == ReasonCode.away
    town.until(f"{TUESDAY} 21:00")
    assert town.history("resident", "tanaka") == []
    assert [row.kind for row in town.due() if row.kind == "absence_end"] == []


def test_an_absence_said_long_ago_and_told_late_is_history(town: Town) -> None:
    town.home("tanaka")
    town.until(f"{WEDNESDAY} 12:00")
    said = AbsenceSaid(kind="day_service", until=office(f"{TUESDAY} 16:00"))
    town.send("tanaka", said, at=office(f"{TUESDAY} 07:00"), late=True)
    town.silent("tanaka", f"{WEDNESDAY}/evening")
    town.forward(minutes=6)
    assert town.slot("tanaka", f"{WEDNESDAY}/evening").state == SlotState.missed


def test_a_new_absence_takes_the_place_of_the_one_it_overlaps(town: Town) -> None:
    town.home("tanaka")
    first = away(town, "tanaka", f"{MONDAY} 13:00", f"{TUESDAY} 10:00")
    second = away(town, "tanaka", f"{MONDAY} 13:00", f"{WEDNESDAY} 10:00")
    assert ended_at(town, first) == town.clock.now()
    town.until(f"{TUESDAY} 12:00")
    assert ended_at(town, second) is None
    assert town.slot("tanaka", MORNING).why == ReasonCode.away


@pytest.mark.parametrize(
    ("kind", "until", "sentence"),
    [
        ("holiday", f"{WEDNESDAY} 10:00", "不在の種類「holiday」はありません"),
        ("out", f"{MONDAY} 12:00", "不在の終わり"),
    ],
)
def test_an_absence_nobody_could_mean_is_refused(town: Town, kind: str, until: str, sentence: str) -> None:
    town.home("tanaka")
    with pytest.raises(Refused, match=sentence):
        away(town, "tanaka", f"{MONDAY} 13:00", until, kind)


def test_an_absence_of_nobody_is_refused(town: Town) -> None:
    with pytest.raises(Refused, match="対象者「tanaka」が見つかりません"):
        away(town, "tanaka", f"{MONDAY} 13:00", f"{TUESDAY} 10:00")
    assert town.case("tanaka", Lane.device) is None


def test_an_absence_entered_late_also_explains_what_a_flush_tells_afterwards(town: Town) -> None:
    town.home("tanaka")
    town.until(f"{TUESDAY} 07:30")
    town.lost("tanaka")
    town.until(f"{TUESDAY} 09:00")
    away(town, "tanaka", f"{TUESDAY} 07:00", f"{WEDNESDAY} 10:00")
    town.online("tanaka", "s2")
    town.asked("tanaka", MORNING, attempts=3, late=True)
    town.forward(minutes=5)
    slot = town.slot("tanaka", MORNING)
    assert (slot.state, slot.why) == (SlotState.cannot_tell, ReasonCode.away)
