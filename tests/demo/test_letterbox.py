"""Where the demonstration's notices arrive, handed over by the hub's own transport."""

from contract.time import SystemClock
from demo.letterbox import WHO, Letterbox
from demo.record import News
from hub.notices.apprise_transport import AppriseTransport
from hub.notices.notice import Urgency
from hub.notices.transport import Message

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
