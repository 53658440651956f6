"""A part of the queue on a page of its own, for a phone in a car park: the own cases, or those of one district."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from contract.time import office_date
from dashboard.front import Front
from hub.access import Action, Session, Viewer
from hub.views.rows import QueueRow


def router(front: Front) -> APIRouter:
    """`/mine` and `/districts/{code}`."""
    pages = APIRouter(include_in_schema=False)
    Looking = Annotated[Session, Depends(front.viewer)]

    @pages.get("/mine")
    def mine(session: Looking) -> Response:
        viewer = session.viewer
        now = front.hub.clock.now()
        with front.hub.store.read() as conn:
            rows = [row for row in front.queue(conn, viewer, now) if row.owner == viewer.actor]
        return _page(front, viewer, now, "/mine", "自分の担当", in_the_order_of_the_day(rows), own=True)

    @pages.get("/districts/{code}")
    def of_district(session: Looking, code: str) -> Response:
        viewer = session.viewer
        district = front.hub.districts.find(code)
        if district is None or not viewer.sees(district.code):
            return front.message(
                "地区がありません", "この地区は見つからないか、担当の地区ではありません。", 404
            )
        now = front.hub.clock.now()
        with front.hub.store.read() as conn:
            rows = front.queue(conn, viewer, now, district.code)
        return _page(front, viewer, now, f"/districts/{district.code}", f"{district.name}地区", rows)

    return pages


def in_the_order_of_the_day(rows: Sequence[QueueRow]) -> list[QueueRow]:
    """Visits by their time, then the rest in the queue's own order."""
    visits = [(row.visit.planned_for, row) for row in rows if row.visit]
    return [
        *(row for _, row in sorted(visits, key=lambda pair: pair[0])),
        *(row for row in rows if not row.visit),
    ]


def _page(
    front: Front,
    viewer: Viewer,
    now: datetime,
    path: str,
    title: str,
    rows: Sequence[QueueRow],
    *,
    own: bool = False,
) -> Response:
    front.log(viewer, Action.view, "resident", sorted({one.id for row in rows for one in row.residents}))
    return front.page(
        "shortlist.html",
        viewer=viewer,
        now=now,
        day=office_date(now),
        path=path,
        title=title,
        rows=rows,
        own=own,
    )
