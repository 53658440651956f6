"""What comes out of the printer: nothing to press, everything to read, and boxes for a pencil."""

import re

import pytest
from playwright.sync_api import Page

from dashboard.app import create_app
from dashboard.serve import Served, serve
from hub import views
from hub.service import Hub
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.browser.conftest import Open
from tests.dashboard.browser.looking import alike, enter
from tests.dashboard.conftest import Enrol
from tests.dashboard.homes import Homes

pytestmark = pytest.mark.browser

TO_PRESS = "button, input, select, textarea, summary, .button"


def on_paper(page: Page, url: str) -> Page:
    """The page as the printer gets it."""
    page.goto(url)
    page.emulate_media(media="print")
    return page


def pressable(page: Page) -> list[str]:
    """What a finger could press, if paper could be pressed."""
    found = page.locator(TO_PRESS).all()
    return [one.inner_text() or one.evaluate("one => one.outerHTML") for one in found if one.is_visible()]


@pytest.fixture
def outage(hub: Hub, homes: Homes, clock: TravellingClock, account: Enrol) -> str:
    """All five live in 長島, whose power fails at 8:10; the id of the outage."""
    moved = re.sub(r"(?m)^(H-\w+|h-\w+),[^,]+,", r"\1,長島,", cast.ROSTER)
    cast.enrol(hub.store, clock, hub.policy, moved)
    homes.until("2026-11-24 08:10")
    homes.lost(*cast.RESIDENTS)
    homes.until("2026-11-24 08:20")
    account()
    hub.start()
    with hub.store.read() as conn:
        [row] = views.outages(conn)
    return row.id


def test_the_list_for_a_power_cut_is_a_sheet_to_carry_from_door_to_door(
    hub: Hub, outage: str, open_page: Open
) -> None:
    with serve(create_app(hub), "127.0.0.1", 0) as served:
        page = open_page()
        enter(page, served.url)
        page.goto(f"{served.url}/outages/{outage}")
        assert alike(page) == {}
        on_paper(page, f"{served.url}/outages/{outage}")
        assert pressable(page) == []
        rows = page.locator(".outage-person")
        assert rows.count() == 5
        for row in rows.all():
            assert "□ 会えた" in row.inner_text()
            box = row.bounding_box()
            assert box is not None
            assert box["height"] < 80, "twelve on a sheet"
        on_paper(page, served.url)
        assert pressable(page) == []


def test_paper_shows_nothing_to_press_and_small_print_is_smaller_than_the_rest(
    served: Served, open_page: Open
) -> None:
    page = open_page()
    enter(page, served.url)
    page.locator(".case-free").filter(has_text="鈴木 キヨ").get_by_role("button", name="引き受ける").click()
    page.locator(".queue .case").filter(has_text="森 さつき").wait_for()
    for path in ("/", "/households/h-suzuki", "/calls", "/notices"):
        on_paper(page, f"{served.url}{path}")
        assert pressable(page) == [], path
        for link in page.locator("#desk-calls, #caseload-link").all():
            assert not link.is_visible(), path
    on_paper(page, f"{served.url}/households/h-suzuki")
    body, small = (
        page.locator(where).first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        for where in ("body", ".person-card .minor")
    )
    assert small < body
