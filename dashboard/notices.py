"""What people were told, what is on its way, what did not arrive and what to do about it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import Connection
from starlette.responses import Response

from contract.time import office_date
from dashboard.front import Front, NotAllowed, see_other
from hub import views
from hub.access import Action, Resource, Session, Viewer, note
from hub.notices import deliveries, links, state
from hub.notices.notice import DeliveryState


def router(front: Front) -> APIRouter:
    """`/notices`, trying again, and taking a relative's link back."""
    pages = APIRouter(include_in_schema=False)
    Looking = Annotated[Session, Depends(front.viewer)]

    @pages.get("/notices")
    def show(session: Looking) -> Response:
        return _page(front, session.viewer)

    @pages.post("/notices/again")
    def again(session: Looking, delivery: Annotated[list[int], Form()]) -> Response:
        viewer, now = session.viewer, front.hub.clock.now()
        _whole_city(front, viewer, write=True)

        def work(conn: Connection) -> None:
            deliveries.try_again(conn, delivery, now)
            note(conn, now, viewer.actor, Action.write, "notice", [str(one) for one in delivery])

        front.hub.store.write(work)
        return see_other("/notices")

    @pages.post("/households/{home}/links/{link}/revoke")
    def revoke(session: Looking, home: str, link: str) -> Response:
        viewer, now = session.viewer, front.hub.clock.now()

        front.allow(viewer, Resource.outreach_queue, write=True)

        def take_back(conn: Connection) -> None:
            found = links.get(conn, link)
            if found is None:
                raise NotAllowed("このリンクは見つかりません。画面を開き直してください。")
            front.within(viewer, views.district_of(conn, case=found.case_id))
            links.revoke(conn, link, now)
            note(conn, now, viewer.actor, Action.write, "link", [link])

        front.hub.store.write(take_back)
        return see_other(f"/households/{home}#told")

    return pages


def _whole_city(front: Front, viewer: Viewer, *, write: bool = False) -> None:
    """What people were told names households of every district."""
    front.allow(viewer, Resource.outreach_queue, write=write)
    if viewer.bound_to is not None:
        raise NotAllowed(f"{viewer.role.title}の役割では、知らせの一覧は見られません。")


def _page(front: Front, viewer: Viewer) -> Response:
    _whole_city(front, viewer)
    hub, now = front.hub, front.hub.clock.now()
    with hub.store.read() as conn:
        queue = state.queue(conn, now)
        failed = state.deliveries(conn, state=DeliveryState.failed)
        recent = state.deliveries(conn, limit=100)
        open_ = [
            *state.deliveries(conn, state=DeliveryState.sending),
            *state.deliveries(conn, state=DeliveryState.waiting),
        ]
        nobody = state.to_nobody(conn, now)
        proof = state.latest_proof(conn, now)
    shown = [row.household_id for row in (*failed, *open_, *recent) if row.household_id]
    front.log(
        viewer,
        Action.view,
        "household",
        sorted({*shown, *(n.household_id for n in nobody if n.household_id)}),
    )
    return front.page(
        "notices.html",
        viewer=viewer,
        now=now,
        day=office_date(now),
        queue=queue,
        failed=[row for row in failed if row.ended_at and now - row.ended_at < state.FAILED_FOR],
        waiting=open_,
        recent=[row for row in recent if row.ended_at is not None and row.state is not DeliveryState.failed],
        nobody=nobody,
        proof=proof,
        fault=hub.notices.fault,
        configured=bool(hub.notices.settings.people),
        may_act=viewer.may_write(Resource.outreach_queue),
    )
