"""The relative's link: opening it changes nothing, a press of a button takes effect once, and it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, insert, select, update

from contract.ids import uuid7
from contract.time import office_date
from hub.access import Action, what_did
from hub.notices import links
from hub.notices.people import Recipient
from hub.service import Hub
from hub.store import tables as t
from tests.cast import SUZUKI
from tests.clock import TravellingClock
from tests.dashboard.homes import Homes

RELATIVE = Recipient(f"contact/{SUZUKI}/1", "鈴木 恵子")


@pytest.fixture
def link(hub: Hub, homes: Homes, clock: TravellingClock) -> str:
    """鈴木 has been silent for twelve hours; her daughter holds a link, and the case has come to the relatives' step."""
    homes.until("2026-11-23 18:30")
    homes.silent("evening", SUZUKI)
    homes.until("2026-11-24 06:40")
    assert case(hub).step == "family"

    return link_of(hub, homes, clock, RELATIVE)


def case(hub: Hub) -> Any:
    """The case of 鈴木's household, the newest."""
    with hub.store.read() as conn:
        return conn.execute(
            select(t.case)
            .join(t.resident, t.resident.c.household_id == t.case.c.household_id)
            .where(t.resident.c.id == SUZUKI, t.case.c.lane == "person")
            .order_by(t.case.c.opened_at.desc())
        ).first()


def history(hub: Hub) -> list[str]:
    with hub.store.read() as conn:
        return list(
            conn.scalars(
                select(t.transition.c.why)
                .where(t.transition.c.subject == case(hub).id)
                .order_by(t.transition.c.id)
            )
        )


def snapshot(hub: Hub) -> list[Any]:
    with hub.store.read() as conn:
        tables = (t.case, t.reason, t.transition, t.family_link, t.absence, t.resident)
        return [conn.execute(select(table)).all() for table in tables]


def test_opening_the_page_changes_nothing_however_often(web: TestClient, hub: Hub, link: str) -> None:
    before = snapshot(hub)
    for _ in range(3):
        page = web.get(link)
        assert page.status_code == 200
        assert web.head(link).status_code in (200, 405)
    assert snapshot(hub) == before
    assert "鈴木 キヨ 様" in page.text
    for secret in ("岩村", "0573-43-0002", "応答", SUZUKI, "high"):
        assert secret not in page.text.replace("応答なし", ""), secret


def test_met_settles_the_silence_and_says_who_reported_it(web: TestClient, hub: Hub, link: str) -> None:
    assert web.post(link, data={"answer": "met"}).status_code == 303
    row = case(hub)
    assert (row.outcome, row.owner) == ("met", None)
    assert row.closed_at is not None
    assert any("家族の 鈴木 恵子 さんが会えました" in why for why in history(hub))
    assert "確かめることができました" in web.get(link).text


def test_the_same_answer_twice_is_one(web: TestClient, hub: Hub, link: str) -> None:
    for _ in range(2):
        web.post(link, data={"answer": "not_met"})
    assert sum("会えませんでした" in why for why in history(hub)) == 1


def test_not_met_goes_on_to_the_next_step_at_once(web: TestClient, hub: Hub, link: str) -> None:
    before = case(hub)
    web.post(link, data={"answer": "not_met"})
    after = case(hub)
    assert before.step == "family"
    assert after.step != "family"
    assert after.closed_at is None
    page = web.get(link).text
    assert "「会えない」と受け取りました" in page
    assert "●" not in page.split('role="status"')[1].split("</div>")[0], "the sign of good news"


def test_who_could_not_meet_may_say_later_that_they_met(web: TestClient, hub: Hub, link: str) -> None:
    web.post(link, data={"answer": "not_met"})
    web.post(link, data={"answer": "met"})
    assert case(hub).outcome == "met"


def brother(hub: Hub, phone: str | None = None) -> None:
    """鈴木 has a son, too, whom nobody has asked yet."""
    hub.store.write(
        lambda conn: (
            conn.execute(
                insert(t.contact).values(
                    resident_id=SUZUKI, position=9, role="family_contact", name="鈴木 健一", phone=phone
                )
            )
            and None
        )
    )


