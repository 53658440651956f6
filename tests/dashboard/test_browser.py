"""The board in a real Chromium: what a CSW sees, hears of the page itself, and does with the keyboard."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from contract.events import Intent
from contract.places import cache_folder
from dashboard.app import create_app
from dashboard.serve import Served, serve
from hub import access
from hub.access import Action
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard import bigtown
from tests.dashboard.conftest import OFFICE, PASSWORD, Enrol, Open
from tests.dashboard.homes import Homes
from tests.dashboard.relay import Relay
from tests.still import still_file

pytestmark = pytest.mark.browser

SOON = 20_000
"""Milliseconds in which something live must be there; it takes a fraction of a second when nobody else computes."""
AXE = cache_folder() / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def hub(tmp_path: Path, clock: TravellingClock, broker: Broker) -> Iterator[Hub]:
    """The cast's hub with a real line to a real broker; `start` it once the morning has been travelled to."""
    line = BrokerConfig(port=broker.port, password="mimamori-hub")
    config = HubConfig(data=str(tmp_path / "hub"), office=OFFICE, policy=still_file(tmp_path), broker=line)
    made = Hub(config, clock)
    cast.enrol(made.store, clock, made.policy)
    yield made
    made.stop()


@pytest.fixture
def morning(hub: Hub, homes: Homes, account: Enrol) -> Homes:
    """Tuesday 8:35: 鈴木 was silent since Monday evening, 高橋's line is down; 佐藤, 伊藤 and 田中 answered."""
    homes.until("2026-11-23 18:02")
    homes.answers("evening", cast.SATO, cast.TAKAHASHI, cast.ITO)
    homes.until("2026-11-23 18:31")
    homes.silent("evening", cast.SUZUKI)
    homes.until("2026-11-24 07:35")
    homes.answers("morning", cast.ITO)
    homes.lost(cast.TAKAHASHI)
    homes.until("2026-11-24 08:31")
    homes.answers("morning", cast.SATO, cast.TANAKA)
    homes.silent("morning", cast.SUZUKI)
    homes.until("2026-11-24 08:35")
    account()
    hub.start()
    return homes


@pytest.fixture
def served(hub: Hub, morning: Homes) -> Iterator[Served]:
    with serve(create_app(hub), "127.0.0.1", 0) as running:
        yield running


class Said:
    """What a page asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.complained: list[str] = []
        page.on("request", self._request)
        page.on("console", lambda line: self._console(line.type, line.text))
        page.on("pageerror", lambda error: self.complained.append(str(error)))

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complained.append(text)


def enter(page: Page, url: str, login: str = "mori", password: str = PASSWORD) -> None:
    """Log in with the keyboard alone, and wait until the stream lives."""
    page.goto(url)
    page.get_by_label("ログイン名").fill(login)
    page.get_by_label("パスワード").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_selector("body.is-fresh")


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds wrong; run by evaluation, because the content policy lets no foreign script in."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
    return [
        {"id": one["id"], "where": [node["target"] for node in one["nodes"]]} for one in found["violations"]
    ]


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


def test_a_dead_server_is_told_at_once_and_afterwards_the_page_equals_the_store(
    hub: Hub, morning: Homes, open_page: Open
) -> None:
    page = open_page()
    with serve(create_app(hub), "127.0.0.1", 0) as served:
        enter(page, served.url)
        expect(page.locator("#stale")).to_be_hidden()
        port = served.port
    expect(page.get_by_text("画面が更新されていません")).to_be_visible(timeout=SOON)
    expect(page.locator("body")).to_have_class("board-page is-stale")
    morning.calls_for_help(cast.ITO)  # while nobody could see it
    with serve(create_app(hub), "127.0.0.1", port):
        expect(page.locator(".case-emergency")).to_contain_text("伊藤 ヨシ", timeout=3 * SOON)
        expect(page.locator("#stale")).to_be_hidden()
        expect(page.locator("body")).to_have_class("board-page is-fresh")


def test_a_line_that_says_nothing_is_told_and_opened_anew(
    served: Served, morning: Homes, open_page: Open
) -> None:
    page = open_page()
    with Relay(served.port) as relay:
        enter(page, relay.url)
        page.evaluate("window.stayed = true")
        # A board is open for hours: the connections that brought its files were closed by the server long ago.
        page.wait_for_function("() => performance.now() > 7000")
        relay.hold()
        expect(page.get_by_text("画面が更新されていません")).to_be_visible(timeout=20_000)
        morning.calls_for_help(cast.ITO)
        relay.release()
        expect(page.locator(".case-emergency")).to_contain_text("伊藤 ヨシ", timeout=30_000)
        expect(page.locator("#stale")).to_be_hidden()
        assert page.evaluate("window.stayed") is True, "the page was loaded anew"
        page.goto("about:blank")


def test_a_blind_hub_is_told_to_the_staff(hub: Hub, broker: Broker, served: Served, open_page: Open) -> None:
    page = open_page()
    enter(page, served.url)
    expect(page.locator("#blind")).to_be_hidden()
    broker.stop()
    expect(page.locator("#blind")).to_be_visible(timeout=20_000)
    assert page.locator("#blind-words").inner_text()


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


def test_a_tab_in_the_background_keeps_its_stream(served: Served, open_page: Open) -> None:
    page = open_page()
    enter(page, served.url)
    assert page.evaluate("htmx.config.sse.pauseOnBackground") is False
    page.evaluate(
        """Object.defineProperty(document, "hidden", { value: true });
           document.dispatchEvent(new Event("visibilitychange"))"""
    )
    clock_before = page.evaluate("performance.now()")
    page.wait_for_function("start => performance.now() - start > 5000", arg=clock_before)
    expect(page.locator("body")).to_have_class("board-page is-fresh")


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


def test_a_stale_page_can_be_read_by_everybody_too(hub: Hub, morning: Homes, open_page: Open) -> None:
    page = open_page()
    with serve(create_app(hub), "127.0.0.1", 0) as served:
        enter(page, served.url)
    expect(page.locator("#stale")).to_be_visible(timeout=SOON)
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_no_width_scrolls_sideways_and_a_thumb_finds_every_button(
    served: Served, morning: Homes, open_page: Open, width: int
) -> None:
    morning.calls_for_help(cast.ITO)
    page = open_page(width, 844)
    enter(page, served.url)
    small = """[...document.querySelectorAll("button, input, select, summary, .case a, .contacts a")]
        .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
        .map(one => one.outerHTML)"""
    for path in ("/", "/households/h-suzuki"):
        page.goto(served.url + path)
        page.wait_for_selector("main")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        if width <= 640:
            assert page.evaluate(small) == [], path


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
