"""How a test comes into a page, and what it looks for there."""

from collections import defaultdict
from typing import Any

from playwright.sync_api import Page, Request

from contract.places import cache_folder
from tests.dashboard.conftest import PASSWORD

SOON = 20_000
"""Milliseconds in which something live must be there; it takes a fraction of a second when nobody else computes."""
AXE = cache_folder() / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

CONTROLS = """() => {
  axe.setup(document);
  const target = one => {
    if (one.matches("a")) return one.href;
    if (one.matches("summary")) return "unfolds " + [...document.querySelectorAll("summary")].indexOf(one);
    const form = one.form;
    if (!form) return "page";
    const data = [...form.querySelectorAll("input[type=hidden]")].map(one => one.value).join();
    return `${form.action} ${data} ${one.name} ${one.matches("button, [type=checkbox], [type=radio]") ? one.value : ""}`;
  };
  return [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")]
    .filter(one => one.checkVisibility())
    .map(one => [axe.commons.text.accessibleText(one).trim(), target(one)]);
}"""
"""The accessible name of each control of a page, and what it does."""


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


def alike(page: Page) -> dict[str, list[str]]:
    """Names that stand on several controls of a page which do different things."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, set[str]] = defaultdict(set)
    for name, target in page.evaluate(CONTROLS):
        found[name].add(target)
    return {name: sorted(targets) for name, targets in found.items() if not name or len(targets) > 1}
