"""Who hears a page, or walks it by keyboard: every control says what it is for, and is seen when it has the focus."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import Connection, update

from contract.events import Intent
from contract.ids import uuid7
from dashboard.serve import Served
from hub import absence
from hub.notices import links
from hub.notices.notifier import Notifier
from hub.notices.people import Recipient
from hub.outreach import handover, visits
from hub.outreach.operations import Desk
from hub.service import Hub
from hub.store import tables as t
from hub.vocabulary import CaseOutcome
from tests import cast
from tests.clock import TravellingClock, office
from tests.dashboard.browser.conftest import Open
from tests.dashboard.browser.looking import alike, enter, violations
from tests.dashboard.browser.post import SETTINGS, Fussy
from tests.dashboard.conftest import Enrol
from tests.dashboard.homes import Homes

pytestmark = pytest.mark.browser

PLACE = """() => {
  const one = document.activeElement, top = document.querySelector(".top"), look = getComputedStyle(one);
  if (one === document.body) return null;
  const box = one.getBoundingClientRect(), under = top.getBoundingClientRect();
  return {
    what: one.outerHTML.slice(0, 160),
    number: [...document.querySelectorAll("*")].indexOf(one),
    ringed: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 3,
    hidden: !top.contains(one) && !one.matches(".skip") && (box.top < under.bottom || box.bottom > innerHeight),
  };
}"""

HUSBAND = "suzuki-2"
_TOGETHER = cast.ROSTER.replace("はい,suzuki,", "いいえ,suzuki,")
_WIFE = next(line for line in _TOGETHER.splitlines() if line.startswith("h-suzuki,"))
COUPLE = _TOGETHER + _WIFE.replace(
    ",suzuki,鈴木 キヨ,スズキ キヨ,", f",{HUSBAND},鈴木 正夫,スズキ マサオ,"
).replace("suzuki-1", f"{HUSBAND}-1")
"""The cast, with a husband of 鈴木's who has a speaker of his own."""


@pytest.fixture
def morning(hub: Hub, homes: Homes, clock: TravellingClock, account: Enrol) -> Homes:
    """A morning with everything twice: a couple in need and two boxes down, cases closed, visits, hand-overs, failed mail."""
    hub.notices.settings = SETTINGS
    cast.enrol(hub.store, clock, hub.policy, COUPLE)
    account()
    account("hotta", name="堀田 健")

    def reach(conn: Connection) -> None:
        theirs = t.contact.c.role == "family_contact"
        conn.execute(update(t.contact).where(theirs).values(address="keiko@home.example"))

    hub.store.write(reach)
    homes.online([HUSBAND])
    homes.until("2026-11-23 18:02")
    homes.answers("evening", cast.TAKAHASHI, cast.ITO)
    homes.until("2026-11-23 18:31")
    homes.silent("evening", cast.SUZUKI, HUSBAND, cast.SATO)
    homes.until("2026-11-24 06:44")
    for _ in range(2):
        homes.calls_for_help(cast.ITO)
        homes.until((clock.now() + timedelta(hours=9, minutes=2)).strftime("%Y-%m-%d %H:%M"))
        _desk(hub, homes, cast.ITO, lambda desk, case: desk.take(case))
        _desk(hub, homes, cast.ITO, lambda desk, case: desk.close(case, CaseOutcome.met))
    homes.calls_for_help(cast.ITO)
    homes.lost(cast.TAKAHASHI, cast.SUZUKI, HUSBAND, cast.TANAKA)
    homes.until("2026-11-24 08:31")
    homes.answers("morning", cast.SATO, intent=Intent.pain)
    notifier = Notifier(hub.store, hub.clock, SETTINGS, Fussy(), hub.notices.signer)
    notifier.settle()
    notifier.close()
    _prepare(hub, homes, clock)
    return homes


def _desk(hub: Hub, homes: Homes, resident: str, act: Any, who: str = "mori") -> None:
    case = homes.case_of(resident)
    hub.store.write(lambda conn: act(Desk(conn, who, hub.clock.now(), hub.policy), case))


def _prepare(hub: Hub, homes: Homes, clock: TravellingClock) -> None:
    wanted = visits.Assignment(
        assignee="mori",
        planned_for=office("2026-11-24 11:00"),
        purpose="元気かどうかを確かめる",
        scope_do="玄関で声をかける",
        scope_dont="家の中に入らない",
        program="safety",
        coordination=tuple(hub.policy.visit.coordination),
    )
    _desk(hub, homes, cast.SUZUKI, lambda desk, case: visits.assign(desk, case, wanted))
    _desk(hub, homes, cast.SATO, lambda desk, case: desk.take(case), "hotta")
    _desk(
        hub,
        homes,
        cast.SATO,
        lambda desk, case: handover.offer(desk, case, "mori", "通院のつきそい"),
        "hotta",
    )

    def both(conn: Connection) -> None:
        now, family = clock.now(), SETTINGS.family
        for resident in (cast.SUZUKI, HUSBAND):
            for kind, days in (("out", 0), ("hospital", 3)):
                starts = now + timedelta(days=days)
                absence.register(
                    conn, resident, kind, starts, starts + timedelta(hours=5), "mori", now, hub.policy
                )
            person = Recipient(f"contact/{resident}/1", "鈴木 恵子")
            links.ensure(conn, homes.case_of(cast.SUZUKI), resident, person, family, now, uuid7)

    hub.store.write(both)


def test_no_two_controls_with_one_name_do_different_things(served: Served, open_page: Open) -> None:
    page = open_page()
    enter(page, served.url)
    heard = {}
    for path in (
        "/",
        "/households/h-suzuki",
        "/households/h-sato",
        "/households/h-ito",
        "/mine",
        "/districts/iwamura",
        "/calls",
        "/caseload",
        "/notices",
    ):
        page.goto(served.url + path)
        page.wait_for_selector("main")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        heard[path] = alike(page)
        page.locator("#who").evaluate("one => { one.open = false; }")
        assert violations(page) == [], path
    assert {path: names for path, names in heard.items() if names} == {}


@pytest.mark.parametrize("path", ["/", "/households/h-suzuki", "/districts/iwamura"])
def test_the_keyboard_goes_down_the_page_and_up_again_and_one_sees_where_it_is(
    served: Served, open_page: Open, path: str
) -> None:
    page = open_page(1280, 720)
    enter(page, served.url)
    page.goto(served.url + path)
    page.wait_for_selector("main")
    down = _walk(page, "Tab")
    page.evaluate("document.body.append(Object.assign(document.createElement('button'), { id: 'end' }))")
    page.locator("#end").focus()
    up = _walk(page, "Shift+Tab")
    assert len(down) > 9
    assert len(up) > 9
    for walk in (down, up):
        assert [one["what"] for one in walk if not one["ringed"]] == []
        assert [one["what"] for one in walk if one["hidden"]] == []
    numbers = [one["number"] for one in down]
    assert numbers == sorted(numbers)


def _walk(page: Page, key: str) -> list[dict[str, Any]]:
    """Every place where the keyboard stops, until it leaves the page."""
    stops: list[dict[str, Any]] = []
    for _ in range(300):
        page.keyboard.press(key)
        here = page.evaluate(PLACE)
        if here is None or (stops and here["number"] == stops[0]["number"]):
            return stops
        stops.append(here)
    raise AssertionError("the keyboard never leaves the page")
