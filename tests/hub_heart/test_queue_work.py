"""Hand-over, merging, opening again, planning, and not carrying too much for too long."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from contract.events import Intent, Sos
from contract.refusal import Refused
from hub.outreach import caseload, handover, sorting
from hub.outreach.operations import Desk
from hub.policy import Caseload
from hub.vocabulary import CaseOutcome, Severity
from tests.clock import office
from tests.hub_heart.town import MORNING, Town
from tests.still import still


def unwell(town: Town, name: str, **home: Any) -> Any:
    town.home(name, slots={"morning": "08:00"}, **home)
    town.until("2026-11-24 08:01")
    town.answers(name, MORNING, Intent.unwell)
    return town.case(name)


def at(town: Town, account: str, what: Callable[[Desk], object]) -> None:
    with town.desk(account) as desk:
        what(desk)


# ---- hand-over ----------------------------------------------------------------------------------------------


@pytest.fixture
def offered(town: Town) -> Any:
    case = unwell(town, "sato")
    at(town, "mori", lambda desk: desk.take(case.id))
    at(town, "mori", lambda desk: handover.offer(desk, case.id, "kato", "地区が kato さんの担当"))
    return case


def test_the_owner_keeps_the_case_until_the_other_side_accepts(town: Town, offered: Any) -> None:
    assert (town.case("sato").owner, town.case("sato").state) == ("mori", "handed_over")
    [notice] = town.notices("handed_over")
    assert (notice.audience, notice.audience_of) == ("account", "kato")
    town.forward(minutes=20)
    at(town, "kato", lambda desk: handover.accept(desk, offered.id))
    now = town.case("sato")
    assert (now.owner, now.state, now.owned_at) == ("kato", "phoning", town.clock.now())


def test_declined_it_stays_where_it_was_and_the_history_says_why(town: Town, offered: Any) -> None:
    at(town, "kato", lambda desk: handover.decline(desk, offered.id, "きょうは休み"))
    assert (town.case("sato").owner, town.case("sato").state) == ("mori", "phoning")
    assert town.history("case", offered.id)[-1].why == "引き継ぎを受けられません: きょうは休み"


def test_only_whom_it_was_offered_to_answers(town: Town, offered: Any) -> None:
    with pytest.raises(Refused, match="kato さんへの申し出"):
        at(town, "abe", lambda desk: handover.accept(desk, offered.id))
    with pytest.raises(Refused, match="もう引き継ぎを申し出て"):
        at(town, "mori", lambda desk: handover.offer(desk, offered.id, "abe", "-"))


def test_an_offer_is_taken_back(town: Town, offered: Any) -> None:
    at(town, "mori", lambda desk: handover.withdraw(desk, offered.id))
    with pytest.raises(Refused, match="申し出ている引き継ぎはありません"):
        at(town, "kato", lambda desk: handover.accept(desk, offered.id))


def test_an_unanswered_offer_resets_no_clock(town: Town, offered: Any) -> None:
    step = town.case("sato").step
    town.forward(hours=2)
    assert town.case("sato").step != step, "the acknowledgement expired and the climb went on"
    assert town.case("sato").owner == "mori"


def test_closing_ends_the_offer(town: Town, offered: Any) -> None:
    at(town, "mori", lambda desk: desk.close(offered.id, CaseOutcome.met))
    with pytest.raises(Refused, match="閉じられています"):
        at(town, "kato", lambda desk: handover.accept(desk, offered.id))


# ---- not too much, not too long --------------------------------------------------------------------------------


@pytest.fixture
def small() -> Town:
    """A town in which two cases are as many as anybody may have."""
    policy = still()
    return Town(
        policy=msgspec.structs.replace(policy, caseload=msgspec.structs.replace(policy.caseload, most_open=2))
    )


def test_with_full_hands_nobody_takes_another_and_a_hand_over_is_proposed(small: Town) -> None:
    held = [unwell(small, name) for name in ("sato", "tanaka", "takahashi")]
    at(small, "kato", lambda desk: desk.take(held[2].id))
    at(small, "mori", lambda desk: desk.take(held[0].id))
    small.forward(hours=1)
    at(small, "mori", lambda desk: desk.take(held[1].id))
    one_more = unwell_later(small, "suzuki")
    with pytest.raises(Refused, match=r"上限の 2 件.*佐藤 花子 さんの件.*kato さん\(1件\)"):
        at(small, "mori", lambda desk: desk.take(one_more.id))
    at(small, "kato", lambda desk: desk.take(one_more.id))


def unwell_later(town: Town, name: str) -> Any:
    town.home(name, slots={"noon": "12:00"})
    town.until("2026-11-24 12:01")
    town.answers(name, "2026-11-24/noon", Intent.unwell)
    return town.case(name)


def test_an_emergency_is_never_refused(small: Town) -> None:
    for name in ("sato", "tanaka"):
        case = unwell(small, name)
        with small.desk("mori") as desk:
            desk.take(case.id)
    small.home("ito")
    small.send("ito", Sos(trigger="button"))
    emergency = small.case("ito").id
    at(small, "mori", lambda desk: desk.take(emergency))
    assert small.case("ito").owner == "mori"


def test_the_meter_counts_what_is_held_and_for_how_long(town: Town) -> None:
    case = unwell(town, "sato")
    at(town, "mori", lambda desk: desk.take(case.id))
    at(town, "mori", lambda desk: sorting.plan_next(desk, case.id, "様子を見る", office("2026-12-31 10:00")))
    town.until("2026-12-29 08:01")
    policy = msgspec.structs.replace(
        town.policy, caseload=Caseload(most_open=15, longest_held=town.policy.caseload.longest_held)
    )
    with town.store.read() as conn:
        [load] = caseload.loads(conn, town.clock.now(), policy)
    assert (load.account, load.open_cases, load.longest_held_s, load.too_long) == ("mori", 1, 35 * 86400.0, 1)


# ---- the queue in order -----------------------------------------------------------------------------------------


def test_a_next_step_with_its_time_lets_the_climb_rest_until_then(town: Town) -> None:
    case = unwell(town, "sato")
    at(town, "mori", lambda desk: desk.take(case.id))
    at(town, "mori", lambda desk: sorting.plan_next(desk, case.id, "夕方に電話", office("2026-11-24 17:00")))
    town.until("2026-11-24 16:59")
    assert (town.case("sato").step_words, town.case("sato").due_at) == (
        "夕方に電話",
        office("2026-11-24 17:00"),
    )
    town.until("2026-11-24 17:01")
    assert town.case("sato").step == "phone_resident"
    assert town.case("sato").due_at == office("2026-11-24 17:00"), "late stays late"


def test_a_plan_in_the_past_or_for_an_emergency_is_refused(town: Town) -> None:
    case = unwell(town, "sato")
    at(town, "mori", lambda desk: desk.take(case.id))
    with pytest.raises(Refused, match="過ぎています"):
        at(town, "mori", lambda desk: sorting.plan_next(desk, case.id, "-", office("2026-11-24 08:00")))
    town.send("sato", Sos(trigger="button"))
    with pytest.raises(Refused, match="緊急の件"):
        at(town, "mori", lambda desk: sorting.plan_next(desk, case.id, "-", office("2026-11-25 08:00")))


def test_many_are_assigned_together_or_none(town: Town) -> None:
    ids = [unwell(town, name).id for name in ("sato", "tanaka")]
    at(town, "mori", lambda desk: sorting.assign_many(desk, ids, "kato"))
    assert {town.case(name).owner for name in ("sato", "tanaka")} == {"kato"}
    with pytest.raises(Refused):
        at(town, "mori", lambda desk: sorting.assign_many(desk, [*ids, "none"], "abe"))
    assert {town.case(name).owner for name in ("sato", "tanaka")} == {"kato"}


def test_two_cases_become_one_with_all_reasons_and_the_graver_weight(town: Town) -> None:
    """A couple in two households: he is unwell, she presses the button."""
    his, hers = unwell(town, "sato"), unwell(town, "ito")
    town.send("ito", Sos(trigger="button"))
    at(town, "mori", lambda desk: sorting.merge(desk, hers.id, his.id))
    [left] = [case for case in town.cases() if case.closed_at is None]
    assert (left.id, left.severity, left.step) == (his.id, Severity.emergency, "call_back")
    assert {reason.resident_id for name in ("sato", "ito") for reason in town.reasons(name)} == {
        "sato",
        "ito",
    }
    [gone] = [case for case in town.cases() if case.closed_at is not None]
    assert (gone.outcome, gone.merged_into) == ("merged", his.id)
    assert {row.subject for row in town.notices()} == {his.id}, "who was told of hers hears of the end of his"
    at(town, "mori", lambda desk: desk.close(his.id, CaseOutcome.met))
    assert town.notices()[-1].kind == "all_clear"
    assert {row.kind for row in town.notices() if row.withdrawn_at is None} == {"all_clear"}


def test_a_case_closed_too_early_is_opened_again_with_its_reasons(town: Town) -> None:
    case = unwell(town, "sato")
    at(town, "mori", lambda desk: desk.close(case.id, CaseOutcome.reached_by_phone))
    town.forward(hours=1)
    at(town, "mori", lambda desk: sorting.reopen(desk, case.id, "別の人の件だった"))
    now = town.case("sato")
    assert (now.id, now.state, now.owner, now.step) == (case.id, "new", None, "phone_resident")
    assert [reason.code for reason in town.reasons("sato")] == ["negative_response"]
    whys = [row.why for row in town.history("case", case.id)]
    assert "電話で確認" in whys, "the closing stays in the history"
    assert "もう一度開きました: 別の人の件だった" in whys
    assert "もう一度開いた件" in town.notices()[-1].words


def test_a_second_case_is_not_opened_beside_an_open_one(town: Town) -> None:
    case = unwell(town, "sato")
    at(town, "mori", lambda desk: desk.close(case.id, CaseOutcome.met))
    town.send("sato", Sos(trigger="button"))
    with pytest.raises(Refused, match="開いている件がもうあります"):
        at(town, "mori", lambda desk: sorting.reopen(desk, case.id, "-"))
