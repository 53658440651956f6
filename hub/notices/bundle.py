"""What stands in a message: one line a notice, for staff as the hub said it, for contacts in fixed words.

A relative is told that somebody should look, never what a resident answered: about health nothing goes out of the
office by mail, whatever a caller of the outbox may have written.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import RowMapping

from hub import words
from hub.notices.deliveries import Claimed
from hub.notices.notice import NoticeKind, Urgency
from hub.notices.settings import Settings
from hub.notices.transport import Message

MOST_LISTED = 40
"""Lines in a message; what is beyond is counted, and stands on the board."""
_TITLES = {
    Urgency.emergency: "【緊急】見守り",
    Urgency.prompt: "見守り: 確認のお願い",
    Urgency.routine: "見守りからのお知らせ",
}
_TO_CONTACTS = {
    NoticeKind.emergency: "{name} 様から、助けを求める合図がありました。"
    "すぐにようすを確かめてください。急を要するときは 119 番へ。",
    NoticeKind.all_clear: "{name} 様の件は、確かめることができました。ご心配をおかけしました。",
    NoticeKind.nobody_on_duty: "{name} 様の安否がまだ確認できていません。いまは職員の勤務時間外です。"
    "電話か訪問でようすを確かめ、急を要するときは 119 番へ。",
}
_UNLESS_SAID = "{name} 様の安否がまだ確認できていません。電話か訪問で、ようすを確かめてください。"
_ANSWER_HERE = (
    "ようすが分かったら、また行けないときも、ここを開いて知らせてください(会えた・会えない・行けません):"
)
_TEST = "これは見守りの知らせが届くことを確かめる、試しの送信です。何もしなくてかまいません。"


def compose(
    message: Claimed, settings: Settings, names: Mapping[str, str], links: Mapping[str, str]
) -> Message:
    """The message of a claim. `names`: of residents, by id; `links`: the family's, by case."""
    if message.recipient.id.startswith("contact/"):
        resident = message.recipient.id.split("/")[1]
        lines = _for_contact(message.rows, names[resident], links)
        foot = [f"問い合わせ: {settings.family.office_phone}"] if settings.family.office_phone else []
    else:
        lines = [f"・{row['words']} ({words.moment(row['put_at'])})" for row in message.rows[:MOST_LISTED]]
        foot = [f"一覧: {settings.base_url}/"] if settings.base_url else []
    rest = len(message.rows) - MOST_LISTED
    if rest > 0:
        lines.append(f"・ほか {rest} 件。一覧で確かめてください。")
    head = f"{message.recipient.called} 様"
    count = f"({len(message.rows)} 件)" if len(message.rows) > 1 else ""
    return Message(
        id=message.id,
        recipient=message.recipient.id,
        title=_title(message) + count,
        body="\n".join([head, "", *lines, *([""] if foot else []), *foot]) + "\n",
        keys=[row["key"] for row in message.rows],
        urgency=message.urgency,
    )


def _title(message: Claimed) -> str:
    kinds = {NoticeKind(row["kind"]) for row in message.rows}
    if kinds == {NoticeKind.daily_proof}:
        return "見守り: きょうの確認"
    if kinds == {NoticeKind.test}:
        return "見守り: 試しの送信"
    if all(kind.ends_something for kind in kinds):
        return "見守り: 解消のお知らせ"
    return _TITLES[message.urgency]


def _for_contact(rows: Sequence[RowMapping], name: str, links: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for row in rows:
        kind = NoticeKind(row["kind"])
        said = _TEST if kind is NoticeKind.test else _TO_CONTACTS.get(kind, _UNLESS_SAID).format(name=name)
        if said not in lines:
            lines.append(said)
        link = links.get(row["subject"]) if row["subject_kind"] == "case" else None
        if link is not None and not kind.ends_something and link not in lines:
            lines += ["", _ANSWER_HERE, link]
    return lines
