"""Further answers of somebody who is well: a worrying one is a reason that can be seen, and no alarm."""

from typing import Any

import pytest

from contract.envelope import Event
from contract.events import CheckIn, ClockQuality, ExtraAnswer, Intent, Outcome, type_of
from hub.vocabulary import Lane, ReasonCode, Severity, SlotState
from hub.watch import Arrival, on_events
from tests.hub_heart.town import MORNING, Town


def well_but(*worrying: str) -> CheckIn:
    return CheckIn(
        slot=MORNING,
        outcome=Outcome.answered,
        intent=Intent.fine,
        extras=[
            *(ExtraAnswer(question=question, answer="no", worrying=True) for question in worrying),
            ExtraAnswer(question="took_medicine", answer="yes"),
        ],
    )


@pytest.fixture
def home(town: Town) -> Any:
    town.home("sato")
    town.until("2026-11-24 08:01")
    return town


def test_a_worrying_answer_is_a_reason_that_a_csw_can_read(home: Town) -> None:
    home.send("sato", well_but("slept", "ate"))
    [reason] = home.reasons("sato")
    assert (reason.code, reason.severity) == (ReasonCode.concern, Severity.needs_check)
    assert reason.words == "気になる答え: 眠れていない、食べていない(11/24 朝)"
    assert home.slot("sato", MORNING).state == SlotState.answered
    assert home.case("sato").step == "look_into"
    assert home.notices() == [], "it stands on the board and wakes nobody"


def test_answers_that_worry_nobody_are_no_reason(home: Town) -> None:
    home.send("sato", well_but())
    assert home.case("sato") is None


def test_a_question_that_the_city_made_up_is_called_by_its_key(home: Town) -> None:
    home.send("sato", well_but("watered_the_cat"))
    assert "watered_the_cat" in home.reasons("sato")[0].words


def test_the_same_worry_tomorrow_is_no_second_reason(home: Town) -> None:
    home.send("sato", well_but("slept"))
    home.send("sato", well_but("slept"))
    assert len(home.reasons("sato")) == 1


def test_in_a_full_morning_it_is_seen_as_well(town: Town) -> None:
    """A batch of events takes the plain ones by the set; a worry is not plain."""
    names = [town.home(f"r{number:02d}") for number in range(40)]
    town.until("2026-11-24 08:01")

    arrivals = []
    for number, name in enumerate(names):
        body = well_but("slept") if number == 7 else well_but()
        told = Event(
            id=f"e{number}",
            device=f"d-{name}",
            session="s1",
            seq=number,
            at=town.clock.now(),
            clock=ClockQuality.synced,
            late=False,
            type=type_of(body),
            body=body,
        )
        arrivals.append(Arrival(told, town.clock.now()))
    with town.store.engine.begin() as conn:
        on_events(conn, arrivals, town.ids, town.policy)
    people = [case.household_id for case in town.cases() if case.lane == Lane.person]
    assert people == ["h-r07"]
    assert {town.slot(name, MORNING).state for name in names} == {SlotState.answered}
