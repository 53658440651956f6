"""The first page: the living board, or for a 民生委員 the own district; and what can be done on it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response, StreamingResponse

from contract.refusal import Refused
from contract.time import office_date
from dashboard.front import Front
from dashboard.live import STALE_SECONDS, Beat, Live, Render, Scope
from dashboard.words import long_date
from hub import duty, views
from hub.access import Action, Resource, Session, Viewer, find_session_by_hash


def scope_of(viewer: Viewer) -> Scope:
    """Viewers with the same scope see the same page."""
    return Scope(viewer.role.fields, viewer.bound_to, viewer.may_write(Resource.outreach_queue))


def renderer(front: Front) -> Render:
    """Makes the living part of the page for a scope."""

    def render(scope: Scope) -> tuple[str, frozenset[str]]:
        now = front.hub.clock.now()
        with front.hub.store.read() as conn:
            if scope.fields == "six":
                return _flags(front, conn, now, scope.district or "")
            policy = front.hub.policy
            board = views.board(conn, now, ranks=policy.ranks, district=scope.district)
            watch = duty.at(conn, now, policy)
        shown = {person.id for row in (*board.people, *board.devices) for person in row.residents}
        return front.render("_board.html", board=board, duty=watch, scope=scope), frozenset(shown)

    return render


def _flags(front: Front, conn: Connection, now: datetime, district: str) -> tuple[str, frozenset[str]]:
    # Whoever is flagged comes first, the gravest on top; everybody else stays in the order of the readings.
    rows = sorted(views.flags(conn, now, district), key=lambda row: -(row.flag.rank + 1) if row.flag else 0)
    shown = frozenset(views.resident_ids(conn, now, district))
    ward = rows[0].ward if rows else district
    return front.render("_flags.html", rows=rows, ward=ward), shown


def beat(front: Front) -> Beat:
    """What a page hears every few seconds: that the hub itself is not blind."""

    def tell() -> Mapping[str, Any]:
        return {"blind": front.hub.health().blindness, "day": long_date(office_date(front.hub.clock.now()))}

    return tell


class Seen:
    """Whose data each session was shown on the living page, so that a look is logged once and not every second."""

    def __init__(self) -> None:
        self._of_session: dict[str, set[str]] = {}

    def begin(self, session: Session, residents: frozenset[str]) -> list[str]:
        """A page was opened: all of it counts as a look."""
        if len(self._of_session) > 2000:
            self._of_session.clear()  # costs a few repeated rows, never a missing one
        self._of_session[session.key_hash] = set(residents)
        return sorted(residents)

    def add(self, session: Session, residents: frozenset[str]) -> list[str]:
        """The living page changed: whoever is new on it."""
        seen = self._of_session.setdefault(session.key_hash, set())
        new = residents - seen
        seen |= new
        return sorted(new)


def router(front: Front, live: Live) -> APIRouter:
    """`/`, its stream, and the actions of its rows."""
    pages = APIRouter(include_in_schema=False)
    seen = Seen()
    Looking = Annotated[Session, Depends(front.viewer)]

    @pages.get("/")
    async def show(session: Looking) -> HTMLResponse:
        viewer = session.viewer
        await asyncio.to_thread(front.allow, viewer, _resource(viewer))
        shown = await live.page(scope_of(viewer))
        now = front.hub.clock.now()
        await asyncio.to_thread(
            front.log, viewer, Action.view, "resident", seen.begin(session, shown.residents)
        )
        return front.page(
            "board.html",
            viewer=viewer,
            now=now,
            day=office_date(now),
            fragment=shown.html,
            stale_after=STALE_SECONDS,
        )

    @pages.get("/stream")
    async def stream(session: Looking) -> Response:
        viewer = session.viewer
        await asyncio.to_thread(front.allow, viewer, _resource(viewer))

        async def send() -> AsyncIterator[bytes]:
            async for page in live.watch(scope_of(viewer)):
                if not await asyncio.to_thread(_still_open, front, session):
                    yield b"event: bye\ndata: \n\n"
                    return
                if page is None:
                    yield await live.beat()
                    continue
                new = seen.add(session, page.residents)
                if new:
                    await asyncio.to_thread(front.log, viewer, Action.view, "resident", new)
                yield page.message

        return StreamingResponse(send(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    @pages.post("/cases/{case_id}/take")
    def take(request: Request, session: Looking, case_id: str) -> Response:
        try:
            front.act(session.viewer, case_id, lambda at: at.take(case_id))
        except Refused as refused:
            return front.answer(request, str(refused), 409)
        return front.answer(request, "引き受けました。電話や訪問の結果は、世帯のページに書いてください。")

    @pages.post("/printed")
    def printed(session: Looking, what: Annotated[str, Form(max_length=80)] = "/") -> Response:
        front.log(session.viewer, Action.print, "page", [what])
        return Response(status_code=204)

    return pages


def _resource(viewer: Viewer) -> Resource:
    return Resource.residents if viewer.role.fields == "six" else Resource.outreach_queue


def _still_open(front: Front, session: Session) -> bool:
    """A revoked session loses its stream, too."""
    with front.hub.store.read() as conn:
        found = find_session_by_hash(conn, session.key_hash, front.hub.clock.now())
    return found is not None and found.viewer == session.viewer
