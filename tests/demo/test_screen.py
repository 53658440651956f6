"""The terminal: everything a visitor needs is on it, at any size, and plain lines where there is no terminal."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from demo.picture import Welcome
from demo.record import News
from demo.screen import LiveScreen, PlainScreen

WELCOME = Welcome(
    url="http://127.0.0.1:8080",
    login="admin",
    password="abcd-efgh-2345",
    recognizer="whisper-base",
    note="ポート 8080 は使えないので、空いているポートにしました",
)
NEWS = News(datetime(2026, 11, 23, 23, 0, 5, tzinfo=UTC), "佐藤 はな", "本人「はい、元気ですよ。」")


def test_plain_lines_say_where_to_look_and_what_happened() -> None:
    out = io.StringIO()
    with PlainScreen(out) as screen:
        screen.preparing("住民役の声", 1, 4)
        screen.preparing("住民役の声", 2, 4)
        screen.welcome(WELCOME)
        screen.news(NEWS)

    text = out.getvalue()
    assert text.count("準備 住民役の声") == 1
    for needed in (WELCOME.url, WELCOME.login, WELCOME.password, WELCOME.recognizer, WELCOME.note):
        assert needed in text
    assert "08:00:05 佐藤 はな  本人「はい、元気ですよ。」" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
def test_the_picture_always_holds_the_address_and_the_password(size: tuple[int, int]) -> None:
    width, height = size
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height)
    screen = LiveScreen(console)
    screen.welcome(WELCOME)
    with console.capture() as captured:
        console.print(screen)

    text = captured.get()
    assert WELCOME.url in text
    assert WELCOME.password in text
    assert len(text.splitlines()) <= height
