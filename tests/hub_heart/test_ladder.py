"""The climb: each step its time, its transition, its reason when it is skipped."""

from contract.events import Intent
from hub.vocabulary import DueKind, Severity
from tests.clock import office
from tests.hub_heart.test_silence import missed_twice
from tests.hub_heart.town import EVENING, MONDAY, TUESDAY, WEDNESDAY, Town

BOTH_STORES = True


def test_the_steps_follow_each_other_in_their_time(town: Town) -> None:
    missed_twice(town)
    opened = office(f"{TUESDAY} 08:35")
    climbed = []
    for _ in range(6):
        case = town.case("suzuki")
        climbed.append((case.step, (case.due_at - opened).total_seconds() / 60))
        town.until(case.due_at)
    assert climbed == [
        ("phone_resident", 15),
        ("phone_resident_again", 30),
        ("family", 60),
        ("helper", 90),
        ("welfare_commissioner", 120),
        ("visit", 8 * 60 + 40),
    ]


def test_a_visit_decided_before_three_is_due_the_same_day(town: Town) -> None:
    missed_twice(town)
    town.until(f"{TUESDAY} 12:00")
    case = town.case("suzuki")
    assert (case.step, case.severity) == ("visit", Severity.needs_visit)
    assert case.due_at == office(f"{TUESDAY} 17:15")
    assert town.reasons("suzuki")[0].severity == Severity.needs_visit
    assert case.opened_at == office(f"{TUESDAY} 08:35")


def test_a_visit_decided_after_three_is_due_the_next_morning(town: Town) -> None:
    town.home("suzuki", slots={"evening": "18:00"})
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 22:00")
    case = town.case("suzuki")
    assert (case.step, case.due_at) == ("visit", office(f"{WEDNESDAY} 10:00"))


def test_a_visit_to_somebody_at_high_risk_is_never_put_off_to_the_morning(town: Town) -> None:
    town.home("suzuki", slots={"morning": "08:00"}, risk_class="high")
    town.silent("suzuki", f"{TUESDAY}/morning")
    town.until(f"{TUESDAY} 22:05")
    case = town.case("suzuki")
    assert case.step == "visit"
    assert case.due_at == office(f"{TUESDAY} 23:00")


def test_a_step_with_nobody_to_ask_is_skipped_and_said_so(town: Town) -> None:
    missed_twice(town, contacts=("welfare_commissioner",))
    town.until(f"{TUESDAY} 09:05")
    case = town.case("suzuki")
    assert case.step == "welfare_commissioner"
    assert [row.why for row in town.history("case", case.id) if "飛ばし" in row.why] == [
        "「家族に連絡する」は飛ばしました: 電話番号のある家族の登録がありません",
        "「協力員に連絡する」は飛ばしました: 電話番号のある協力員の登録がありません",
    ]


def test_without_consent_nobody_is_told(town: Town) -> None:
    missed_twice(town, consents=())
    town.until(f"{TUESDAY} 09:05")
    case = town.case("suzuki")
    assert case.step == "visit"
    assert [row.why for row in town.history("case", case.id) if "同意" in row.why] == [
        "「家族に連絡する」は飛ばしました: 家族に知らせる同意がありません",
        "「協力員に連絡する」は飛ばしました: 協力員に知らせる同意がありません",
        "「民生委員に連絡する」は飛ばしました: 民生委員に知らせる同意がありません",
    ]


def test_a_home_without_a_telephone_begins_with_the_family(town: Town) -> None:
    missed_twice(town, phone=None)
    assert town.case("suzuki").step == "family"


def test_nobody_at_all_to_ask_means_a_visit_at_once(town: Town) -> None:
    missed_twice(town, phone=None, contacts=())
    assert (town.case("suzuki").step, town.case("suzuki").severity) == ("visit", Severity.needs_visit)


def test_the_history_tells_once_why_a_case_was_opened(town: Town) -> None:
    missed_twice(town)
    told = [row.why for row in town.history("case", town.case("suzuki").id)]
    assert told[0] == "件を開きました"
    assert told.count(town.reasons("suzuki")[0].words) == 1


def test_a_step_that_comes_while_nobody_is_on_duty_says_so_in_the_history(town: Town) -> None:
    town.home("suzuki", slots={"evening": "18:00"})
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 18:36")
    by_night = [row.why for row in town.history("case", town.case("suzuki").id)]
    assert "本人に電話する(当番なし)" in by_night


def test_a_step_in_office_hours_says_nothing_of_duty(town: Town) -> None:
    missed_twice(town)
    by_day = [row.why for row in town.history("case", town.case("suzuki").id)]
    assert "本人に電話する" in by_day


def test_every_step_is_a_row_of_history_and_a_late_one_says_so(town: Town) -> None:
    missed_twice(town)
    town.until(f"{TUESDAY} 08:50")
    rows = town.history("case", town.case("suzuki").id)
    assert [(row.old, row.new, row.why) for row in rows if "電話" in row.why] == [
        (None, "phone_resident", "本人に電話する"),
        ("phone_resident", "phone_resident", "「本人に電話する」が 11/24 08:50 までに済みませんでした"),
        ("phone_resident", "phone_resident_again", "本人にもう一度電話する"),
    ]


def test_an_overdue_visit_stays_overdue_and_asks_no_more_of_the_clock(town: Town) -> None:
    missed_twice(town)
    town.until(f"{WEDNESDAY} 07:00")
    case = town.case("suzuki")
    assert (case.step, case.due_at) == ("visit", office(f"{TUESDAY} 17:15"))
    assert "「訪問する」が 11/24 17:15 までに済みませんでした" in [
        row.why for row in town.history("case", case.id)
    ]
    assert [row for row in town.due() if (row.kind, row.subject) == (DueKind.ladder_step, case.id)] == []


def test_something_graver_climbs_its_own_ladder_and_resets_no_clock(town: Town) -> None:
    missed_twice(town)
    town.until(f"{TUESDAY} 08:45")
    before = town.case("suzuki")
    town.answers("suzuki", f"{TUESDAY}/evening", Intent.emergency)
    case = town.case("suzuki")
    assert (case.id, case.severity, case.step) == (before.id, Severity.emergency, "call_back")
    assert case.opened_at == before.opened_at
    assert case.due_at == office(f"{TUESDAY} 08:48")


def test_a_step_that_was_late_stays_late_when_something_graver_comes(town: Town) -> None:
    missed_twice(town)
    town.until(f"{TUESDAY} 18:00:20")
    late = town.case("suzuki").due_at
    assert late < town.clock.now()
    town.answers("suzuki", f"{TUESDAY}/evening", Intent.emergency)
    assert town.case("suzuki").due_at == late


def test_a_request_to_talk_never_climbs_to_a_visit(town: Town) -> None:
    town.home("sato", slots={"evening": "18:00"})
    town.until(f"{MONDAY} 18:00:20")
    town.answers("sato", EVENING, Intent.wants_talk)
    town.until(f"{TUESDAY} 17:00")
    case = town.case("sato")
    assert (case.step, case.severity, case.due_at) == (
        "talk",
        Severity.needs_check,
        office(f"{MONDAY} 22:00:20"),
    )
