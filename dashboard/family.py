"""The relative's page behind a signed link: 会えた, 会えない, 行けません, 出かけている, in big type, without an account.

Opening it changes nothing (mail scanners open links); an answer is a press of a button. It shows the resident's name,
which the message said already, and nothing else the office knows.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from contract.refusal import Refused
from contract.time import office_date, office_instant
from dashboard.front import Front, see_other
from dashboard.words import long_date
from hub import duty
from hub.access import Action, note
from hub.access.throttle import Throttle
from hub.notices import answering, links
from hub.notices.answering import Answer
from hub.notices.links import Link
from hub.store import tables as t

_WRONG_FREE = 20
"""Wrong links one address may try before it must wait."""
_ANSWERS_FREE = 12
"""Answers one link may give before it must wait: nobody needs so many."""


class Choice(NamedTuple):
    """An end of an absence to choose."""

    value: str
    words: str


def router(front: Front) -> APIRouter:
    """`/f/{token}`."""
    pages = APIRouter(include_in_schema=False)
    wrong, answered = Throttle(), Throttle()

    def opened(token: str, request: Request) -> Link:
        """The link behind a token; `Refused` in the relative's words."""
        now = front.hub.clock.now()
        tries = {f"address {request.client.host if request.client else '?'}": _WRONG_FREE}
        if wrong.wait(tries, now) > timedelta(0):
            raise Refused("しばらく待ってから、もう一度開いてください。急ぐときは電話で知らせてください。")
        link_id = front.hub.notices.signer.read(token, now)
        if link_id is None:
            wrong.failed(tries, now)
        with front.hub.store.read() as conn:
            found = links.get(conn, link_id) if link_id is not None else None
        return answering.check(found, now)

    @pages.get("/f/{token}")
    def show(token: str, request: Request) -> Response:
        try:
            link = opened(token, request)
        except Refused as refused:
            return _closed(front, str(refused), 410)
        return _page(front, link, token)

    @pages.post("/f/{token}")
    def reply(
        token: str,
        request: Request,
        answer: Annotated[Answer, Form()],
        until: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        now = front.hub.clock.now()
        try:
            link = opened(token, request)
        except Refused as refused:
            return _closed(front, str(refused), 410)
        tries = {f"link {link.id}": _ANSWERS_FREE}
        if answered.wait(tries, now) > timedelta(0):
            return _page(
                front, link, token, "返事が続いています。しばらく待ってから、もう一度押してください。", 429
            )
        answered.failed(tries, now)

        def write(conn: Connection) -> None:
            answering.answer(conn, link.id, answer, _instant(until), now, front.hub.policy)

        try:
            front.hub.store.write(write)
        except Refused as refused:
            return _page(front, link, token, str(refused), 409)
        return see_other(f"/f/{token}")

    return pages


def choices(now: datetime) -> Sequence[Choice]:
    """Ends of an absence that people say: tonight, tomorrow, in some days."""
    today = office_date(now)
    ends = [
        ("きょうの夜 8 時まで", 0, 20),
        ("あすの朝 8 時まで", 1, 8),
        ("あすの夜 8 時まで", 1, 20),
        ("あさっての夜 8 時まで", 2, 20),
        ("1 週間後の夜 8 時まで", 7, 20),
        ("2 週間後の夜 8 時まで", 14, 20),
    ]
    found = []
    for words, days, hour in ends:
        day = today + timedelta(days=days)
        at = office_instant(day, timedelta(hours=hour))
        if at > now:
            found.append(Choice(at.isoformat(), f"{words} ({long_date(day)})" if days else words))
    return found


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _page(front: Front, link: Link, token: str, problem: str | None = None, status: int = 200) -> Response:
    now = front.hub.clock.now()
    with front.hub.store.read() as conn:
        name = conn.scalar(select(t.resident.c.name).where(t.resident.c.id == link.resident_id))
        over = conn.scalar(select(t.case.c.closed_at).where(t.case.c.id == link.case_id)) is not None
        watch = duty.at(conn, now, front.hub.policy)

    def seen(conn: Connection) -> None:
        note(conn, now, answering.actor(link.id), Action.view, "resident", [link.resident_id])

    front.hub.store.write(seen)
    return front.page(
        "family.html",
        status,
        name=name,
        over=over,
        link=link,
        token=token,
        choices=choices(now),
        watch=watch,
        problem=problem,
        phone=front.hub.notices.settings.family.office_phone,
        now=now,
    )


def _closed(front: Front, sentence: str, status: int) -> Response:
    return front.page(
        "family_closed.html",
        status,
        sentence=sentence,
        phone=front.hub.notices.settings.family.office_phone,
    )
