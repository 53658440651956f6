"""The page of one outage: everybody in it, in the order in which to look after them, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import Connection
from starlette.responses import Response

from contract.refusal import Refused
from contract.time import office_date
from dashboard.front import Front, NotAllowed, see_other
from hub import views
from hub.access import Action, Resource, Session, Viewer, note
from hub.outreach.outages import check_person
from hub.vocabulary import CheckedHow


def router(front: Front) -> APIRouter:
    """`/outages/{id}` and what is written there."""
    pages = APIRouter(include_in_schema=False)
    Looking = Annotated[Session, Depends(front.viewer)]

    @pages.get("/outages/{outage}")
    def show(session: Looking, outage: str) -> Response:
        return _page(front, session.viewer, outage)

    @pages.post("/outages/{outage}/people/{resident}")
    def check(
        session: Looking,
        outage: str,
        resident: str,
        how: Annotated[CheckedHow, Form()],
        text: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        viewer, hub, now = session.viewer, front.hub, front.hub.clock.now()
        front.allow(viewer, Resource.outreach_queue, write=True)

        def work(conn: Connection) -> None:
            front.within(viewer, views.district_of(conn, outage=outage))
            check_person(conn, outage, resident, how, text.strip(), viewer.actor, now, hub.policy)
            note(conn, now, viewer.actor, Action.write, "resident", [resident])

        try:
            hub.store.write(work)
        except Refused as refused:
            return _page(front, viewer, outage, str(refused), 409)
        return see_other(f"/outages/{outage}#person-{resident}")

    return pages


def _page(
    front: Front, viewer: Viewer, outage: str, problem: str | None = None, status: int = 200
) -> Response:
    front.allow(viewer, Resource.outreach_queue)
    now = front.hub.clock.now()
    with front.hub.store.read() as conn:
        found = views.outages(conn, ranks=front.hub.policy.ranks, outage=outage)
    if not found or not viewer.sees(found[0].district_code):
        raise NotAllowed("この障害は見つからないか、担当の地区ではありません。")
    front.log(viewer, Action.view, "resident", [one.resident_id for one in found[0].people])
    return front.page(
        "outage.html",
        status,
        viewer=viewer,
        now=now,
        day=office_date(now),
        outage=found[0],
        problem=problem,
        may_act=viewer.may_write(Resource.outreach_queue),
    )
