"""When the hub itself hears nobody, the office is told about the hub, and nothing about people (P6)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from hub import agenda, words
from hub.notices import outbox
from hub.notices.notice import DUTY, HUB, Notice, NoticeKind, Urgency
from hub.store import tables as t
from hub.vocabulary import DueKind
from hub.work import Work


def at_sight(work: Work, subjects: Sequence[str]) -> None:  # noqa: ARG001 - a handler is told its subjects
    """Blind for longer than a blink: tell it. Seeing again: tell those who were told."""
    since = agenda.blind_since(work.conn)
    if since is None:
        if _told(work):
            said = f"見守りの仕組みは {words.moment(work.now)} から、また家々の声を受け取っています。"
            outbox.all_clear(work, [(HUB, said)], NoticeKind.hub_sees)
        return
    blink_over = since + work.policy.watch.blind_after
    if work.now < blink_over:
        work.schedule(DueKind.hub_sight, "hub", blink_over)
        return
    notice = Notice(
        key=f"hub/blind/{since.isoformat()}",
        kind=NoticeKind.hub_blind,
        audience=DUTY,
        subject=HUB,
        words=f"見守りの仕組みが {words.moment(since)} から家々の声を受け取れません。"
        "応答がなくても本人の異変とは限りません。管理者に知らせ、急ぐ人は電話で確かめてください。",
    )
    outbox.put(work, [notice])


def stood_still(work: Work, since: datetime) -> None:
    """The hub was not running since then; nobody could be told while it was not."""
    notice = Notice(
        key=f"hub/still/{since.isoformat()}",
        kind=NoticeKind.hub_blind,
        audience=DUTY,
        subject=HUB,
        words=f"見守りの仕組みが {words.moment(since)} から {words.moment(work.now)} まで"
        f"({words.length(work.now - since)})止まっていました。いまは動いています。"
        "その間の応答は、届いたものから記録しています。",
        urgency=Urgency.routine,
    )
    outbox.put(work, [notice])


def _told(work: Work) -> bool:
    """Whether the last thing said of the hub's sight is that it has none."""
    last = work.conn.scalar(
        select(t.notice.c.kind)
        .where(t.notice.c.subject_kind == HUB.kind, t.notice.c.key.not_like("hub/still/%"))
        .where(t.notice.c.kind.in_([NoticeKind.hub_blind, NoticeKind.hub_sees]))
        .order_by(t.notice.c.at.desc(), t.notice.c.id.desc())
        .limit(1)
    )
    return last == NoticeKind.hub_blind
