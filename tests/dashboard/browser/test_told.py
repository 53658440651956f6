"""In a real Chromium: the relative's page on a phone, the call list on A4, the notices; for everybody's eyes and thumbs."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Connection, update

from contract.ids import uuid7
from dashboard.serve import Served
from hub import views
from hub.config import BrokerConfig, HubConfig
from hub.notices import links
from hub.notices.notifier import Notifier
from hub.notices.people import Recipient
from hub.service import Hub
from hub.store import tables as t
from hub.views.calls import calls
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.browser.conftest import Open
from tests.dashboard.browser.looking import Said, alike, enter, violations
from tests.dashboard.browser.post import SETTINGS, Fussy
from tests.dashboard.conftest import OFFICE, Enrol
from tests.dashboard.homes import Homes
from tests.still import still_file

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of what the tests see, for the eyes of whoever works on the pages."""


@pytest.fixture
def hub(tmp_path: Path, clock: TravellingClock) -> Iterator[Hub]:
    config = HubConfig(
        data=str(tmp_path / "hub"), office=OFFICE, policy=still_file(tmp_path), broker=BrokerConfig(port=1)
    )
    made = Hub(config, clock)
    made.notices.settings = SETTINGS
    cast.enrol(made.store, clock, made.policy)
    yield made
    made.stop()


@pytest.fixture
def morning(hub: Hub, homes: Homes, account: Enrol) -> Homes:
    """Tuesday 6:45: 鈴木 has been silent for twelve hours, 伊藤 calls for help; the relatives' mail does not get through."""
    hub.store.write(
        lambda conn: (
            conn.execute(
                update(t.contact)
                .where(t.contact.c.role == "family_contact")
                .values(address="keiko@home.example")
            )
            and None
        )
    )
    homes.until("2026-11-23 18:02")
    account()
    notifier = Notifier(hub.store, hub.clock, SETTINGS, Fussy(), hub.notices.signer)
    homes.until("2026-11-23 18:31")
    homes.silent("evening", cast.SUZUKI)
    homes.until("2026-11-24 06:31")
    notifier.settle()
    hub.notices.prove(hub.clock.now())
    homes.until("2026-11-24 06:44")
    homes.calls_for_help(cast.ITO)
    homes.until("2026-11-24 06:45")
    notifier.settle()
    notifier.close()
    return homes


@pytest.fixture
def family(hub: Hub, morning: Homes, served: Served) -> str:
    """The address that 鈴木's daughter got."""

    def made(conn: Connection) -> Any:
        person = Recipient(f"contact/{cast.SUZUKI}/1", "鈴木 恵子")
        case = morning.case_of(cast.SUZUKI)
        return links.ensure(conn, case, cast.SUZUKI, person, SETTINGS.family, hub.clock.now(), uuid7)

    return f"{served.url}/f/{hub.notices.signer.token(*hub.store.write(made))}"


def picture(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def too_small(page: Page) -> list[str]:
    """Links and buttons that a thumb would miss."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")]
          .filter(one => one.checkVisibility() && !one.closest(".skip, .as-of"))
          .filter(one => one.getBoundingClientRect().height < 43.5)
          .map(one => `${one.tagName} ${one.textContent.trim().slice(0, 20)} ${one.getBoundingClientRect().height}`)"""
    )
    return found


def overflow(page: Page) -> int:
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def test_a_relative_answers_on_a_phone_in_big_type(hub: Hub, family: str, open_page: Open) -> None:
    page = open_page(360, 740)
    said = Said(page)
    page.goto(family)
    expect(page.get_by_role("heading", name="鈴木 キヨ 様に会えましたか")).to_be_visible()
    assert violations(page) == []
    assert alike(page) == {}
    assert too_small(page) == []
    assert overflow(page) <= 0
    met = page.get_by_role("button", name="会えた")
    assert met.bounding_box()["height"] >= 88  # type: ignore[index]
    not_met = page.get_by_role("button", name="会えない")
    assert not_met.bounding_box()["y"] + 88 < 740, "both answers are seen without scrolling"  # type: ignore[index]
    cannot_go = page.get_by_role("button", name="行けません")
    assert 56 <= cannot_go.bounding_box()["height"] < 88, "it stands behind the two"  # type: ignore[index]
    picture(page, "family-phone")
    cannot_go.click()
    expect(page.get_by_role("status")).to_contain_text("「行けません」と受け取りました")
    expect(page.get_by_role("status")).to_contain_text("勤務時間外です(次は 8:30 から)")
    picture(page, "family-phone-cannot-go")
    assert violations(page) == []
    not_met.click()
    expect(page.get_by_role("status")).to_contain_text("「会えない」と受け取りました")
    picture(page, "family-phone-answered")
    assert violations(page) == []
    page.get_by_role("button", name="会えた").click()
    expect(page.get_by_role("heading", name="確かめることができました")).to_be_visible()
    picture(page, "family-phone-over")
    assert said.complained == []
    assert all(url.startswith(family.partition("/f/")[0]) for url in said.asked)


