"""What is mine to do: the own cases, today's visits first, for whoever stands in a car park with a phone."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from contract.time import office_date
from dashboard.front import Front
from hub import views
from hub.access import Action, Resource, Session
from hub.views.rows import QueueRow


def router(front: Front) -> APIRouter:
    """`/mine`."""
    pages = APIRouter(include_in_schema=False)

    @pages.get("/mine")
    def show(session: Annotated[Session, Depends(front.viewer)]) -> Response:
        viewer, now = session.viewer, front.hub.clock.now()
        front.allow(viewer, Resource.outreach_queue)
        with front.hub.store.read() as conn:
            queue = views.queue(conn, now, ranks=front.hub.policy.ranks, district=viewer.bound_to)
        rows = in_the_order_of_the_day([row for row in queue if row.owner == viewer.actor])
        front.log(viewer, Action.view, "resident", sorted({one.id for row in rows for one in row.residents}))
        return front.page("mine.html", viewer=viewer, now=now, day=office_date(now), rows=rows)

    return pages


def in_the_order_of_the_day(rows: Sequence[QueueRow]) -> list[QueueRow]:
    """Visits by their time, then the rest in the queue's own order."""
    visits = [(row.visit.planned_for, row) for row in rows if row.visit]
    return [
        *(row for _, row in sorted(visits, key=lambda pair: pair[0])),
        *(row for row in rows if not row.visit),
    ]
