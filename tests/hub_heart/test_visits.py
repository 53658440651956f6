"""A visit goes out with its purpose, its limits and what was settled before, and each outcome has its effect."""

from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from contract.events import Sos
from contract.refusal import Refused
from hub.outreach import visits
from hub.outreach.visits import Assignment, Report
from hub.policy import Mode, Provider
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, DeliveryMode, Severity, VisitOutcome
from tests.clock import office
from tests.hub_heart.town import EVENING, MORNING, Town
from tests.still import still

MORI = "csw-mori"
PROVIDER = Provider(
    id="shakyo",
    name="社協",
    modes=[
        Mode(since=date(2024, 4, 1), mode=DeliveryMode.direct),
        Mode(since=date(2026, 11, 24), mode=DeliveryMode.contracted),
    ],
    members=[MORI],
)


@pytest.fixture
def town() -> Town:
    return Town(policy=msgspec.structs.replace(still(), providers=[PROVIDER]))


@pytest.fixture
def case(town: Town) -> Any:
    """鈴木 missed two slots; it is Tuesday 9:00."""
    town.home("suzuki", consents=("tell_family", "share", "forced_entry"))
    town.silent("suzuki", EVENING)
    town.silent("suzuki", MORNING)
    town.until("2026-11-24 09:00")
    return town.case("suzuki")


def prepared(town: Town, **changes: Any) -> Assignment:
    values: dict[str, Any] = {
        "assignee": MORI,
        "planned_for": office("2026-11-24 11:00"),
        "program": "safety",
        "purpose": "応答がないため無事を確かめる",
        "scope_do": "玄関で声をかけ、様子を見る",
        "scope_dont": "家に入らない",
        "coordination": tuple(town.policy.visit.coordination),
    }
    return Assignment(**(values | changes))


def send_out(town: Town, case: Any, **changes: Any) -> str:
    with town.desk() as desk:
        return visits.assign(desk, case.id, prepared(town, **changes))


def comes_back(town: Town, visit_id: str, outcome: VisitOutcome, **said: Any) -> None:
    with town.desk() as desk:
        visits.report(desk, visit_id, Report(outcome=outcome, **said))


def row(town: Town, visit_id: str) -> Any:
    with town.store.read() as conn:
        return conn.execute(select(t.visit).where(t.visit.c.id == visit_id)).one()


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        ({"purpose": " "}, "目的"),
        ({"scope_do": ""}, r"範囲\(すること\)"),
        ({"scope_dont": ""}, r"範囲\(しないこと\)"),
        ({"program": None}, "事業区分"),
        ({"coordination": ("resident_told",)}, "民生委員に最近の様子を聞いた"),
    ],
)
def test_nobody_is_sent_out_without_knowing_what_for_and_how_far(
    town: Town, case: Any, lacking: dict[str, Any], named: str
) -> None:
    with pytest.raises(Refused, match=f"訪問に出る前に決めてください.*{named}"):
        send_out(town, case, **lacking)
    assert town.case("suzuki").state == "new"


def test_only_an_emergency_goes_out_without_them(town: Town, case: Any) -> None:
    town.send("suzuki", Sos(trigger="button"))
    visit_id = send_out(town, case, purpose="", scope_do="", scope_dont="", program=None, coordination=())
    assert row(town, visit_id).emergency


def test_the_case_is_the_visitors_and_rests_until_the_visit(town: Town, case: Any) -> None:
    send_out(town, case)
    now = town.case("suzuki")
    assert (now.state, now.owner, now.due_at) == ("visit_assigned", MORI, office("2026-11-24 11:00"))
    town.until("2026-11-24 10:59")
    assert town.case("suzuki").step_words == "安否確認訪問に行く"
    town.until("2026-11-24 11:01")
    late = town.case("suzuki")
    assert late.step == "phone_resident", "nobody went: the ladder goes on"
    assert any("までに済みませんでした" in one.why for one in town.history("case", case.id))


def test_one_case_has_one_visit_at_a_time(town: Town, case: Any) -> None:
    send_out(town, case)
    with pytest.raises(Refused, match="もう訪問の割当"):
        send_out(town, case)


