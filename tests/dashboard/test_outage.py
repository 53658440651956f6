"""An outage on the board, on its own page and in `/api/v1`: everybody on it, in the order in which to look after them."""

import re

import pytest
from fastapi.testclient import TestClient

from hub import access, views
from hub.access import Action
from hub.service import Hub
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.conftest import Enrol, log_in
from tests.dashboard.homes import Homes
from tests.dashboard.test_api import Bearer


@pytest.fixture
def outage(homes: Homes, hub: Hub, clock: TravellingClock) -> str:
    """All five live in 長島, and its power fails at 8:10, after 佐藤 answered; the id of the outage."""
    moved = re.sub(r"(?m)^(H-\w+|h-\w+),[^,]+,", r"\1,長島,", cast.ROSTER)
    cast.enrol(hub.store, clock, hub.policy, moved)
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO)
    homes.until("2026-11-24 08:10")
    homes.lost(*cast.RESIDENTS)
    homes.until("2026-11-24 08:20")
    with hub.store.read() as conn:
        [row] = views.outages(conn)
    return row.id


def test_the_board_shows_the_district_once_and_its_people_as_unknown(
    outage: str, logged_in: TestClient
) -> None:
    page = logged_in.get("/").text
    section = page.split('<section class="outages"')[1].split("</section>")[0]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", section))
    assert "長島地区 停電・回線障害" in words
    assert "5人のうち 5人が確認できません" in words
    assert f'href="/outages/{outage}"' in section
    assert "通信途絶(" not in page, "no case for every single line"
    assert '<dt><span class="shape" aria-hidden="true">✕</span>確認できない</dt><dd><b>5</b>' in page


def test_the_page_lists_everybody_with_who_answered_last_at_the_end(
    outage: str, logged_in: TestClient, hub: Hub
) -> None:
    page = logged_in.get(f"/outages/{outage}").text
    order = re.findall(r'id="person-(\w+)"', page)
    assert len(order) == 5
    assert set(order[:2]) == {cast.SUZUKI, cast.ITO}, "of risk class high"
    assert order[-1] == cast.SATO
    with hub.store.read() as conn:
        assert access.who_saw(conn, cast.SUZUKI)[0].action == Action.view


def test_a_csw_makes_sure_of_one_and_the_list_says_who_and_how(outage: str, logged_in: TestClient) -> None:
    answer = logged_in.post(f"/outages/{outage}/people/{cast.ITO}", data={"how": "phone"})
    assert answer.status_code == 303
    page = logged_in.get(f"/outages/{outage}").text
    assert "まだ確認できない人 <b>4人</b>" in page
    assert "電話で無事" in page.split(f'id="person-{cast.ITO}"')[1].split("</li>")[0]
    assert logged_in.post(f"/outages/{outage}/people/nobody", data={"how": "phone"}).status_code == 409
    assert logged_in.post(f"/outages/{outage}/people/{cast.ITO}", data={"how": "?"}).status_code == 422


def test_programs_see_and_write_the_same(outage: str, web: TestClient, bearer: Bearer) -> None:
    token = bearer()
    [row] = web.get("/api/v1/outages", headers=token).json()
    assert (row["state"], len(row["people"])) == ("outage", 5)
    path = f"/api/v1/outages/{outage}/people/{cast.SATO}"
    after = web.post(path, headers=token, json={"how": "met", "text": "玄関で"}).json()
    assert [one["checked_how"] for one in after["people"] if one["resident_id"] == cast.SATO] == ["met"]
    assert web.post(path, headers=token, json={"how": "maybe"}).status_code == 422
    assert web.post("/api/v1/outages/none/people/sato", headers=token, json={"how": "met"}).status_code == 404


def test_a_welfare_commissioner_sees_none_of_it(outage: str, web: TestClient, account: Enrol) -> None:
    log_in(web, account("kondo", role="welfare_commissioner", district="osashima"))
    assert web.get(f"/outages/{outage}").status_code == 403