def test_a_relative_without_a_working_link_knows_whom_to_call(
    hub: Hub, family: str, clock: TravellingClock, open_page: Open
) -> None:
    clock.travel(clock.now() + timedelta(days=3))
    page = open_page(360, 740)
    page.goto(family)
    expect(page.get_by_role("heading", name="このページは開けません")).to_be_visible()
    expect(page.get_by_role("link", name="☎ 0573-26-0000")).to_be_visible()
    assert violations(page) == []
    picture(page, "family-phone-closed")


def test_the_call_list_on_the_screen_on_a_phone_and_on_paper(
    hub: Hub, served: Served, open_page: Open, tmp_path: Path
) -> None:
    page = open_page()
    enter(page, served.url)
    picture(page, "board-desktop")
    assert violations(page) == []
    page.goto(f"{served.url}/calls")
    with hub.store.read() as conn:
        wanted = len(calls(conn, views.queue(conn, hub.clock.now()), hub.policy))
    assert page.locator(".call").count() == wanted > 1
    expect(page.locator(".call").first).to_contain_text("伊藤")
    assert violations(page) == []
    picture(page, "calls-desktop")
    page.set_viewport_size({"width": 390, "height": 800})
    assert overflow(page) <= 0
    assert too_small(page) == []
    picture(page, "calls-phone")
    page.emulate_media(media="print")
    expect(page.get_by_text("□ 話せた").first).to_be_visible()
    expect(page.get_by_text("表計算用のファイル(CSV)")).to_be_hidden()
    sheet = page.pdf(format="A4", prefer_css_page_size=True)
    assert sheet.startswith(b"%PDF")
    page.set_viewport_size({"width": 703, "height": 1000})
    picture(page, "calls-print")
    if SHOTS:
        (Path(SHOTS) / "calls.pdf").write_bytes(sheet)


def test_the_notices_say_what_did_not_arrive(hub: Hub, served: Served, open_page: Open) -> None:
    page = open_page()
    enter(page, served.url)
    page.goto(f"{served.url}/notices")
    failed = page.get_by_role("region", name="届かなかった")
    expect(failed).to_contain_text("応答 550")
    expect(failed).to_contain_text("連絡先の 鈴木 恵子 さんへ")
    assert violations(page) == []
    picture(page, "notices-desktop")
    page.set_viewport_size({"width": 390, "height": 800})
    assert overflow(page) <= 0
    assert too_small(page) == []
    picture(page, "notices-phone")
    page.goto(f"{served.url}/households/h-suzuki")
    expect(page.get_by_role("region", name="知らせ だれに、いつ")).to_contain_text("応答 550")
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    picture(page, "household-desktop")


def test_the_longest_names_push_nothing_out_of_a_phone_and_cover_nothing(
    hub: Hub, family: str, served: Served, open_page: Open
) -> None:
    def rename(conn: Connection) -> None:
        long = "勅使河原 マリア・テレジア佐兵衛右衛門"
        conn.execute(update(t.resident).where(t.resident.c.id == cast.SUZUKI).values(name=long))
        conn.execute(update(t.account).values(name="長谷川原 さつき美千代"))
        conn.execute(update(t.case).values(owner="mori"))

    hub.store.write(rename)
    page = open_page(320, 740)
    page.goto(family)
    expect(page.get_by_role("heading", level=1)).to_contain_text("右衛門 様に会えましたか")
    assert overflow(page) <= 0
    enter(page, served.url)
    assert overflow(page) <= 0
    for row in page.locator(".case").all():
        status, owner = (row.locator(part).bounding_box() for part in (".badge", ".owner"))
        assert status is not None
        assert owner is not None
        beside = status["x"] + status["width"] <= owner["x"]
        assert beside or status["y"] + status["height"] <= owner["y"], row.inner_text()
