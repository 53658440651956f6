"""Coming in: login, the password of one's own, logout; and what no request may do."""

import pytest
from fastapi.testclient import TestClient

from dashboard.front import COOKIE
from hub import access
from hub.access import Action
from hub.service import Hub
from tests.clock import TravellingClock
from tests.dashboard.conftest import HERE, PASSWORD, Enrol, log_in

PAGES = ["/", "/stream", "/households/h-sato", "/password"]
ORDERS = [
    "/cases/x/take",
    "/printed",
    "/households/h-sato/cases/x/take",
    "/households/h-sato/cases/x/close",
    "/households/h-sato/residents/sato/absences",
    "/households/h-sato/absences/x/end",
]


def test_nobody_sees_a_page_without_logging_in(web: TestClient) -> None:
    for page in PAGES:
        answer = web.get(page)
        assert answer.status_code in (303, 401)
        assert answer.headers.get("location", "/login").startswith("/login")
        assert "佐藤" not in answer.text


def test_nobody_gives_an_order_without_logging_in(web: TestClient) -> None:
    for order in ORDERS:
        answer = web.post(order, data={"outcome": "met", "kind": "out", "until": "2026-12-01T12:00"})
        assert answer.status_code == 303, order
        assert answer.headers["location"] == "/login"


def test_the_first_password_opens_nothing_but_the_page_that_changes_it(web: TestClient, hub: Hub) -> None:
    first = access.ensure_first_admin(hub.store, hub.clock)
    assert first is not None
    log_in(web, "admin", first)
    assert web.get("/").headers["location"] == "/password"
    assert web.get("/stream").headers["location"] == "/password"
    assert "自分のパスワードを決めてください" in web.get("/password").text
    answer = web.post("/password", data={"old": first, "new": PASSWORD, "again": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "管理者" in web.get("/").text


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong", PASSWORD + "!", PASSWORD + "!", "今のパスワードが違います"),
        (PASSWORD, "short", "short", "12 文字以上"),
        (PASSWORD, PASSWORD + "1", PASSWORD + "2", "二つの欄で違います"),
        (PASSWORD, PASSWORD, PASSWORD, "今と違うパスワード"),
        (PASSWORD, "mori" * 5, "mori" * 5, "ログイン名"),
    ],
)
def test_a_password_that_will_not_do_is_explained_on_the_page(
    logged_in: TestClient, old: str, new: str, again: str, sentence: str
) -> None:
    answer = logged_in.post("/password", data={"old": old, "new": new, "again": again})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert PASSWORD not in answer.text
    assert logged_in.get("/").status_code == 200


def test_a_changed_password_ends_the_other_sessions(web: TestClient, account: Enrol) -> None:
    account()
    log_in(web, "mori")
    elsewhere = {"Cookie": f"{COOKIE}={web.cookies[COOKIE]}"}
    log_in(web, "mori")
    new = "別の長いパスワードにする"
    web.post("/password", data={"old": PASSWORD, "new": new, "again": new})
    assert web.get("/").status_code == 200
    web.cookies.clear()
    assert web.get("/", headers=elsewhere).status_code == 303


def test_the_cookie_can_neither_be_read_by_a_script_nor_sent_from_elsewhere(
    web: TestClient, account: Enrol
) -> None:
    account()
    answer = web.post("/login", data={"login": "mori", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_over_https_the_cookie_never_travels_in_the_clear(hub: Hub, web: TestClient, account: Enrol) -> None:
    account()
    answer = web.post(f"{HERE.replace('http', 'https')}/login", data={"login": "mori", "password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]
    assert "Strict-Transport-Security" in answer.headers


def test_a_wrong_password_is_told_on_the_page_and_in_the_log(
    web: TestClient, hub: Hub, account: Enrol
) -> None:
    account()
    answer = web.post("/login", data={"login": "mori", "password": "wrong"})
    assert answer.status_code == 422
    assert "ログイン名かパスワードが違います" in answer.text
    assert 'value="mori"' in answer.text
    with hub.store.read() as conn:
        (entry, *_) = access.what_did(conn, "mori")
    assert entry.action is Action.refused


def test_too_many_wrong_passwords_are_told_how_long_to_wait(web: TestClient, account: Enrol) -> None:
    account()
    for _ in range(5):
        web.post("/login", data={"login": "mori", "password": "wrong"})
    answer = web.post("/login", data={"login": "mori", "password": PASSWORD})
    assert answer.status_code == 422
    assert "秒お待ちください" in answer.text


def test_logging_out_ends_the_session_in_the_store_too(logged_in: TestClient) -> None:
    kept = {"Cookie": f"{COOKIE}={logged_in.cookies[COOKIE]}"}
    assert logged_in.post("/logout").headers["location"] == "/login"
    logged_in.cookies.clear()
    assert logged_in.get("/", headers=kept).status_code == 303


def test_an_old_session_meets_the_login_page(logged_in: TestClient, clock: TravellingClock) -> None:
    clock.forward(hours=13)
    assert logged_in.get("/households/h-sato").headers["location"] == "/login?next=/households/h-sato"
    assert logged_in.get("/stream").status_code == 401


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/households/h-sato", "/households/h-sato"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ],
)
def test_after_the_login_one_goes_on_inside_this_site_only(
    web: TestClient, account: Enrol, asked: str, goes: str
) -> None:
    account()
    answer = web.post("/login", data={"login": "mori", "password": PASSWORD, "next": asked})
    assert answer.headers["location"] == goes


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_an_order_from_another_site_is_refused(logged_in: TestClient, headers: dict[str, str]) -> None:
    del logged_in.headers["Sec-Fetch-Site"]
    answer = logged_in.post("/logout", headers=headers)
    assert answer.status_code == 403
    assert "別のサイト" in answer.text
    assert logged_in.get("/").status_code == 200


def test_an_older_browser_is_known_by_its_origin(logged_in: TestClient) -> None:
    del logged_in.headers["Sec-Fetch-Site"]
    assert logged_in.post("/logout", headers={"Origin": HERE}).status_code == 303


@pytest.mark.parametrize(
    "page", ["/login", "/nothing-here", "/static/base.css", "/healthz", "/api/v1/residents"]
)
def test_every_answer_is_closed_to_the_outside(web: TestClient, page: str) -> None:
    headers = web.get(page).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_pages_leave_nothing_on_a_shared_machine(logged_in: TestClient) -> None:
    assert logged_in.get("/").headers["Cache-Control"] == "no-store"
    assert logged_in.get("/households/h-sato").headers["Cache-Control"] == "no-store"


def test_a_page_that_is_not_there_says_so_in_japanese(web: TestClient) -> None:
    answer = web.get("/nothing-here")
    assert answer.status_code == 404
    assert "ページがありません" in answer.text
