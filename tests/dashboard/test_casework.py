"""What a CSW does on a household's page, and a program through `/api/v1`: assign, hand over, plan, visit, open again."""

import pytest
from fastapi.testclient import TestClient

from contract.events import Intent
from hub import access
from hub.service import Hub
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.conftest import Enrol, log_in
from tests.dashboard.homes import Homes
from tests.dashboard.test_api import Bearer

HOME = "/households/h-sato"


@pytest.fixture
def case(homes: Homes) -> str:
    """佐藤 said on Tuesday at 8:05 that she feels unwell."""
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    return homes.case_of(cast.SATO)


@pytest.fixture
def mori(web: TestClient, account: Enrol, case: str) -> TestClient:
    account("kato", name="加藤 実")
    log_in(web, account())
    return web


def visit_form(hub: Hub, **changes: object) -> dict[str, object]:
    form: dict[str, object] = {
        "assignee": "kato",
        "planned_for": "2026-11-24T11:00",
        "program": "safety",
        "purpose": "体調を確かめる",
        "scope_do": "玄関で話を聞く",
        "scope_dont": "受診をすすめすぎない",
        "coordination": list(hub.policy.visit.coordination),
    }
    return form | changes


def test_a_visit_is_assigned_shown_and_written_up(mori: TestClient, case: str, hub: Hub) -> None:
    assert mori.post(f"{HOME}/cases/{case}/visits", data=visit_form(hub)).status_code == 303
    page = mori.get(HOME).text
    for words in (
        "安否確認訪問",
        "加藤 実",
        "体調を確かめる",
        "受診をすすめすぎない",
        "✓ 民生委員に最近の様子を聞いた",
    ):
        assert words in page, words
    assert "加藤 実 さんに安否確認訪問を割り当てました" in page, "by name, not by login"
    visit = page.split('id="visit-')[1].split('"')[0]
    said = {"outcome": "met", "text": "庭にいた", "visited_at": "", "follow_up_on": ""}
    assert mori.post(f"{HOME}/visits/{visit}/outcome", data=said).status_code == 303
    page = mori.get(HOME).text
    assert "安否確認訪問: 会えた。庭にいた" in page
    assert "いま対応が必要なことはありません" in page


def test_whoever_is_on_the_road_finds_the_own_visit_and_nobody_elses_cases(
    mori: TestClient, case: str, hub: Hub, homes: Homes
) -> None:
    mori.post(f"{HOME}/cases/{case}/visits", data=visit_form(hub))
    homes.calls_for_help(cast.ITO)
    mori.post(f"/cases/{homes.case_of(cast.ITO)}/take")
    assert "佐藤" not in mori.get("/mine").text
    assert "伊藤 ヨシ" in mori.get("/mine").text
    log_in(mori, "kato")
    page = mori.get("/mine").text
    for words in (
        "佐藤 ハル",
        "11:00",
        "長島町中野1-2",
        "tel:0573260001",
        "体調を確かめる",
        "玄関で話を聞く",
    ):
        assert words in page, words
    assert "伊藤" not in page
    with hub.store.read() as conn:
        assert "kato" in [one.actor for one in access.who_saw(conn, cast.SATO)]


def test_a_district_has_its_cases_on_a_page_of_their_own(
    mori: TestClient, case: str, hub: Hub, homes: Homes
) -> None:
    homes.calls_for_help(cast.ITO)
    page = mori.get("/districts/osashima").text
    assert "長島地区" in page
    assert "佐藤 ハル" in page
    assert "伊藤" not in page
    assert 'href="/districts/osashima"' in mori.get("/").text
    with hub.store.read() as conn:
        assert "mori" in [one.actor for one in access.who_saw(conn, cast.SATO)]
    assert "この地区にいま対応が必要な件はありません" in mori.get("/districts/iiji").text
    assert mori.get("/districts/nowhere").status_code == 404


def test_whoever_has_nothing_in_hand_is_told_so(mori: TestClient) -> None:
    assert "いま担当している件はありません" in mori.get("/mine").text


def test_an_unprepared_visit_says_what_is_missing(mori: TestClient, case: str, hub: Hub) -> None:
    answer = mori.post(f"{HOME}/cases/{case}/visits", data=visit_form(hub, purpose="", coordination=[]))
    assert answer.status_code == 409
    assert "訪問に出る前に決めてください: 目的、本人(または家族)に訪問を伝えた" in answer.text


def test_a_wrong_time_of_a_visit_is_a_sentence(mori: TestClient, case: str, hub: Hub) -> None:
    mori.post(f"{HOME}/cases/{case}/visits", data=visit_form(hub))
    visit = mori.get(HOME).text.split('id="visit-')[1].split('"')[0]
    answer = mori.post(f"{HOME}/visits/{visit}/outcome", data={"outcome": "met", "follow_up_on": "あした"})
    assert answer.status_code == 422
    assert "日時が正しくありません" in answer.text


