"""How a test comes into a page, and what it looks for there."""

from typing import Any

from playwright.sync_api import Page, Request

from contract.places import cache_folder
from tests.dashboard.conftest import PASSWORD

SOON = 20_000
"""Milliseconds in which something live must be there; it takes a fraction of a second when nobody else computes."""
AXE = cache_folder() / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


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
    with page.expect_response("**/stream"):
        page.keyboard.press("Enter")
    page.wait_for_selector("body.is-fresh")


def was_loaded_anew(page: Page) -> bool:
    """Whether the page helped itself by beginning again from the start."""
    return bool(page.evaluate("performance.getEntriesByType('navigation')[0].type === 'reload'"))


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds wrong; run by evaluation, because the content policy lets no foreign script in."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
    return [
        {"id": one["id"], "where": [node["target"] for node in one["nodes"]]} for one in found["violations"]
    ]