def test_met_settles_everything_and_closes(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    town.until("2026-11-24 10:40")
    comes_back(town, visit_id, VisitOutcome.met, text="畑にいた")
    assert town.case("suzuki") is None
    [closed] = town.cases()
    assert (closed.outcome, closed.closed_at) == (CaseOutcome.met, office("2026-11-24 10:40"))
    town.until("2026-11-24 17:00")
    assert town.case("suzuki") is None
    assert town.notices()[-1].kind == "all_clear"


def test_met_with_a_day_to_look_again_stays_in_hand_until_then(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    comes_back(town, visit_id, VisitOutcome.met, follow_up_on=date(2026, 11, 27))
    now = town.case("suzuki")
    assert (now.owner, now.due_at, now.step_words) == (
        MORI,
        office("2026-11-27 10:00"),
        "その後の様子を確かめる",
    )
    assert town.reasons("suzuki") == []


def test_nobody_home_goes_on_with_the_consent_to_enter_shown(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    town.until("2026-11-24 10:40")
    comes_back(town, visit_id, VisitOutcome.not_home)
    now = town.case("suzuki")
    assert "110・119 番(立入の同意: あり)" in now.step_words
    assert now.due_at == office("2026-11-24 17:15")
    assert [reason.code for reason in town.reasons("suzuki")] == ["missed"], "nobody was heard"
    send_out(town, case, planned_for=office("2026-11-24 14:00"))


def test_a_voice_behind_the_door_ends_the_silence_and_somebody_goes_again(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    comes_back(town, visit_id, VisitOutcome.not_opened)
    now = town.case("suzuki")
    assert now.due_at == office("2026-11-25 10:00")
    assert town.reasons("suzuki") == []


def test_hospital_is_an_absence_with_an_end(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    comes_back(town, visit_id, VisitOutcome.hospital, follow_up_on=date(2026, 12, 10))
    assert town.case("suzuki") is None
    with town.store.read() as conn:
        [absence] = conn.execute(select(t.absence)).all()
    assert (absence.kind, absence.until) == ("hospital", office("2026-12-10 10:00"))
    town.until("2026-11-26 12:00")
    assert town.case("suzuki") is None


def test_an_ambulance_is_an_emergency(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    comes_back(town, visit_id, VisitOutcome.ambulance, text="意識あり")
    now = town.case("suzuki")
    assert now.severity == Severity.emergency
    assert now.step_words == "家族に連絡し、搬送先を書く"
    assert town.notices()[-1].kind == "emergency"


@pytest.mark.parametrize(
    ("visited", "mode"), [("2026-11-23 23:00", "direct"), ("2026-11-24 08:00", "contracted")]
)
def test_direct_or_contracted_is_the_providers_mode_on_the_day_of_the_visit(
    town: Town, case: Any, visited: str, mode: str
) -> None:
    visit_id = send_out(town, case)
    comes_back(town, visit_id, VisitOutcome.met, visited_at=office(visited))
    assert (row(town, visit_id).provider, row(town, visit_id).delivery_mode) == ("shakyo", mode)
    assert row(town, visit_id).written_at == town.clock.now()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"visited_at": office("2026-11-24 12:00")}, "先の日時"),
        ({"follow_up_on": date(2026, 11, 24)}, "あすより後の日"),
    ],
)
def test_a_report_that_cannot_be_is_refused_whole(
    town: Town, case: Any, said: dict[str, date | datetime], sentence: str
) -> None:
    visit_id = send_out(town, case)
    with pytest.raises(Refused, match=sentence):
        comes_back(town, visit_id, VisitOutcome.met, **said)
    assert row(town, visit_id).written_at is None


def test_a_visit_is_written_up_once(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    comes_back(town, visit_id, VisitOutcome.not_home)
    with pytest.raises(Refused, match="書かれています"):
        comes_back(town, visit_id, VisitOutcome.met)


def test_a_visit_that_nobody_makes_lets_the_climb_go_on(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    with town.desk() as desk:
        visits.cancel(desk, visit_id, "家族が会えた")
    assert town.case("suzuki").step == "phone_resident"
    assert row(town, visit_id).cancelled_at is not None


def test_a_visit_whose_case_ended_meanwhile_still_counts(town: Town, case: Any) -> None:
    visit_id = send_out(town, case)
    with town.desk() as desk:
        desk.close(case.id, CaseOutcome.reached_by_phone)
    comes_back(town, visit_id, VisitOutcome.met)
    assert row(town, visit_id).outcome == "met"
    assert len(town.cases()) == 1