def test_a_hand_over_is_offered_and_accepted_in_two_browsers(mori: TestClient, case: str, hub: Hub) -> None:
    mori.post(f"{HOME}/cases/{case}/take")
    offer = {"to": "kato", "why": "地区の担当"}
    assert mori.post(f"{HOME}/cases/{case}/hand-over", data=offer).status_code == 303
    assert "加藤 実 さんに引き継ぎを申し出ました: 地区の担当" in mori.get(HOME).text
    assert "引き継ぎを受ける" not in mori.get(HOME).text, "it is not hers to accept"
    mori.post("/logout")
    log_in(mori, "kato")
    assert "引き継ぎを受ける" in mori.get(HOME).text
    refused = mori.post(f"{HOME}/cases/{case}/take")
    assert "この件は 森 さつき さんが対応中です" in refused.text
    assert mori.post(f"{HOME}/cases/{case}/hand-over/accept").status_code == 303
    assert "加藤 実" in mori.get(HOME).text.split('class="owner')[1].split("</p>")[0]


def test_the_next_step_is_planned_and_a_closed_case_is_opened_again(
    mori: TestClient, case: str, clock: TravellingClock
) -> None:
    mori.post(f"{HOME}/cases/{case}/take")
    plan = {"words": "夕方に電話する", "at": "2026-11-24T17:00"}
    assert mori.post(f"{HOME}/cases/{case}/next", data=plan).status_code == 303
    assert "夕方に電話する" in mori.get(HOME).text
    mori.post(f"{HOME}/cases/{case}/close", data={"outcome": "met"})
    clock.forward(minutes=5)
    assert mori.post(f"{HOME}/cases/{case}/reopen", data={"why": "まちがえた"}).status_code == 303
    assert "もう一度開きました: まちがえた" in mori.get(HOME).text


def test_somebody_who_is_nobody_is_given_nothing(mori: TestClient, case: str) -> None:
    answer = mori.post(f"{HOME}/cases/{case}/assign", data={"to": "nobody"})
    assert answer.status_code == 409
    assert "アカウントがありません" in answer.text


def test_programs_do_the_same_and_read_the_meters(
    web: TestClient, case: str, hub: Hub, bearer: Bearer, account: Enrol
) -> None:
    account("kato", name="加藤 実")
    token = bearer()
    body = visit_form(hub, planned_for="2026-11-24T11:00:00+09:00")
    row = web.post(f"/api/v1/cases/{case}/visits", headers=token, json=body).json()
    assert (row["owner"], row["visit"]["purpose"]) == ("kato", "体調を確かめる")
    [visit] = web.get("/api/v1/visits?date=2026-11-24&assignee=kato", headers=token).json()
    [load] = web.get("/api/v1/caseload", headers=token).json()
    assert (load["account"], load["open_cases"], load["too_many"]) == ("kato", 1, False)
    path = f"/api/v1/visits/{visit['id']}"
    assert web.post(f"{path}/start", headers=token).status_code == 200
    assert web.post(f"{path}/outcome", headers=token, json={"outcome": "not_home"}).status_code == 200
    [row] = [one for one in web.get("/api/v1/outreach-queue", headers=token).json() if one["case_id"] == case]
    assert row["step_words"].startswith("不在。")
    many = {"cases": [case], "to": "nobody"}
    assert web.post("/api/v1/cases/assign", headers=token, json=many).status_code == 409
    assert web.post("/api/v1/cases/assign", headers=token, json=many | {"to": "kato"}).status_code == 200
    assert web.post(f"/api/v1/cases/{case}/merge", headers=token, json={"into": "none"}).status_code == 404


def test_a_role_without_the_queue_does_none_of_it(web: TestClient, case: str, bearer: Bearer) -> None:
    token = bearer("welfare_commissioner", district="osashima")
    for path, body in (
        (f"/api/v1/cases/{case}/reopen", {"why": "-"}),
        (f"/api/v1/cases/{case}/next", {"words": "-", "at": "2026-11-24T17:00:00+09:00"}),
        (f"/api/v1/cases/{case}/hand-over/decline", {"why": "-"}),
        ("/api/v1/visits/none/start", {}),
    ):
        assert web.post(path, headers=token, json=body).status_code == 403, path
    for path in ("/api/v1/duty", "/api/v1/caseload", "/api/v1/visits", "/api/v1/outages"):
        assert web.get(path, headers=token).status_code == 403, path


def test_the_board_says_when_nobody_is_on_duty(
    homes: Homes, web: TestClient, account: Enrol, bearer: Bearer
) -> None:
    """Monday the 23rd is a holiday."""
    log_in(web, account())
    assert "いまは当番がいません" in web.get("/").text
    assert "次は あす 8:30 から" in web.get("/").text
    assert web.get("/api/v1/duty", headers=bearer()).json()["staffed"] is False
    homes.until("2026-11-24 09:00")
    web.post("/logout")
    log_in(web, "mori")
    assert "いまは当番がいません" not in web.get("/").text


def test_the_page_of_the_meters_gives_many_cases_to_somebody_at_once(
    mori: TestClient, case: str, homes: Homes
) -> None:
    homes.answers("morning", cast.TAKAHASHI, intent=Intent.pain)
    other = homes.case_of(cast.TAKAHASHI)
    assert "だれも件を抱えていません" in mori.get("/caseload").text
    assert mori.post("/caseload/assign", data={"to": "kato"}).status_code == 409
    answer = mori.post("/caseload/assign", data={"to": "kato", "cases": [case, other]})
    assert answer.status_code == 303
    page = mori.get("/caseload").text
    assert "加藤 実" in page.split('class="load')[2]
    assert "2件" in page
    nobody = mori.post("/caseload/assign", data={"to": "kato", "cases": [case, "none"]})
    assert nobody.status_code == 403
