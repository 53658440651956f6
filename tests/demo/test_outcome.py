"""What counts as a morning that ended well: every way in which it may differ is found and named."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contract.envelope import Event
from contract.events import ClockQuality, Intent, TestPress
from demo.cast import Household, load_cast
from demo.outcome import (
    Seen,
    changes,
    differences_of_household,
    differences_of_town,
    standing,
)
from demo.record import Record
from demo.townsfolk import Behaviour, Home, load_plan, people
from hub.policy import load_demo
from hub.views.rows import Person, QueueRow, ReasonRow, SlotRow
from hub.vocabulary import CaseState, Lane, ReasonCode, Severity, SlotState

NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
POLICY = load_demo()
WAITING = Event(
    id="x", device="takahashi-1", session="s", seq=0, at=NOW, clock=ClockQuality.synced, late=False,
    type="test_press", body=TestPress(),
)  # fmt: skip


def slot(resident: str, state: SlotState, **fields: Any) -> SlotRow:
    row = SlotRow(
        resident_id=resident,
        name="",
        district="大井",
        day=date(2026, 11, 24),
        slot="morning",
        opens_at=NOW,
        deadline_at=NOW,
        state=state,
        why=None,
        intent=None,
        asked=True,
        attempts=1,
        last_outcome=None,
        closed_at=NOW,
    )
    return msgspec.structs.replace(row, **fields)


def case(household: str, lane: Lane, severity: Severity, code: ReasonCode, step: str = "visit") -> QueueRow:
    reason = ReasonRow(
        code=code,
        words="応答なし",
        at=NOW,
        severity=severity,
        resident_id=None,
        since=None,
        resolved_at=None,
        resolved_why=None,
    )
    return QueueRow(
        case_id=f"case-{household}",
        household_id=household,
        lane=lane,
        severity=severity,
        state=CaseState.new,
        district="大井",
        address="",
        phone=None,
        lives_alone=True,
        residents=[Person(id="", name="ある人", kana="", age=None, phone=None)],
        reasons=[reason],
        opened_at=NOW,
        due_at=None,
        late=False,
        step=step,
        step_words="訪問する",
        owner=None,
        owner_name=None,
        silent_for_s=None,
    )


def household(key: str) -> Household:
    return next(each for each in load_cast() if each.key == key)


GOOD: dict[str, tuple[SlotRow, QueueRow | None, Record]] = {
    "sato": (slot("R-sato", SlotState.answered, intent="fine"), None, Record()),
    "kato": (slot("R-kato", SlotState.answered, intent="as_usual"), None, Record()),
    "yasue": (
        slot("R-yasue", SlotState.answered, intent="unwell"),
        case("H-yasue", Lane.person, Severity.needs_check, ReasonCode.negative_response),
        Record(),
    ),
    "nishio": (
        slot("R-nishio", SlotState.answered, intent="unwell"),
        case("H-nishio", Lane.person, Severity.needs_visit, ReasonCode.negative_response),
        Record(),
    ),
    "ito": (
        slot("R-ito", SlotState.answered, intent="emergency"),
        case("H-ito", Lane.person, Severity.emergency, ReasonCode.call_for_help),
        Record(),
    ),
    "suzuki": (
        slot("R-suzuki", SlotState.missed),
        case("H-suzuki", Lane.person, Severity.needs_check, ReasonCode.missed),
        Record(),
    ),
    "takahashi": (
        slot("R-takahashi", SlotState.cannot_tell, why=ReasonCode.device_unreachable),
        case("H-takahashi", Lane.device, Severity.device_unreachable, ReasonCode.device_unreachable),
        Record(made={"x": WAITING}),
    ),
    "tanaka": (slot("R-tanaka", SlotState.cannot_tell, why=ReasonCode.away), None, Record()),
}


def differences(
    key: str, got: SlotRow | None, queue: list[QueueRow], record: Record | None = None
) -> list[str]:
    seen = Seen(queue=queue, slots=[got] if got else [])
    return differences_of_household(household(key), record or GOOD[key][2], seen, POLICY)


@pytest.mark.parametrize("key", GOOD)
def test_a_morning_as_promised_differs_in_nothing(key: str) -> None:
    got, row, _ = GOOD[key]
    assert differences(key, got, [row] if row else []) == []


@pytest.mark.parametrize("key", GOOD)
def test_a_household_of_which_nothing_is_known_is_no_success(key: str) -> None:
    assert differences(key, None, [], Record())


@pytest.mark.parametrize(
    ("key", "fields", "what"),
    [
        ("sato", {"state": SlotState.missed, "intent": None}, "未応答"),
        ("sato", {"intent": "unwell"}, "体調が悪い"),
        ("nishio", {"intent": "fine"}, "元気"),
        ("suzuki", {"state": SlotState.cannot_tell}, "確認できない"),
        ("takahashi", {"state": SlotState.missed}, "未応答"),
        ("tanaka", {"why": ReasonCode.not_played}, "再生されなかった"),
    ],
)
def test_a_slot_that_ended_otherwise_is_named(key: str, fields: dict[str, Any], what: str) -> None:
    got, row, _ = GOOD[key]
    found = differences(key, msgspec.structs.replace(got, **fields), [row] if row else [])
    assert found
    assert all(each.startswith(household(key).name) for each in found)
    assert any(what in each for each in found)


@pytest.mark.parametrize(
    ("key", "fields", "what"),
    [
        ("ito", {"severity": Severity.needs_check}, "要確認"),
        ("suzuki", {"lane": Lane.device}, "device"),
        ("suzuki", {"step": "phone_resident"}, "最初の段"),
        ("yasue", {"reasons": []}, "理由"),
    ],
)
def test_a_case_that_stands_otherwise_is_named(key: str, fields: dict[str, Any], what: str) -> None:
    got, row, _ = GOOD[key]
    assert row is not None
    found = differences(key, got, [msgspec.structs.replace(row, **fields)])
    assert any(what in each for each in found)


def test_a_notice_about_somebody_who_is_well_is_named() -> None:
    got, _, _ = GOOD["sato"]
    false = case("H-sato", Lane.person, Severity.needs_check, ReasonCode.missed)
    (found,) = differences("sato", got, [false])
    assert "載っていない" in found


def test_an_answer_that_left_a_cut_line_is_named() -> None:
    got, row, _ = GOOD["takahashi"]
    assert row is not None
    (found,) = differences("takahashi", got, [row], Record())
    assert "スピーカーに残った記録" in found


# ---- the town ------------------------------------------------------------------------------------------------

HOMES = people(load_plan())
_STATE = {
    Behaviour.silent: (SlotState.missed, None),
    Behaviour.never_seen: (SlotState.cannot_tell, ReasonCode.not_installed),
    Behaviour.away: (SlotState.cannot_tell, ReasonCode.away),
}
_CASE = {
    Behaviour.silent: (Lane.person, ReasonCode.missed),
    Behaviour.unwell: (Lane.person, ReasonCode.negative_response),
    Behaviour.wants_talk: (Lane.person, ReasonCode.talk_request),
    Behaviour.never_seen: (Lane.device, ReasonCode.not_installed),
}


def good_town() -> Seen:
    slots, queue = [], []
    for home in HOMES:
        state, why = _STATE.get(home.behaviour, (SlotState.answered, None))
        slots.append(slot(home.resident, state, why=why))
        slots.append(slot(home.resident, SlotState.waiting, opens_at=NOW + timedelta(days=1)))
        if home.behaviour in _CASE:
            lane, code = _CASE[home.behaviour]
            queue.append(case(home.household, lane, Severity.needs_check, code))
    return Seen(queue=queue, slots=slots)


def one(behaviour: Behaviour) -> Home:
    return next(home for home in HOMES if home.behaviour is behaviour)


def test_a_town_as_promised_differs_in_nothing_though_tomorrow_is_open() -> None:
    assert differences_of_town(HOMES, load_cast(), good_town()) == []


@pytest.mark.parametrize("behaviour", _CASE)
def test_a_home_that_is_missing_from_the_queue_is_named(behaviour: Behaviour) -> None:
    good, home = good_town(), one(behaviour)
    queue = [row for row in good.queue if row.household_id != home.household]
    (found,) = differences_of_town(HOMES, load_cast(), Seen(queue=queue, slots=good.slots))
    assert found.startswith(home.name)


@pytest.mark.parametrize("behaviour", [Behaviour.well, Behaviour.away, Behaviour.unclear])
def test_a_false_notice_in_the_town_is_named(behaviour: Behaviour) -> None:
    good, home = good_town(), one(behaviour)
    false = case(home.household, Lane.person, Severity.needs_check, ReasonCode.missed)
    (found,) = differences_of_town(HOMES, load_cast(), Seen(queue=[*good.queue, false], slots=good.slots))
    assert home.name in found


def test_a_household_nobody_knows_and_one_that_stands_twice_are_named() -> None:
    good = good_town()
    stranger = case("H-nobody", Lane.person, Severity.needs_check, ReasonCode.missed)
    found = differences_of_town(
        HOMES, load_cast(), Seen(queue=[*good.queue, good.queue[0], stranger], slots=good.slots)
    )
    assert len(found) == 2


def test_a_lost_slot_in_the_town_is_named() -> None:
    good, home = good_town(), one(Behaviour.well)
    slots = [row for row in good.slots if row.resident_id != home.resident]
    (found,) = differences_of_town(HOMES, load_cast(), Seen(queue=good.queue, slots=slots))
    assert "記録なし" in found


# ---- what moves in the queue ---------------------------------------------------------------------------------


def test_coming_climbing_and_leaving_are_told_once_each() -> None:
    first = case("H", Lane.person, Severity.needs_check, ReasonCode.missed, "phone_resident")
    later = msgspec.structs.replace(first, severity=Severity.needs_visit)
    nobody, one_waits = Seen(queue=[], slots=[]), Seen(queue=[first], slots=[])
    climbed = Seen(queue=[later], slots=[])

    assert [what for _, what in changes(nobody, one_waits)] == [f"キュー {standing(first)} — 応答なし"]
    assert list(changes(one_waits, one_waits)) == []
    assert [what for _, what in changes(one_waits, climbed)] == [f"キュー {standing(later)}"]
    assert [what for _, what in changes(climbed, nobody)] == ["キューから外れました"]


def test_every_intent_of_the_contract_has_a_word() -> None:
    from dashboard.words import INTENT

    assert set(INTENT) == set(Intent)
