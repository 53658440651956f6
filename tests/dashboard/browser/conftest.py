"""A real Chromium, and before it the cast's hub with a real line, on a morning with something to see."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.app import create_app
from dashboard.serve import Served, serve
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.conftest import OFFICE, Enrol
from tests.dashboard.homes import Homes
from tests.still import still_file

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium: the gate may not lose the browser tests quietly")
        pytest.skip("no chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """A page of a fresh browser profile, `width` by `height`."""
    opened = []

    def make(width: int = 1440, height: int = 900) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="ja-JP")
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()


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
