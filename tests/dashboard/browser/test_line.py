"""The board's line in a real Chromium: it is opened whatever happens, and a page whose line is dead says so."""

import pytest
from playwright.sync_api import Route, expect

from dashboard.app import create_app
from dashboard.serve import Served, serve
from hub.service import Hub
from provisioning.broker import Broker
from tests import cast
from tests.dashboard.browser.conftest import Open
from tests.dashboard.browser.looking import SOON, enter, violations, was_loaded_anew
from tests.dashboard.homes import Homes
from tests.dashboard.relay import Relay

pytestmark = pytest.mark.browser


def test_the_line_is_opened_in_whatever_order_the_pages_files_arrive(
    served: Served, morning: Homes, open_page: Open
) -> None:
    page = open_page()

    def later(route: Route) -> None:
        page.wait_for_timeout(500)
        route.continue_()

    page.route("**/hx-sse.min.js", later)
    enter(page, served.url)
    morning.calls_for_help(cast.ITO)
    expect(page.locator(".case-emergency")).to_contain_text("伊藤 ヨシ", timeout=SOON)
    assert not was_loaded_anew(page)


@pytest.mark.parametrize("outcome", ["nobody there", "an error page"])
def test_a_line_that_could_not_be_opened_at_first_is_opened_all_the_same(
    served: Served, morning: Homes, open_page: Open, outcome: str
) -> None:
    page = open_page()

    def fail(route: Route) -> None:
        if outcome == "nobody there":
            route.abort("connectionrefused")
        else:
            route.fulfill(status=503, content_type="text/html", body="<p>いまは混みあっています。</p>")

    page.route("**/stream", fail, times=1)
    enter(page, served.url)
    morning.calls_for_help(cast.ITO)
    expect(page.locator(".case-emergency")).to_contain_text("伊藤 ヨシ", timeout=SOON)
    expect(page.get_by_text("混みあって")).to_have_count(0)
    assert not was_loaded_anew(page)


def test_a_page_whose_script_did_not_arrive_says_that_it_stands_still(
    served: Served, morning: Homes, open_page: Open
) -> None:
    page = open_page()
    words = page.get_by_text("この画面は自動で更新されません")
    enter(page, served.url)
    expect(words).to_be_hidden()
    page.route("**/live.js", lambda route: route.abort("connectionreset"))
    page.reload()
    expect(words).to_be_visible(timeout=SOON)
    assert violations(page) == []


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
        # A board is open for hours: the connections that brought its files were closed by the server long ago.
        page.wait_for_function("() => performance.now() > 7000")
        relay.hold()
        expect(page.get_by_text("画面が更新されていません")).to_be_visible(timeout=20_000)
        morning.calls_for_help(cast.ITO)
        relay.release()
        expect(page.locator(".case-emergency")).to_contain_text("伊藤 ヨシ", timeout=30_000)
        expect(page.locator("#stale")).to_be_hidden()
        assert not was_loaded_anew(page)
        page.goto("about:blank")


def test_a_blind_hub_is_told_to_the_staff(hub: Hub, broker: Broker, served: Served, open_page: Open) -> None:
    page = open_page()
    enter(page, served.url)
    expect(page.locator("#blind")).to_be_hidden()
    broker.stop()
    expect(page.locator("#blind")).to_be_visible(timeout=20_000)
    assert page.locator("#blind-words").inner_text()


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


def test_a_stale_page_can_be_read_by_everybody_too(hub: Hub, morning: Homes, open_page: Open) -> None:
    page = open_page()
    with serve(create_app(hub), "127.0.0.1", 0) as served:
        enter(page, served.url)
    expect(page.locator("#stale")).to_be_visible(timeout=SOON)
    assert violations(page) == []