def link_of(hub: Hub, homes: Homes, clock: TravellingClock, who: Recipient) -> str:
    def make(conn: Connection) -> tuple[str, Any]:
        family = hub.notices.settings.family
        made = links.ensure(conn, homes.case_of(SUZUKI), SUZUKI, who, family, clock.now(), uuid7)
        assert made is not None
        return made

    return f"/f/{hub.notices.signer.token(*hub.store.write(make))}"


def test_who_cannot_go_settles_nothing_and_lets_the_next_one_be_asked_at_once(
    web: TestClient, hub: Hub, link: str
) -> None:
    for _ in range(2):
        assert web.post(link, data={"answer": "cannot_go"}).status_code == 303
    after = case(hub)
    assert (after.closed_at, after.outcome) == (None, None)
    assert after.step == "visit", (
        "the 協力員 is missing and the 民生委員 may not be told: the next is a visit"
    )
    assert history(hub).count("家族の 鈴木 恵子 さんは行けません") == 1
    page = web.get(link).text
    assert "「行けません」と受け取りました" in page
    assert "●" not in page.split('role="status"')[1].split("</div>")[0], "the sign of good news"


def test_while_another_relative_may_still_go_the_case_stays_at_theirs(
    web: TestClient, hub: Hub, homes: Homes, clock: TravellingClock, link: str
) -> None:
    brother(hub)
    his = link_of(hub, homes, clock, Recipient(f"contact/{SUZUKI}/9", "鈴木 健一"))
    web.post(link, data={"answer": "cannot_go"})
    assert case(hub).step == "family"
    assert any("行けません。ほかの家族の返事を待ちます" in why for why in history(hub))
    web.post(his, data={"answer": "cannot_go"})
    assert case(hub).step != "family"


@pytest.mark.parametrize(("now", "staffed"), [("2026-11-24 06:40", False), ("2026-11-24 08:40", True)])
def test_a_relative_who_has_only_a_phone_is_waited_for_while_somebody_is_there_to_phone(
    web: TestClient, hub: Hub, homes: Homes, clock: TravellingClock, link: str, now: str, staffed: bool
) -> None:
    brother(hub, phone="090-0000-0009")
    _put_back_to_the_relatives(hub, homes, now)
    web.post(link, data={"answer": "cannot_go"})
    assert (case(hub).step == "family") is staffed


def _put_back_to_the_relatives(hub: Hub, homes: Homes, at: str) -> None:
    homes.until(at)
    with_family = t.case.c.id == homes.case_of(SUZUKI)
    hub.store.write(
        lambda conn: conn.execute(update(t.case).where(with_family).values(step="family")) and None
    )


def test_who_cannot_go_does_not_end_the_step_of_somebody_else(
    web: TestClient, hub: Hub, homes: Homes, link: str
) -> None:
    homes.until("2026-11-24 07:20")
    assert (before := case(hub).step) == "visit"
    web.post(link, data={"answer": "cannot_go"})
    assert case(hub).step == before
    assert any("鈴木 恵子 さんは行けません" in why for why in history(hub))


def test_who_could_not_go_may_say_later_that_they_met(web: TestClient, hub: Hub, link: str) -> None:
    web.post(link, data={"answer": "cannot_go"})
    web.post(link, data={"answer": "met"})
    assert case(hub).outcome == "met"


@pytest.mark.parametrize("answer", ["not_met", "cannot_go"])
def test_outside_the_hours_nobody_is_promised_staff(
    web: TestClient, hub: Hub, homes: Homes, link: str, answer: str
) -> None:
    web.post(link, data={"answer": answer})
    said = web.get(link).text.split('role="status"')[1].split("</div>")[0]
    assert "勤務時間外" in said
    assert "8:30 から" in said
    assert "職員が" not in said
    homes.until("2026-11-24 09:00")
    said = web.get(link).text.split('role="status"')[1].split("</div>")[0]
    assert "勤務時間外" not in said
    assert "職員が" in said


def test_away_pauses_until_the_chosen_end(
    web: TestClient, hub: Hub, link: str, clock: TravellingClock
) -> None:
    until = clock.now() + timedelta(days=2)
    assert web.post(link, data={"answer": "away", "until": until.isoformat()}).status_code == 303
    with hub.store.read() as conn:
        absence = conn.execute(select(t.absence)).one()
    assert (absence.kind, absence.until, absence.resident_id) == ("out", until, SUZUKI)
    assert case(hub).outcome == "away"


