"""Where the demonstration's notices arrive, handed over by the hub's own transport."""

from datetime import timedelta
from pathlib import Path

import pytest

from contract.time import SystemClock
from demo.letterbox import PROOF_AFTER, WHO, Letterbox, notice_settings
from demo.record import News
from hub.notices import proof, settings
from hub.notices.apprise_transport import AppriseTransport
from hub.notices.notice import Urgency
from hub.notices.transport import Message
from tests.clock import office

LINK = "http://127.0.0.1:8080/f/token"


def message(title: str, body: str) -> Message:
    return Message(id="m1", recipient="staff/mori", title=title, body=body, keys=[], urgency=Urgency.prompt)


def test_the_visitor_sees_who_is_told_what_and_where_the_family_answers() -> None:
    news: list[News] = []
    with Letterbox("127.0.0.1", SystemClock(), news.append) as letterbox:
        AppriseTransport().hand_over(
            f"{letterbox.url}/R-suzuki",
            message(
                "見守り: 確認のお願い",
                f"鈴木 健 様\n\n鈴木 きぬ 様の安否がまだ確認できていません。\n\n{LINK}\n",
            ),
        )
        AppriseTransport().hand_over(
            f"{letterbox.url}/mori",
            message(
                "見守り: 確認のお願い(2 件)",
                "森 さつき 様\n\n・長島 鈴木 きぬ 様\n・串原 高橋 つる 様\n\n一覧: x\n",
            ),
        )
    assert {one.who for one in news} == {WHO}
    assert [one.what for one in news] == [
        "鈴木 健 様へ「見守り: 確認のお願い」鈴木 きぬ 様の安否がまだ確認できていません。",
        f"鈴木 健 様の返事はここから {LINK}",
        "森 さつき 様へ「見守り: 確認のお願い(2 件)」・長島 鈴木 きぬ 様 ほか 1 件",
    ]


@pytest.mark.parametrize("begin", ["2026-11-24 08:00", "2026-11-24 11:00", "2026-11-24 23:58"])
def test_a_demonstration_proves_nothing_before_its_morning_is_over(tmp_path: Path, begin: str) -> None:
    now = office(begin)
    file = tmp_path / "notices.toml"
    file.touch(0o600)
    file.write_text(notice_settings("json://127.0.0.1:1", "http://127.0.0.1:8080", now), encoding="utf-8")
    said = settings.load(file).proof
    assert proof.last_time(said, now) is None
    assert proof.last_time(said, now + PROOF_AFTER - timedelta(seconds=1)) is None
    due = proof.last_time(said, now + PROOF_AFTER)
    assert (due is not None) == (begin != "2026-11-24 23:58")
