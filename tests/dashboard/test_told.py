"""What people were told, on the pages: the first page, the household, the notices; and the list of whom to phone."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, insert, select, update

from contract.ids import uuid7
from hub.access import Action, what_did
from hub.notices import links, outbox
from hub.notices.notice import DUTY, Notice, NoticeKind, Subject, Urgency
from hub.notices.people import Recipient
from hub.service import Hub
from hub.store import tables as t
from hub.work import Work
from tests.cast import ITO, SATO, SUZUKI, TAKAHASHI
from tests.dashboard.conftest import Enrol, log_in
from tests.dashboard.homes import Homes


@pytest.fixture
def silent(hub: Hub, homes: Homes) -> str:
    """鈴木 has been silent for twelve hours and 伊藤 has called for help; returns 鈴木's case."""
    homes.until("2026-11-23 18:30")
    homes.silent("evening", SUZUKI)
    homes.until("2026-11-24 06:05")
    homes.calls_for_help(ITO)
    return homes.case_of(SUZUKI)


@pytest.fixture
def csw(silent: str, web: TestClient, account: Enrol) -> TestClient:
    """A CSW who logs in on that morning."""
    log_in(web, account())
    return web


def put(hub: Hub, key: str, case: str, words: str = "応答がありません。") -> None:
    def write(conn: Connection) -> None:
        with Work(conn, hub.clock.now(), uuid7, hub.policy) as work:
            notice = Notice(
                key=key,
                kind=NoticeKind.case_opened,
                audience=DUTY,
                subject=Subject("case", case),
                words=words,
                urgency=Urgency.prompt,
            )
            outbox.put(work, [notice])

    hub.store.write(write)


def deliver(hub: Hub, key: str, state: str, error: str | None = None) -> int:
    """A delivery of a notice, as the notifier would have left it."""
    now = hub.clock.now()

    def write(conn: Connection) -> int:
        notice = conn.scalar(select(t.notice.c.id).where(t.notice.c.key == key))
        conn.execute(update(t.notice).where(t.notice.c.id == notice).values(addressed_at=now))
        made = conn.execute(
            insert(t.delivery).values(
                notice_id=notice,
                recipient="staff/mori",
                called="森 さつき",
                urgency="prompt",
                state=state,
                due_at=now,
                attempts=1,
                unclear=False,
                ended_at=now if state in ("sent", "failed") else None,
                error=error,
            )
        )
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])

    return hub.store.write(write)


# ---- notices ----------------------------------------------------------------------------------------------------


def test_the_first_page_says_what_is_not_out_and_what_did_not_arrive(
    csw: TestClient, hub: Hub, silent: str
) -> None:
    assert "届かなかった知らせ" not in csw.get("/").text
    put(hub, "k1", silent)
    deliver(hub, "k1", "failed", "メールサーバーが断りました (応答 550)。")
    page = csw.get("/").text
    assert "届かなかった知らせ 1件" in page
    assert "<b>未送信" in page


def test_a_notice_that_did_not_arrive_says_why_and_is_sent_again_on_request(
    csw: TestClient, hub: Hub, silent: str
) -> None:
    put(hub, "k1", silent, "鈴木 キヨ 様から応答がありません。")
    delivery = deliver(hub, "k1", "failed", "メールサーバーが断りました (応答 550)。")
    page = csw.get("/notices").text
    assert "メールサーバーが断りました (応答 550)。" in page
    assert "鈴木 キヨ 様から応答がありません。" in page
    assert csw.post("/notices/again", data={"delivery": delivery}).status_code == 303
    with hub.store.read() as conn:
        row = conn.execute(select(t.delivery).where(t.delivery.c.id == delivery)).one()
    assert (row.state, row.attempts, row.ended_at) == ("waiting", 0, None)


def test_a_notice_for_nobody_is_seen(csw: TestClient, hub: Hub, silent: str) -> None:
    put(hub, "k1", silent)
    hub.notices.notifier.settle()  # this hub has no notices.toml
    page = csw.get("/notices").text
    assert "当番の通知先が設定されていません" in page
    assert "hub/notices.example.toml" in page
    board = csw.get("/").text
    assert "送り先のない知らせ" in board
    assert "届かなかった知らせ" not in board
    assert "相手なし" in csw.get("/households/h-suzuki").text


def test_the_household_shows_who_was_told_and_takes_a_link_back(
    csw: TestClient, hub: Hub, silent: str
) -> None:
    put(hub, "k1", silent)
    deliver(hub, "k1", "sent")

    def link(conn: Connection) -> Any:
        person = Recipient(f"contact/{SUZUKI}/1", "鈴木 恵子")
        return links.ensure(conn, silent, SUZUKI, person, hub.notices.settings.family, hub.clock.now(), uuid7)

    link_id, expires_at = hub.store.write(link)
    page = csw.get("/households/h-suzuki").text
    assert "森 さつき さんへ" in page
    assert "返事のリンク: 鈴木 恵子 さん" in page
    assert csw.post(f"/households/h-suzuki/links/{link_id}/revoke").status_code == 303
    assert "取り消し済" in csw.get("/households/h-suzuki").text
    token = hub.notices.signer.token(link_id, expires_at)
    assert csw.get(f"/f/{token}").status_code == 410