@pytest.mark.parametrize("until", ["", "tomorrow", "2020-01-01T00:00:00+00:00", "2027-11-24T00:00:00+00:00"])
def test_an_absence_without_a_sensible_end_is_refused(
    web: TestClient, hub: Hub, link: str, until: str
) -> None:
    before = snapshot(hub)
    page = web.post(link, data={"answer": "away", "until": until})
    assert page.status_code == 409
    assert "1 か月の間で選んで" in page.text
    assert snapshot(hub) == before


def test_a_call_for_help_is_not_ended_by_a_link(web: TestClient, hub: Hub, homes: Homes, link: str) -> None:
    homes.calls_for_help(SUZUKI)
    web.post(link, data={"answer": "met"})
    row = case(hub)
    assert (row.severity, row.closed_at) == ("emergency", None)
    assert any("職員が確かめて閉じます" in why for why in history(hub))


@pytest.mark.parametrize("answer", ["not_met", "cannot_go"])
def test_a_case_in_somebodys_hands_stays_there(
    web: TestClient, hub: Hub, link: str, homes: Homes, answer: str
) -> None:
    from hub.outreach.operations import Desk

    hub.store.write(lambda conn: Desk(conn, "mori", hub.clock.now(), hub.policy).take(homes.case_of(SUZUKI)))
    web.post(link, data={"answer": answer})
    assert case(hub).step == "family"
    web.post(link, data={"answer": "met"})
    row = case(hub)
    assert (row.owner, row.closed_at, row.step) == ("mori", None, "confirm_and_close")


def _expire(hub: Hub, clock: TravellingClock) -> None:
    clock.forward(days=2)


def _revoke(hub: Hub, clock: TravellingClock) -> None:
    with hub.store.read() as conn:
        [link_id] = conn.scalars(select(t.family_link.c.id)).all()
    hub.store.write(lambda conn: links.revoke(conn, link_id, clock.now()))


@pytest.mark.parametrize("end", [_expire, _revoke])
def test_a_link_that_is_over_opens_nothing(
    web: TestClient,
    hub: Hub,
    link: str,
    clock: TravellingClock,
    end: Callable[[Hub, TravellingClock], None],
) -> None:
    end(hub, clock)
    before = snapshot(hub)
    for answer in (web.get(link), web.post(link, data={"answer": "met"})):
        assert answer.status_code == 410
        assert "使えなくなりました" in answer.text
        assert "鈴木" not in answer.text
    assert snapshot(hub) == before


def test_nobody_makes_a_link_without_the_key_and_guessing_must_wait(
    web: TestClient, hub: Hub, link: str, clock: TravellingClock
) -> None:
    with hub.store.read() as conn:
        [link_id] = conn.scalars(select(t.family_link.c.id)).all()
    forged = links.Signer("0" * 43).token(link_id, clock.now() + timedelta(days=1))
    assert web.get(f"/f/{forged}").status_code == 410
    assert web.get(f"/f/{link_id}").status_code == 410
    for _ in range(20):
        web.get(f"{link}x")
    assert "しばらく待って" in web.get(link).text
    clock.forward(minutes=30)
    assert web.get(link).status_code == 200


def test_presses_without_end_must_wait(web: TestClient, link: str) -> None:
    codes = [web.post(link, data={"answer": "not_met"}).status_code for _ in range(13)]
    assert codes == [303] * 12 + [429]


def test_another_site_cannot_press_the_button(web: TestClient, hub: Hub, link: str) -> None:
    answer = web.post(link, data={"answer": "met"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert case(hub).closed_at is None


def test_every_look_and_answer_stands_in_the_access_log(web: TestClient, hub: Hub, link: str) -> None:
    web.get(link)
    web.post(link, data={"answer": "met"})
    with hub.store.read() as conn:
        [link_id] = conn.scalars(select(t.family_link.c.id)).all()
        rows = what_did(conn, f"link:{link_id}")
    assert {(row.action, row.subject_kind) for row in rows} == {
        (Action.view, "resident"),
        (Action.write, "case"),
    }


def test_choices_lie_ahead_and_are_said_as_people_say_them(clock: TravellingClock) -> None:
    from dashboard.family import choices

    found = choices(clock.now())
    assert found[0].words == "きょうの夜 8 時まで"
    assert "(水)" in found[3].words
    assert office_date(clock.now()).isoformat() in found[0].value
