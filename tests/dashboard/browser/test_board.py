"""The board in a real Chromium: what a CSW sees, hears of the page itself, and does with the keyboard."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from contract.events import Intent
from dashboard.app import create_app
from dashboard.serve import Served, serve
from hub import access
from hub.access import Action
from hub.config import BrokerConfig, HubConfig
from hub.outreach import visits
from hub.outreach.operations import Desk
from hub.service import Hub
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock, office
from tests.dashboard import bigtown
from tests.dashboard.browser.conftest import Open
from tests.dashboard.browser.looking import SOON, Said, enter, violations
from tests.dashboard.conftest import OFFICE, PASSWORD, Enrol
from tests.dashboard.homes import Homes
from tests.still import still_file

pytestmark = pytest.mark.browser


def test_the_first_admin_comes_in_and_the_page_asks_nobody_else(
    hub: Hub, broker: Broker, open_page: Open
) -> None:
    password = access.ensure_first_admin(hub.store, hub.clock)
    assert password is not None
    hub.start()
    with serve(create_app(hub), "127.0.0.1", 0) as served:
        page = open_page()
        said = Said(page)
        page.goto(served.url)
        page.get_by_label("ログイン名").fill("admin")
        page.get_by_label("パスワード").fill(password)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="パスワードの変更")).to_be_visible()
        page.get_by_label("今のパスワード").fill(password)
        page.get_by_label("新しいパスワード 12文字以上").fill(PASSWORD)
        page.get_by_label("新しいパスワード(もう一度)").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("body.is-fresh")
        expect(page.get_by_text("令和8年11月23日(月)")).to_be_visible()
        expect(page.locator("#blind")).to_be_hidden()
        page.goto("about:blank")
    assert said.complained == []
    assert len(said.asked) > 8
    assert [url for url in said.asked if not url.startswith((served.url, "about:"))] == []


def test_a_call_for_help_appears_by_itself_and_the_focus_stays(
    served: Served, morning: Homes, open_page: Open
) -> None:
    page = open_page()
    enter(page, served.url)
    expect(page.get_by_role("heading", name="鈴木 キヨ")).to_be_visible()
    take = page.locator(".case-free").filter(has_text="鈴木 キヨ").get_by_role("button", name="引き受ける")
    take.focus()
    focused = page.evaluate("document.activeElement.id")
    page.evaluate("window.stayed = true")
    morning.calls_for_help(cast.ITO)
    row = page.locator(".case-emergency")
    expect(row).to_contain_text("伊藤 ヨシ", timeout=SOON)
    expect(row).to_contain_text("緊急")
    assert page.evaluate("window.stayed") is True, "the page was loaded anew"
    assert page.evaluate("document.activeElement.id") == focused
    assert page.title().startswith("【緊急1】")
    first = page.locator(".queue .case").first
    expect(first).to_contain_text("伊藤 ヨシ")


def test_a_case_is_taken_with_the_keyboard_and_the_focus_stays_in_its_row(
    served: Served, morning: Homes, open_page: Open
) -> None:
    page = open_page()
    enter(page, served.url)
    row = page.locator(".queue .case").filter(has_text="鈴木 キヨ")
    row.get_by_role("button", name="引き受ける").focus()
    page.keyboard.press("Enter")
    expect(row).to_contain_text("森 さつき", timeout=SOON)
    expect(row.get_by_role("button", name="引き受ける")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="引き受けました")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('.case')?.textContent.includes('鈴木 キヨ')")


def test_an_open_menu_stays_open_while_the_board_changes(
    served: Served, morning: Homes, open_page: Open
) -> None:
    page = open_page()
    enter(page, served.url)
    page.locator("#who summary").click()
    morning.calls_for_help(cast.ITO)
    expect(page.locator(".case-emergency")).to_contain_text("伊藤 ヨシ", timeout=SOON)
    expect(page.get_by_role("button", name="ログアウト")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="ログアウト")).to_be_hidden()


def test_times_go_on_by_themselves(served: Served, clock: TravellingClock, open_page: Open) -> None:
    page = open_page()
    enter(page, served.url)
    since = page.locator(".queue .case").filter(has_text="鈴木 キヨ").locator("time[data-since]")
    expect(since).to_have_text("14時間35分前から")
    clock.forward(minutes=2)
    expect(since).to_have_text("14時間37分前から", timeout=SOON)


def test_whoever_is_logged_out_elsewhere_sees_the_login_page(
    hub: Hub, served: Served, open_page: Open
) -> None:
    page = open_page()
    enter(page, served.url)
    access.disable_account(hub.store, hub.clock, "mori")
    expect(page.get_by_role("heading", name="ログイン")).to_be_visible(timeout=SOON)


def test_nothing_stands_in_the_way_of_anybody(
    hub: Hub, served: Served, morning: Homes, account: Enrol, open_page: Open
) -> None:
    morning.answers("morning", cast.SATO, intent=Intent.pain)
    morning.calls_for_help(cast.ITO)
    account("kondo", role="welfare_commissioner", district="osashima", name="近藤 正")
    page = open_page()
    page.goto(f"{served.url}/login")
    assert violations(page) == []
    enter(page, served.url)
    expect(page.locator(".case-emergency")).to_be_visible()
    assert violations(page) == []
    page.locator("#who summary").click()
    assert violations(page) == []
    page.locator(".queue .case").filter(has_text="鈴木 キヨ").get_by_role("button", name="引き受ける").click()
    expect(page.locator(".queue .case").filter(has_text="鈴木 キヨ")).to_contain_text(
        "森 さつき", timeout=SOON
    )
    page.goto(f"{served.url}/households/h-suzuki")
    for folded in page.locator(".pause summary").all():
        folded.click()
    assert violations(page) == []
    page.goto(f"{served.url}/password")
    assert violations(page) == []
    phone = open_page(390, 844)
    enter(phone, served.url, "kondo")
    assert violations(phone) == []


def _on_the_way(hub: Hub, morning: Homes) -> None:
    """森 is to visit 鈴木 at eleven."""
    case, now = morning.case_of(cast.SUZUKI), hub.clock.now()
    wanted = visits.Assignment(
        assignee="mori",
        planned_for=office("2026-11-24 11:00"),
        purpose="きのうの夕方から応答がないため、元気かどうかを確かめる",
        scope_do="玄関で声をかける",
        scope_dont="家の中に入らない",
        program="safety",
        coordination=tuple(hub.policy.visit.coordination),
    )
    hub.store.write(lambda conn: visits.assign(Desk(conn, "mori", now, hub.policy), case, wanted) and None)


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_no_width_scrolls_sideways_and_a_thumb_finds_every_button(
    hub: Hub, served: Served, morning: Homes, open_page: Open, width: int
) -> None:
    morning.calls_for_help(cast.ITO)
    _on_the_way(hub, morning)
    page = open_page(width, 844)
    enter(page, served.url)
    small = """[...document.querySelectorAll("button, :not(label) > input, label.choice, select, summary, main a")]
        .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
        .map(one => one.outerHTML)"""
    out = """[...document.querySelectorAll("main :is(h2, h3, p, dt, dd, li, form, input, select, button, .button)")]
        .filter(one => one.checkVisibility() && !one.closest(".table-frame, .chart-frame, .unseen"))
        .filter(one => one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1)
        .map(one => one.outerHTML.slice(0, 200))"""
    for path in (
        "/",
        "/households/h-suzuki",
        "/mine",
        "/districts/iwamura",
        "/calls",
        "/caseload",
        "/notices",
    ):
        page.goto(served.url + path)
        page.wait_for_selector("main")
        for folded in page.locator(".pause summary").all():
            folded.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(out) == [], path
        if width <= 640:
            assert page.evaluate(small) == [], path


def test_a_welfare_commissioner_sees_on_a_phone_who_is_flagged(
    served: Served, morning: Homes, account: Enrol, open_page: Open
) -> None:
    account("kondo", role="welfare_commissioner", district="iwamura", name="近藤 正")
    page = open_page(390, 844)
    enter(page, served.url, "kondo")
    row = page.get_by_role("row").filter(has_text="鈴木 キヨ")
    expect(row.get_by_role("rowheader")).to_have_text("鈴木 キヨ")
    for words in ("岩村町", "訪問要"):
        cell = row.get_by_role("cell").filter(has_text=words)
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390, words


def test_a_print_is_signed_and_written_down(hub: Hub, served: Served, open_page: Open) -> None:
    page = open_page()
    enter(page, served.url)
    with page.expect_request("**/printed"):
        printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    signed = page.evaluate(
        "document.adoptedStyleSheets.map(sheet => [...sheet.cssRules].map(rule => rule.cssText)).join()"
    )
    for words in ("取扱注意", "森 さつき(社協 CSW)", "令和8年11月24日(火) 8:35"):
        assert words in signed, words
    page.goto(f"{served.url}/login")  # the note went before this was asked
    with hub.store.read() as conn:
        assert Action.print in [one.action for one in access.what_did(conn, "mori")]


@pytest.mark.timeout(120)
def test_a_town_of_208_households_opens_quickly_and_is_drawn(
    tmp_path: Path, clock: TravellingClock, broker: Broker, chromium: Browser, open_page: Open
) -> None:
    line = BrokerConfig(port=broker.port, password="mimamori-hub")
    config = HubConfig(data=str(tmp_path / "town"), office=OFFICE, policy=still_file(tmp_path), broker=line)
    hub = Hub(config, clock)
    pictures = Path(os.environ.get("MIMAMORI_SCREENSHOTS", "screenshots"))
    try:
        bigtown.morning(hub.store, clock, hub.policy)
        password = access.reset_password(hub.store, clock, "csw-mori")
        access.Door(hub.store, clock).change_password("csw-mori", password, PASSWORD, PASSWORD, "test")
        hub.start()
        with serve(create_app(hub), "127.0.0.1", 0) as served:
            page = open_page()
            enter(page, served.url, "csw-mori")
            expect(page.locator(".queue .case")).to_have_count(7)
            expect(page.locator(".lines .case")).to_have_count(5)
            expect(page.locator(".district-card")).to_have_count(13)
            assert violations(page) == []
            page.screenshot(path=pictures / "board.png")
            page.screenshot(path=pictures / "board-full.png", full_page=True)
            page.pdf(path=pictures / "board.pdf", prefer_css_page_size=True)
            first = page.locator(".queue .case a").first.get_attribute("href")
            page.goto(f"{served.url}{first}")
            page.screenshot(path=pictures / "household.png", full_page=True)
            page.set_viewport_size({"width": 390, "height": 844})
            page.goto(served.url)
            page.wait_for_selector("body.is-fresh")
            page.screenshot(path=pictures / "phone.png")
    finally:
        hub.stop()
