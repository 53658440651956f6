"""The board and the household page: what stands on them, and what their buttons do."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update

from contract.events import Intent
from hub import access
from hub.access import Action
from hub.outreach.operations import Desk
from hub.service import Hub
from hub.store import tables as t
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.conftest import Enrol, log_in
from tests.dashboard.homes import Homes

HX = {"HX-Request": "true"}


@pytest.fixture
def unwell(homes: Homes) -> str:
    """佐藤 said on Tuesday at 8:05 that she feels unwell; the id of her case."""
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    return homes.case_of(cast.SATO)


def _section(page: str, name: str) -> str:
    return page.split(f'<section class="{name}"')[1].split("</section>")[0]


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_row_reads_as_a_person_would_say_it(
    unwell: str, logged_in: TestClient, clock: TravellingClock
) -> None:
    clock.forward(minutes=42)
    row = _text(_section(logged_in.get("/").text, "queue"))
    for words in (
        "◆ 要確認",
        "佐藤 ハル",
        "サトウ ハル",
        "86歳",
        "長島",
        "独居",
        "8:05",
        "42分前から",
        "担当なし",
        "引き受ける",
    ):
        assert words in row, words


def test_a_reason_that_names_its_moment_is_given_no_second_one(logged_in: TestClient, homes: Homes) -> None:
    homes.until("2026-11-24 08:05")
    homes.calls_for_help(cast.ITO)
    log_in(logged_in, "mori")
    for path, name in (("/", "queue"), ("/households/h-ito", "open-case case-emergency")):
        assert "助けを求める声(11/24 08:05) たった今" in _text(_section(logged_in.get(path).text, name)), path


def test_a_step_not_done_in_time_says_by_how_much(
    unwell: str, logged_in: TestClient, hub: Hub, clock: TravellingClock
) -> None:
    with hub.store.read() as conn:
        due = conn.scalar(t.case.select().with_only_columns(t.case.c.due_at).where(t.case.c.id == unwell))
    assert due is not None
    clock.travel(due + timedelta(minutes=12))
    page = logged_in.get("/").text
    assert "12分超過" in page
    assert "due-late" in page


def test_the_lane_of_lines_is_a_section_of_its_own(logged_in: TestClient, homes: Homes) -> None:
    homes.until("2026-11-24 08:02")
    homes.answers("morning", cast.SATO, cast.SUZUKI, cast.ITO)
    homes.lost(cast.TAKAHASHI)
    homes.until("2026-11-24 08:10")
    log_in(logged_in, "mori")
    page = logged_in.get("/").text
    assert "髙橋" in _section(page, "lines")
    assert "通信途絶" in _section(page, "lines")
    assert "髙橋" not in _section(page, "queue")


def test_an_empty_queue_is_proud_and_honest(logged_in: TestClient, homes: Homes) -> None:
    homes.until("2026-11-24 08:33")
    homes.answers("morning", cast.SATO, cast.SUZUKI, cast.ITO)
    log_in(logged_in, "mori")
    queue = _text(_section(logged_in.get("/").text, "queue"))
    assert "対応が必要な世帯はありません。" in queue
    assert "きょうは5世帯中 3世帯 の応答を確認、これから声かけ 2人" in queue


def test_a_hub_without_residents_does_not_pretend_that_all_is_well(logged_in: TestClient, hub: Hub) -> None:
    def nobody_left(conn: object) -> None:
        conn.execute(update(t.resident).values(ended_at=hub.clock.now() - timedelta(days=1)))  # type: ignore[attr-defined]

    hub.store.write(nobody_left)
    page = logged_in.get("/").text
    assert "まだ登録されていません" in page
    assert "ありません。</p>\n        <p>きょうは" not in page


def test_the_date_is_written_as_the_office_writes_it(logged_in: TestClient) -> None:
    assert "令和8年11月23日(月)" in logged_in.get("/").text


def test_all_thirteen_districts_are_on_the_board_in_words(logged_in: TestClient, homes: Homes) -> None:
    homes.until("2026-11-24 08:05")
    homes.calls_for_help(cast.ITO)
    log_in(logged_in, "mori")
    districts = _section(logged_in.get("/").text, "districts")
    names = re.findall(r"<h3>(?:<a [^>]*>)?([^\s<]+)(?:</a>)? <span", districts)
    assert (
        "・".join(names) == "大井・長島・東野・三郷・武並・笠置・中野方・飯地・岩村・山岡・明智・串原・上矢作"
    )
    card = _text(districts.split('id="district-kamiyahagi"')[1])
    assert "緊急 1" in card


def test_a_name_that_holds_markup_is_shown_as_it_is_written(
    unwell: str, logged_in: TestClient, hub: Hub
) -> None:
    evil = '<script>alert("1")</script>'
    hub.store.write(lambda conn: conn.execute(update(t.resident).values(name=evil)))
    for path in ("/", "/households/h-sato"):
        page = logged_in.get(path).text
        assert evil not in page
        assert "&lt;script&gt;" in page


def test_pages_hold_nothing_inline(unwell: str, logged_in: TestClient) -> None:
    for path in ("/", "/households/h-sato", "/password", "/login", "/nothing"):
        page = logged_in.get(path).text
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page), path
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page), path


def test_taking_a_case_from_the_board_is_one_press(unwell: str, logged_in: TestClient, hub: Hub) -> None:
    answer = logged_in.post(f"/cases/{unwell}/take", headers=HX)
    assert answer.status_code == 200
    assert "引き受けました" in answer.text
    row = _text(_section(logged_in.get("/").text, "queue"))
    assert "担当 森 さつき" in row
    assert "担当なし" not in row.split("担当なし 0")[-1]


def test_without_scripts_the_same_press_leads_back_to_the_board(unwell: str, logged_in: TestClient) -> None:
    answer = logged_in.post(f"/cases/{unwell}/take")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_case_that_a_colleague_took_first_says_so(
    unwell: str, logged_in: TestClient, hub: Hub, account: Enrol
) -> None:
    account("hotta", name="堀田 健")
    now = hub.clock.now()
    hub.store.write(lambda conn: Desk(conn, "hotta", now, hub.policy).take(unwell))
    answer = logged_in.post(f"/cases/{unwell}/take", headers=HX)
    assert answer.status_code == 409
    assert "対応中です" in answer.text


def test_the_household_page_tells_who_is_called_in_which_order(unwell: str, logged_in: TestClient) -> None:
    page = _text(logged_in.get("/households/h-sato").text)
    for words in (
        "佐藤 ハル",
        "S15.4.1",
        "家族 佐藤 一郎",
        "協力員 加藤 みどり",
        "民生委員 近藤 正",
        "090-0000-0001",
        "社協・民生委員との共有",
    ):
        assert words in page, words
    assert page.index("佐藤 一郎") < page.index("加藤 みどり") < page.index("近藤 正")


def test_the_calendar_reads_morning_before_evening(logged_in: TestClient, homes: Homes) -> None:
    homes.until("2026-11-23 18:02")
    homes.answers("evening", cast.SATO)
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.pain)
    log_in(logged_in, "mori")
    calendar = (
        logged_in.get("/households/h-sato").text.split('<table class="calendar"')[1].split("</table>")[0]
    )
    assert re.findall(r'<th scope="row">(.)</th>', calendar) == ["朝", "夕"]
    assert "痛みがある" in calendar


def test_looking_at_a_household_is_written_down(logged_in: TestClient, hub: Hub) -> None:
    logged_in.get("/households/h-sato")
    with hub.store.read() as conn:
        (look,) = access.who_saw(conn, cast.SATO)
    assert (look.actor_name, look.action) == ("森 さつき", Action.view)


def test_the_board_writes_down_whom_it_showed(unwell: str, logged_in: TestClient, hub: Hub) -> None:
    logged_in.get("/")
    with hub.store.read() as conn:
        assert len(access.who_saw(conn, cast.SATO)) == 1
        assert access.who_saw(conn, cast.TANAKA) == []


def test_a_print_is_written_down(logged_in: TestClient, hub: Hub) -> None:
    assert logged_in.post("/printed", data={"what": "/households/h-sato"}).status_code == 204
    with hub.store.read() as conn:
        did = access.what_did(conn, "mori")
    assert (did[0].action, did[0].subject) == (Action.print, "/households/h-sato")


def test_a_call_is_written_up_on_the_household_page(unwell: str, logged_in: TestClient) -> None:
    base = f"/households/h-sato/cases/{unwell}"
    assert logged_in.post(f"{base}/take").headers["location"] == "/households/h-sato"
    assert (
        logged_in.post(f"{base}/phoned", data={"reached": "false", "text": "留守番電話"}).status_code == 303
    )
    assert logged_in.post(f"{base}/note", data={"text": "娘さんに連絡した"}).status_code == 303
    page = logged_in.get("/households/h-sato").text
    assert "留守番電話" in page
    assert "娘さんに連絡した" in page
    assert logged_in.post(f"{base}/close", data={"outcome": "met", "text": "お元気でした"}).status_code == 303
    page = logged_in.get("/households/h-sato").text
    assert "いま対応が必要なことはありません" in page
    assert "終わった件" in page


def test_what_cannot_be_done_is_told_on_the_same_page(unwell: str, logged_in: TestClient) -> None:
    answer = logged_in.post(f"/households/h-sato/cases/{unwell}/note", data={"text": "x"})
    assert answer.status_code == 409
    assert "まず引き受けてください" in answer.text
    assert "佐藤 ハル" in answer.text


def test_a_missing_choice_is_one_sentence(unwell: str, logged_in: TestClient) -> None:
    answer = logged_in.post(f"/households/h-sato/cases/{unwell}/close", data={"outcome": ""})
    assert answer.status_code == 422
    assert "「outcome」の値がないか、正しくありません" in answer.text


def test_an_absence_is_entered_in_office_time_and_ended(logged_in: TestClient, homes: Homes) -> None:
    path = "/households/h-tanaka"
    form = {"kind": "out", "until": "2026-11-26T12:00"}
    assert logged_in.post(f"{path}/residents/tanaka/absences", data=form).status_code == 303
    page = logged_in.get(path).text
    assert "11月26日 12:00 まで" in page
    assert "外出中" in page
    end = re.search(r'action="(/households/h-tanaka/absences/[^"]+/end)"', page)
    assert end is not None
    assert logged_in.post(end[1]).status_code == 303
    assert "いまはありません" in logged_in.get(path).text
    past = logged_in.post(
        f"{path}/residents/tanaka/absences", data={"kind": "out", "until": "2020-01-01T12:00"}
    )
    assert past.status_code == 409
    assert "過去の日時" in past.text


def test_a_welfare_commissioner_has_a_list_of_six_fields_and_nothing_else(
    web: TestClient, hub: Hub, account: Enrol, unwell: str
) -> None:
    log_in(web, account("kondo", role="welfare_commissioner", district="osashima", name="近藤 正"))
    page = _text(web.get("/").text)
    for words in ("佐藤 ハル", "長島町中野1-2", "S15.4.1", "要確認"):
        assert words in page
    for secret in ("鈴木", "サトウ", "0573-26-0001", "体調"):
        assert secret not in page, secret
    assert web.get("/households/h-sato").status_code == 403
    assert web.post(f"/cases/{unwell}/take", headers=HX).status_code == 403
    with hub.store.read() as conn:
        assert access.who_saw(conn, cast.SATO)[0].actor == "kondo"
        assert access.who_saw(conn, cast.SUZUKI) == []


def test_whoever_is_flagged_stands_first_before_a_welfare_commissioner(
    web: TestClient, hub: Hub, homes: Homes, account: Enrol
) -> None:
    cast.enrol(hub.store, hub.clock, hub.policy, re.sub(r"(?m)^([Hh]-\w+),[^,]+,", r"\1,長島,", cast.ROSTER))
    homes.until("2026-11-23 18:02")
    homes.answers("evening", *cast.RESIDENTS)
    homes.until("2026-11-24 07:35")
    homes.lost(cast.TAKAHASHI)
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    homes.calls_for_help(cast.ITO)
    log_in(web, account("kondo", role="welfare_commissioner", district="osashima", name="近藤 正"))
    page = web.get("/").text
    names = re.findall(r'role="rowheader">(\S+)', page)
    assert names == ["伊藤", "佐藤", "髙橋", "鈴木", "田中"], (
        "emergency, to be checked, line down; then by reading"
    )
    assert "うち確認が必要 3 人" in _text(page)


def test_a_household_that_is_not_there_says_so(logged_in: TestClient) -> None:
    answer = logged_in.get("/households/nowhere")
    assert answer.status_code == 403
    assert "見つからないか、担当の地区ではありません" in answer.text


def test_a_household_nobody_lives_in_is_named_by_its_address(
    unwell: str, logged_in: TestClient, hub: Hub
) -> None:
    now = hub.clock.now()
    hub.store.write(lambda conn: conn.execute(update(t.resident).values(ended_at=now)))
    for path in ("/", "/households/h-sato"):
        assert "長島町中野1-2" in logged_in.get(path).text


def test_a_district_without_a_row_still_has_a_page(web: TestClient, hub: Hub, account: Enrol) -> None:
    log_in(web, account("kondo", role="welfare_commissioner", district="oi", name="近藤 正"))
    hub.store.write(lambda conn: conn.execute(delete(t.schedule)))
    assert "この地区に見守り対象者はいません" in web.get("/").text
