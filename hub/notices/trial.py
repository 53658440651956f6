"""Trying out where notices go: one message, one sentence about what came of it."""

from datetime import datetime

from contract.ids import NewId
from contract.refusal import Refused
from hub import words
from hub.notices.notice import Urgency
from hub.notices.settings import Settings
from hub.notices.transport import Message, NotTaken, Transport, Unclear


def send(
    settings: Settings, transport: Transport, to: str, office: str, now: datetime, new_id: NewId
) -> list[str]:
    """Send a test notice to every place of an account, or to one address; return a sentence for each that took it.

    `Refused` says why one did not, and that nothing is known of `to`. Secrets of an address are not repeated.
    """
    addresses = settings.addresses(to)
    if not addresses:
        if "@" not in to and "://" not in to:
            known = "・".join(one.account for one in settings.people) or "まだありません"
            raise Refused(
                f"「{to}」の通知先がありません。notices.toml の people に書いた人 ({known}) か、アドレスを指定してください。"
            )
        addresses = [to]
    told = []
    for number, address in enumerate(addresses, start=1):
        called = to if address == to and "://" not in to else f"{number} 番目の通知先"
        message = Message(
            id=new_id(now),
            recipient=f"staff/{to}" if address != to else "trial",
            title="見守り: 試しの送信",
            body=f"{office} の見守りから、知らせが届くことを確かめる試しの送信です ({words.moment(now)})。\n"
            "何もしなくてかまいません。\n",
            keys=[],
            urgency=Urgency.prompt,
        )
        try:
            transport.hand_over(address, message)
        except (NotTaken, Unclear) as failure:
            raise Refused(f"{called}: {failure.why}") from failure
        told.append(f"{called}: 受け取られました。届いたことを、受けた人に確かめてください。")
    return told
