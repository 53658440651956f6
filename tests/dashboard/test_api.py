"""`/api/v1`: who may read what, what a row holds, and the note of every look."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from contract.events import Intent
from hub import access
from hub.access import Action
from hub.service import Hub
from tests import cast
from tests.clock import TravellingClock, office
from tests.dashboard.conftest import Enrol
from tests.dashboard.homes import Homes

Bearer = Callable[..., dict[str, str]]
READS = [
    "/api/v1/outreach-queue",
    "/api/v1/residents",
    "/api/v1/residents/sato",
    "/api/v1/households/h-sato",
    "/api/v1/slots",
    "/api/v1/devices",
    "/api/v1/events?resident=sato",
    "/api/v1/absences",
]
ACTS = ["take", "give-back", "assign", "note", "phoned", "close"]


@pytest.fixture
def unwell(homes: Homes) -> str:
    """佐藤 said on Tuesday morning that she feels unwell; the id of her case."""
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    return homes.case_of(cast.SATO)


WRONG: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer x"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer "},
)


def test_without_a_token_nothing_is_read(web: TestClient) -> None:
    for path, headers in itertools.product(READS, WRONG):
        answer = web.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "トークン" in answer.json()["error"]


def test_a_session_of_a_person_is_no_token(logged_in: TestClient) -> None:
    assert {logged_in.get(path).status_code for path in READS} == {401}


def test_the_office_reads_everything(web: TestClient, bearer: Bearer) -> None:
    for role in ("csw", "planning_office", "admin"):
        headers = bearer(role)
        assert {web.get(path, headers=headers).status_code for path in READS} == {200}


@pytest.mark.parametrize("path", [path for path in READS if path != "/api/v1/residents"])
def test_a_welfare_commissioner_reads_nothing_but_the_list(
    web: TestClient, bearer: Bearer, path: str
) -> None:
    answer = web.get(path, headers=bearer("welfare_commissioner", "osashima"))
    assert answer.status_code == 403
    assert "民生委員" in answer.json()["error"]


def test_a_welfare_commissioner_reads_six_fields_of_the_own_district(
    web: TestClient, bearer: Bearer, unwell: str
) -> None:
    rows = web.get("/api/v1/residents", headers=bearer("welfare_commissioner", "osashima")).json()
    assert rows == [
        {
            "name": "佐藤 ハル",
            "address": "長島町中野1-2",
            "ward": "長島",
            "birth_date": "1940-04-01",
            "sex": rows[0]["sex"],
            "flag": "needs_check",
        }
    ]
    foreign = web.get(
        "/api/v1/residents?district=iwamura", headers=bearer("welfare_commissioner", "osashima")
    )
    assert foreign.status_code == 403


def test_a_queue_row_carries_what_a_visitor_needs(web: TestClient, bearer: Bearer, unwell: str) -> None:
    (row,) = [
        one for one in web.get("/api/v1/outreach-queue", headers=bearer()).json() if one["lane"] == "person"
    ]
    assert row["case_id"] == unwell
    assert (row["household_id"], row["district"], row["severity"]) == ("h-sato", "長島", "needs_check")
    (reason,) = row["reasons"]
    assert reason["code"] == "negative_response"
    assert reason["words"]
    assert reason["at"].endswith("Z")
    assert row["opened_at"].endswith("Z")
    assert row["due_at"].endswith("Z")
    assert row["owner"] is None
    assert row["residents"][0]["name"] == "佐藤 ハル"


def test_every_look_at_a_resident_is_one_row_of_the_log(
    web: TestClient, hub: Hub, bearer: Bearer, unwell: str
) -> None:
    headers = bearer()
    looks = [
        "/api/v1/residents/sato",
        "/api/v1/households/h-sato",
        "/api/v1/events?resident=sato",
        "/api/v1/residents?q=サトウ",
        "/api/v1/outreach-queue",
    ]
    for number, path in enumerate(looks, start=1):
        assert web.get(path, headers=headers).status_code == 200
        with hub.store.read() as conn:
            saw = access.who_saw(conn, cast.SATO)
        assert len(saw) == number
        assert saw[0].actor.startswith("token:")
        assert saw[0].actor_name == "統計"
        assert saw[0].action is Action.view


def test_a_refused_look_is_written_down_too(web: TestClient, hub: Hub, bearer: Bearer) -> None:
    headers = bearer("welfare_commissioner", "iwamura")
    web.get("/api/v1/residents/sato", headers=headers)
    web.get("/api/v1/outreach-queue", headers=headers)
    with hub.store.read() as conn:
        (refused,) = access.who_saw(conn, cast.SATO)
        did = access.what_did(conn, refused.actor)
    assert refused.action is Action.refused
    assert [one.action for one in did] == [Action.refused, Action.refused]


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("さとう", ["sato"]),
        ("ｻﾄｳ", ["sato"]),
        ("佐藤ハル", ["sato"]),
        ("スズキ キヨ", ["suzuki"]),
        ("0003", ["takahashi"]),
        ("いとう", ["ito"]),
        ("%", []),
        ("だれもいない", []),
    ],
)
def test_a_resident_is_found_by_name_reading_or_phone(
    web: TestClient, bearer: Bearer, homes: Homes, search: str, finds: list[str]
) -> None:
    rows = web.get("/api/v1/residents", params={"q": search}, headers=bearer()).json()
    assert [row["id"] for row in rows] == finds


def test_residents_come_by_kana_and_in_pages(web: TestClient, bearer: Bearer) -> None:
    headers = bearer()
    everybody = [row["id"] for row in web.get("/api/v1/residents", headers=headers).json()]
    assert everybody == ["ito", "sato", "suzuki", "takahashi", "tanaka"]
    second = web.get("/api/v1/residents?limit=2&offset=2", headers=headers).json()
    assert [row["id"] for row in second] == ["suzuki", "takahashi"]


def test_slots_are_asked_by_office_day(web: TestClient, bearer: Bearer, unwell: str) -> None:
    headers = bearer()
    rows = web.get("/api/v1/slots?date=2026-11-24", headers=headers).json()
    told = {(row["resident_id"], row["slot"]): row for row in rows}
    assert told["sato", "morning"]["state"] == "answered"
    assert told["sato", "morning"]["intent"] == "unwell"
    assert web.get("/api/v1/slots?date=1999-01-01", headers=headers).json() == []
    wrong = web.get("/api/v1/slots?date=yesterday", headers=headers)
    assert wrong.status_code == 422
    assert "date" in wrong.json()["error"]


def test_words_heard_are_shown_only_with_consent_to_share(
    web: TestClient, hub: Hub, bearer: Bearer, homes: Homes
) -> None:
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, cast.SUZUKI, text="えらいわ")  # 佐藤 shares, 鈴木 does not
    headers = bearer()
    (shared,) = web.get("/api/v1/events?resident=sato", headers=headers).json()
    (kept,) = web.get("/api/v1/events?resident=suzuki", headers=headers).json()
    assert shared["body"]["text"] == "えらいわ"
    assert "text" not in kept["body"]
    assert kept["body"]["outcome"] == "answered"


def test_what_does_not_exist_is_404(web: TestClient, bearer: Bearer) -> None:
    headers = bearer()
    for path in (
        "residents/nobody",
        "households/nowhere",
        "events?resident=nobody",
        "absences?resident=nobody",
    ):
        answer = web.get(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == 404
        assert "見つかりません" in answer.json()["error"]


def test_a_case_is_taken_written_up_and_closed(
    web: TestClient, hub: Hub, bearer: Bearer, account: Enrol, unwell: str
) -> None:
    headers, base = bearer(), f"/api/v1/cases/{unwell}"
    taken = web.post(f"{base}/take", headers=headers).json()
    assert taken["owner_name"] == "統計"
    assert web.post(f"{base}/note", json={"text": "留守番電話に残した"}, headers=headers).status_code == 200
    assert web.post(f"{base}/phoned", json={"reached": False}, headers=headers).status_code == 200
    ended = web.post(f"{base}/close", json={"outcome": "met", "text": "お元気でした"}, headers=headers)
    assert ended.json() is None
    assert all(row["case_id"] != unwell for row in web.get("/api/v1/outreach-queue", headers=headers).json())
    history = web.get("/api/v1/households/h-sato", headers=headers).json()["history"]
    assert any("お元気でした" in line["why"] and line["actor_name"] == "統計" for line in history)
    again = web.post(f"{base}/take", headers=headers)
    assert again.status_code == 409
    assert "閉じられています" in again.json()["error"]


def test_a_case_is_given_only_to_somebody_who_can_log_in(
    web: TestClient, bearer: Bearer, account: Enrol, unwell: str
) -> None:
    headers, base = bearer(), f"/api/v1/cases/{unwell}"
    assert web.post(f"{base}/assign", json={"to": "nobody"}, headers=headers).status_code == 409
    account("hotta", name="堀田 健")
    assert web.post(f"{base}/assign", json={"to": "hotta"}, headers=headers).json()["owner_name"] == "堀田 健"


def test_a_role_that_may_not_write_gives_no_order(web: TestClient, bearer: Bearer, unwell: str) -> None:
    body = {
        "assign": {"to": "mori"},
        "note": {"text": "x"},
        "phoned": {"reached": True},
        "close": {"outcome": "met"},
    }
    headers = bearer("welfare_commissioner", "osashima")
    for act in ACTS:
        answer = web.post(f"/api/v1/cases/{unwell}/{act}", json=body.get(act), headers=headers)
        assert answer.status_code == 403, act
        assert "書き込めません" in answer.json()["error"]


BROKEN = [
    b"",
    b"nonsense",
    b"{}",
    b'{"reached": "perhaps"}',
    b'{"reached": true, "more": 1}',
    b"[" * 5000,
    b"\xff\xfe",
]


def test_a_malformed_body_is_one_sentence(web: TestClient, bearer: Bearer, unwell: str) -> None:
    headers = bearer()
    for body in BROKEN:
        answer = web.post(f"/api/v1/cases/{unwell}/phoned", content=body, headers=headers)
        assert answer.status_code == 422
        assert "JSON" in answer.json()["error"]


def test_a_body_without_end_is_cut_off(web: TestClient, bearer: Bearer, unwell: str) -> None:
    answer = web.post(f"/api/v1/cases/{unwell}/note", content=b"x" * 100_000, headers=bearer())
    assert answer.status_code == 413


def test_an_absence_is_registered_shown_and_ended(
    web: TestClient, bearer: Bearer, homes: Homes, clock: TravellingClock
) -> None:
    headers = bearer()
    until = office("2026-11-26 12:00").isoformat()
    made = web.post(
        "/api/v1/absences", json={"resident_id": "tanaka", "kind": "out", "until": until}, headers=headers
    )
    assert made.status_code == 201
    assert made.json()["resident_id"] == "tanaka"
    (listed,) = web.get("/api/v1/absences?resident=tanaka", headers=headers).json()
    assert listed["id"] == made.json()["id"]
    (row,) = web.get("/api/v1/residents?q=タナカ", headers=headers).json()
    assert row["state"] == "away"
    assert web.delete(f"/api/v1/absences/{listed['id']}", headers=headers).status_code == 200
    assert web.get("/api/v1/absences", headers=headers).json() == []
    assert web.delete(f"/api/v1/absences/{listed['id']}", headers=headers).status_code == 409
    assert web.delete("/api/v1/absences/unknown", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"resident_id": "tanaka", "kind": "moon", "until": "2026-11-26T12:00:00+09:00"}, 409),
        ({"resident_id": "tanaka", "kind": "out", "until": "2020-11-26T12:00:00+09:00"}, 409),
        ({"resident_id": "nobody", "kind": "out", "until": "2026-11-26T12:00:00+09:00"}, 404),
        ({"resident_id": "tanaka", "kind": "out", "until": "2026-11-26T12:00:00"}, 422),
        ({"resident_id": "tanaka", "kind": "out"}, 422),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused(
    web: TestClient, bearer: Bearer, body: dict[str, Any], status: int
) -> None:
    assert web.post("/api/v1/absences", json=body, headers=bearer()).status_code == status


def test_health_needs_no_token_and_tells_no_names(web: TestClient, homes: Homes) -> None:
    answer = web.get("/healthz")
    told = answer.json()
    assert answer.status_code == 503  # this hub has no line: it says so
    assert told["ok"] is False
    assert told["problem"]
    assert {"last_event_age_s", "last_sweep_age_s", "messages_waiting", "listening"} <= set(told)
    for secret in ("佐藤", "sato", "長島"):
        assert secret not in answer.text


def test_the_openapi_page_describes_every_route_and_its_rows(web: TestClient) -> None:
    page = web.get("/api/v1/openapi.json").json()
    paths = page["paths"]
    assert {path.split("?")[0] for path in READS if path.count("/") == 3} <= set(paths)
    for act in ACTS:
        assert f"/api/v1/cases/{{case_id}}/{act}" in paths
    row = page["components"]["schemas"]["QueueRow"]["properties"]
    assert {"household_id", "district", "severity", "reasons", "opened_at", "due_at", "owner"} <= set(row)
    for path, methods in paths.items():
        for method, said in methods.items():
            assert "200" in said["responses"] or "201" in said["responses"], (method, path)
            if path.startswith("/api/v1/"):
                assert said["security"] == [{"token": []}]
    assert "/login" not in paths


def test_the_openapi_page_refers_to_nothing_it_does_not_have(web: TestClient) -> None:
    page = web.get("/api/v1/openapi.json")
    known = page.json()["components"]["schemas"]
    for name in (part.split('"')[0] for part in page.text.split("#/components/schemas/")[1:]):
        assert name in known