def test_a_commissioner_sees_neither_notices_nor_the_call_list(web: TestClient, account: Enrol) -> None:
    log_in(web, account("kondo", "welfare_commissioner", "osashima", "近藤 正"))
    for path in ("/notices", "/calls", "/calls.csv", "/mine", "/districts/osashima"):
        assert web.get(path).status_code == 403


# ---- the call list -------------------------------------------------------------------------------------------------


def test_the_call_list_is_in_the_queues_order_with_the_number_to_call_now(
    csw: TestClient, silent: str
) -> None:
    page = csw.get("/calls").text
    assert page.index("伊藤") < page.index("鈴木")
    assert "12時間応答なし" in page
    assert 'href="tel:0573430002"' in page


def test_at_the_relatives_step_the_relative_is_the_one_to_call(
    csw: TestClient, homes: Homes, silent: str
) -> None:
    homes.until("2026-11-24 06:40")
    rows = list(csv.DictReader(io.StringIO(csw.get("/calls.csv").content.decode("utf-8-sig"))))
    row = next(row for row in rows if row["氏名"] == "鈴木 キヨ")
    assert row["いまかける相手"] == "家族 鈴木 恵子"
    assert row["電話"] == "090-0000-0002"
    assert "本人 鈴木 キヨ 0573-43-0002" in row["ほかの連絡先"]
    # 鈴木 has not agreed to be shared with the 民生委員: nobody is invited to call.
    assert "民生委員 安藤 和子 知らせる同意なし" in row["ほかの連絡先"]


def test_a_visit_is_not_on_the_call_list(csw: TestClient, homes: Homes, silent: str) -> None:
    homes.until("2026-11-24 12:00")
    assert "鈴木" not in csw.get("/calls").text


def test_an_empty_call_list_is_not_calm_while_others_wait_for_a_visit(
    csw: TestClient, homes: Homes, silent: str
) -> None:
    homes.until("2026-11-24 13:00")
    page = csw.get("/calls").text
    assert 'class="call ' not in page
    others = re.search(r"ほかの対応が必要な世帯が (\d+) 世帯あります", page)
    assert others is not None
    assert int(others[1]) >= 2
    assert "●" not in page.split("<main")[1]


def test_the_file_is_for_spreadsheets_and_no_cell_is_a_formula(
    csw: TestClient, hub: Hub, silent: str
) -> None:
    hub.store.write(
        lambda conn: (
            conn.execute(
                update(t.resident).where(t.resident.c.id == SUZUKI).values(name="=HYPERLINK(1) キヨ")
            )
            and None
        )
    )
    data = csw.get("/calls.csv").content
    assert data.startswith(b"\xef\xbb\xbf")
    assert "'=HYPERLINK(1) キヨ" in data.decode("utf-8-sig")


def test_cp932_is_given_and_what_it_cannot_write_is_listed_instead(
    csw: TestClient, hub: Hub, silent: str
) -> None:
    answer = csw.get("/calls.csv?encoding=cp932")
    assert answer.status_code == 200
    assert "鈴木 キヨ" in answer.content.decode("cp932")
    hub.store.write(
        lambda conn: (
            conn.execute(update(t.resident).where(t.resident.c.id == SUZUKI).values(name="𠮷田 キヨ"))
            and None
        )
    )
    answer = csw.get("/calls.csv?encoding=cp932")
    assert answer.status_code == 409
    assert "𠮷田 キヨ" in answer.text
    assert "cp932 では書けない文字" in answer.text


def test_looking_exporting_and_printing_the_call_list_are_written_down(
    csw: TestClient, hub: Hub, silent: str
) -> None:
    csw.get("/calls")
    csw.get("/calls.csv")
    csw.post("/printed", data={"what": "/calls"})
    with hub.store.read() as conn:
        rows = [(row.action, row.subject) for row in what_did(conn, "mori")]
    assert (Action.view, SUZUKI) in rows
    assert (Action.export, SUZUKI) in rows
    assert (Action.print, "/calls") in rows
    assert (Action.export, SATO) not in rows
    assert (Action.export, TAKAHASHI) not in rows


# ---- for programs --------------------------------------------------------------------------------------------------


def test_programs_read_the_call_list_and_the_notices(
    web: TestClient, hub: Hub, silent: str, bearer: Callable[..., dict[str, str]]
) -> None:
    put(hub, "k1", silent)
    deliver(hub, "k1", "failed", "メールサーバーが断りました (応答 550)。")
    key = bearer()
    rows = web.get("/api/v1/calls", headers=key).json()
    assert [row["case"]["residents"][0]["id"] for row in rows] == [ITO, SUZUKI]
    [row] = web.get("/api/v1/notices?state=failed", headers=key).json()
    assert (row["called"], row["household_id"]) == ("森 さつき", "h-suzuki")
    queue = web.get("/api/v1/notices/queue", headers=key).json()
    assert queue["failed"] == 1
    assert queue["unsent"] >= 1
    commissioner = bearer("welfare_commissioner", "osashima")
    for path in ("calls", "notices", "notices/queue"):
        assert web.get(f"/api/v1/{path}", headers=commissioner).status_code == 403
