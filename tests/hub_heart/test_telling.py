"""Who is told of what: no notice without a reason, no reason without a notice, and everybody told hears when it is over."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from contract.events import Intent, Sos
from hub import due
from hub.notices import outbox
from hub.notices.notice import DUTY, Notice, NoticeKind, Subject
from hub.policy import Telling
from hub.store import tables as t
from hub.vocabulary import CaseOutcome, ReasonCode
from hub.watch import slots
from hub.work import Work
from tests.hub_heart.town import EVENING, MONDAY, MORNING, Town
from tests.still import still


@pytest.fixture
def silent(town: Town) -> Any:
    """鈴木 missed two slots in a row; her case."""
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.silent("suzuki", MORNING)
    town.until("2026-11-24 08:35")
    return town.case("suzuki")


def told(town: Town) -> list[tuple[str, str]]:
    """Kind and audience of everything that was not withdrawn."""
    return [(row.kind, row.audience) for row in town.notices() if row.withdrawn_at is None]


def test_a_case_that_comes_is_told_to_whoever_is_on_duty_once(town: Town, silent: Any) -> None:
    [notice] = town.notices()
    assert (notice.kind, notice.audience, notice.subject) == ("case_opened", "duty", silent.id)
    assert notice.words == "大井 鈴木 一郎 様: 2回続けて応答なし(11/23 夕、11/24 朝)。次: 本人に電話する"


def test_contacts_are_told_at_their_step_and_not_before(town: Town, silent: Any) -> None:
    town.until("2026-11-24 09:04")
    assert told(town) == [("case_opened", "duty")]
    town.until("2026-11-24 09:06")
    assert told(town)[1:] == [("step", "contacts")]
    assert town.notices()[1].audience_of == "suzuki/family_contact"
    town.until("2026-11-24 11:00")
    parties = [row.audience_of.split("/")[1] for row in town.notices("step")]
    assert parties == ["family_contact", "helper", "welfare_commissioner"]


def test_a_late_answer_withdraws_what_is_not_out_and_tells_those_who_were_told(
    town: Town, silent: Any
) -> None:
    town.until("2026-11-24 09:10")
    town.answers("suzuki", MORNING)
    rows = town.notices()
    assert [row.kind for row in rows if row.withdrawn_at is not None] == ["case_opened", "step"]
    [clear] = [row for row in rows if row.withdrawn_at is None]
    assert (clear.kind, clear.audience, clear.subject) == ("all_clear", "told", silent.id)


def test_closing_by_hand_is_an_all_clear_too(town: Town, silent: Any) -> None:
    with town.desk() as desk:
        desk.take(silent.id)
        desk.close(silent.id, CaseOutcome.met, "庭にいた")
    assert [row.kind for row in town.notices()][-1] == "all_clear"


def test_a_call_for_help_in_a_case_that_is_known_is_told_to_its_owner_at_once(
    town: Town, silent: Any
) -> None:
    with town.desk() as desk:
        desk.take(silent.id)
    town.send("suzuki", Sos(trigger="button"))
    emergency = town.notices("emergency")[0]
    assert (emergency.audience, emergency.urgency) == ("owner", "emergency")
    assert "緊急ボタン" in emergency.words


def test_a_box_that_must_be_mended_is_told_to_nobody(town: Town) -> None:
    town.home("takahashi")
    town.until(f"{MONDAY} 14:00")
    town.lost("takahashi")
    town.forward(hours=3)
    assert len(town.cases()) == 1
    assert town.notices() == []


def test_what_the_policy_calls_quiet_is_told_to_nobody() -> None:
    policy = msgspec.structs.replace(still(), telling=Telling(quiet=[ReasonCode.talk_request]))
    town = Town(policy=policy)
    town.home("sato")
    town.until("2026-11-23 18:01")
    town.answers("sato", EVENING, Intent.wants_talk)
    assert town.case("sato") is not None
    assert town.notices() == []


def test_many_silences_that_end_at_once_are_all_withdrawn(town: Town) -> None:
    with town.store.engine.begin() as conn, Work(conn, town.clock.now(), town.ids, town.policy) as work:
        for name in ("sato", "suzuki"):
            outbox.put(
                work,
                [
                    Notice(
                        key=name,
                        kind=NoticeKind.case_opened,
                        audience=DUTY,
                        subject=Subject("case", name),
                        words="-",
                    )
                ],
            )
            outbox.withdraw(work, [Subject("case", name)], "解消")
    assert [row.withdrawn_why for row in town.notices()] == ["解消", "解消"]


# ---- the hub itself -----------------------------------------------------------------------------------------


def blind(town: Town, **length: float) -> None:
    with town.store.engine.begin() as conn:
        due.lose_sight(conn, town.clock.now())
    town.forward(**length)
    with town.store.engine.begin() as conn:
        due.regain_sight(conn, town.clock.now(), town.policy)
    town.forward(minutes=10)


def test_a_blind_hub_is_told_about_itself_and_about_nobody_else(town: Town) -> None:
    for name in ("sato", "suzuki"):
        town.home(name)
    town.until("2026-11-24 08:30")
    blind(town, hours=1)
    assert [row.kind for row in town.notices()] == ["hub_blind", "hub_sees"]
    assert "応答がなくても本人の異変とは限りません" in town.notices()[0].words


def test_a_blink_is_told_to_nobody(town: Town) -> None:
    town.home("sato")
    blind(town, seconds=30)
    assert town.notices() == []


def test_a_hub_that_stood_still_says_so_when_it_is_back(town: Town) -> None:
    town.home("sato")
    town.sweep()
    town.restart_after(minutes=20)
    [notice] = town.notices()
    assert notice.kind == "hub_blind"
    assert "20分)止まっていました" in notice.words


def test_a_thousand_homes_that_answer_while_the_hub_is_down_cause_no_notice_about_anybody(town: Town) -> None:
    """P6: ten minutes of outage at the time of the questions, 0 false notices, and everybody settles."""
    homes = 1000
    with town.store.engine.begin() as conn:
        names = [f"r{number:04d}" for number in range(homes)]
        conn.execute(
            t.household.insert(),
            [
                {"id": name, "district": "oi", "address": "-", "phone": "0573", "lives_alone": True}
                for name in names
            ],
        )
        conn.execute(
            t.resident.insert(),
            [
                {
                    "id": name,
                    "household_id": name,
                    "name": name,
                    "kana": "-",
                    "kana_key": "-",
                    "call_name": "-",
                    "risk_class": "standard",
                    "enrolled_at": town.clock.now(),
                }
                for name in names
            ],
        )
        conn.execute(
            t.device.insert(),
            [
                {
                    "id": f"d-{name}",
                    "resident_id": name,
                    "registered_at": town.clock.now(),
                    "presence": "online",
                    "presence_at": town.clock.now(),
                    "session": "s1",
                    "muted": False,
                }
                for name in names
            ],
        )
        conn.execute(
            t.schedule.insert(),
            [
                {
                    "resident_id": name,
                    "name": "morning",
                    "at": "08:00",
                    "weekdays": [1, 2, 3, 4, 5, 6, 7],
                    "on_holidays": True,
                }
                for name in names
            ],
        )
    with town.store.engine.begin() as conn, Work(conn, town.clock.now(), town.ids, town.policy) as work:
        for name in names:
            slots.enrol(work, name)
    town.until("2026-11-24 08:30")
    town.restart_after(minutes=10)
    for name in names:
        town.answers(name, MORNING, at=town.clock.now() - timedelta(minutes=8), late=True)
    town.forward(hours=12)
    with town.store.read() as conn:
        states = conn.scalars(select(t.slot.c.state).where(t.slot.c.day == date(2026, 11, 24))).all()
    assert states == ["answered"] * homes
    assert town.cases() == []
    assert {row.subject_kind for row in town.notices()} == {"hub"}
