"""The daily proof: so many asked, so many answered, so many in the queue. It comes when all is well, too.

Whoever gets it twice a day notices the day on which it does not come; that is the only watch over the watcher that
needs nothing but a reader.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import Connection, exists, select

from contract.time import office_date, office_instant
from hub import agenda, pulse, views, words
from hub.notices import outbox
from hub.notices.notice import DUTY, PROOF, Audience, Notice, NoticeKind, Urgency, account
from hub.notices.settings import Proof
from hub.store import tables as t
from hub.vocabulary import Severity
from hub.work import Work


def last_time(proof: Proof, now: datetime) -> tuple[str, datetime] | None:
    """The key and instant of the latest proof that should have been written today; None before the first."""
    today = office_date(now)
    times = [(at, office_instant(today, _since_midnight(at))) for at in proof.at]
    passed = [(f"daily_proof/{today.isoformat()}/{at}", instant) for at, instant in times if instant <= now]
    return max(passed, key=lambda pair: pair[1], default=None)


def is_written(conn: Connection, key: str) -> bool:
    """Whether this proof is in the outbox already."""
    return bool(
        conn.scalar(
            select(exists().where(t.notice.c.key.startswith(key), t.notice.c.kind == NoticeKind.daily_proof))
        )
    )


def write(work: Work, proof: Proof, key: str) -> None:
    """Put the proof of this moment into the outbox."""
    said = sentence(work.conn, work.now)
    outbox.put(
        work,
        [
            Notice(
                key=f"{key}/{who.of}",
                kind=NoticeKind.daily_proof,
                audience=who,
                subject=PROOF,
                words=said,
                urgency=Urgency.routine,
            )
            for who in _readers(proof)
        ],
    )


def sentence(conn: Connection, now: datetime) -> str:
    """The figures as of now, and how far they can be trusted."""
    board = views.board(conn, now)
    tiles = board.tiles
    cases = len(board.people)
    urgent = sum(row.severity is Severity.emergency for row in board.people)
    parts = [
        f"{words.moment(now)} 現在、見守り {tiles.residents} 人のうち、声かけ {tiles.asked} 人、応答 {tiles.answered} 人、",
        f"未応答 {tiles.unanswered} 人、確認できない {tiles.cannot_tell} 人、不在 {tiles.away} 人、",
        f"これから {tiles.waiting} 人。対応中の件 {cases} 件(うち緊急 {urgent} 件)、通信・機器 {len(board.devices)} 件。",
        *_how_old(board.last_event_at, now),
        *_blindness(conn, now),
    ]
    return "".join(parts)


def _how_old(last: datetime | None, now: datetime) -> Iterator[str]:
    if last is None:
        yield "まだ一度も記録が届いていません。"
    else:
        yield f"最後に届いた記録は {words.moment(last)} ({words.length(now - last)}前)。"


def _blindness(conn: Connection, now: datetime) -> Iterator[str]:
    since = agenda.blind_since(conn)
    settled = pulse.last(conn, pulse.SETTLED_AT)
    if since is not None:
        yield f"【注意】{words.moment(since)} から家々の声が届いていません。この数字では無事を確かめられません。"
    elif settled is not None and office_date(settled) == office_date(now):
        yield f"きょう {words.time_of_day(settled)} まで、中継が見えていない時間がありました。"


def _readers(proof: Proof) -> list[Audience]:
    return [account(login) for login in proof.to] or [DUTY]


def _since_midnight(at: str) -> timedelta:
    of_day = time.fromisoformat(at)
    return timedelta(hours=of_day.hour, minutes=of_day.minute, seconds=of_day.second)
