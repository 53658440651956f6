"""What programs may read of notices: whom to phone now, what people were told, what is not out yet."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from hub import views
from hub.access import Resource, Viewer
from hub.api.answers import NotGiven, answer, described
from hub.api.reading import Gate, Limit
from hub.notices import state
from hub.notices.notice import DeliveryState
from hub.views.calls import CallRow, calls


def add_to(api: APIRouter, gate: Gate) -> None:
    """`/calls`, `/notices` and `/notices/queue`."""
    hub = gate.hub
    Asking = Annotated[Viewer, Depends(gate.viewer)]

    def whole_city(viewer: Viewer) -> None:
        gate.allow(viewer, Resource.outreach_queue)
        if viewer.bound_to is not None:
            raise NotGiven(403, f"{viewer.role.title}の役割では、知らせの一覧は見られません。")

    @api.get("/calls", summary="Whom to phone now, in order", **described(list[CallRow]))
    def call_list(viewer: Asking) -> Response:
        gate.allow(viewer, Resource.outreach_queue)
        gate.allow(viewer, Resource.households)
        with hub.store.read() as conn:
            cases = views.queue(conn, hub.clock.now(), ranks=hub.policy.ranks, district=viewer.bound_to)
            listed = calls(conn, cases, hub.policy)
        gate.log(viewer, (person.id for row in listed for person in row.case.residents))
        return answer(listed)

    @api.get(
        "/notices", summary="What people were told, the newest first", **described(list[state.DeliveryRow])
    )
    def notices(
        viewer: Asking,
        limit: Limit = 200,
        only: Annotated[DeliveryState | None, Query(alias="state", description="only these")] = None,
    ) -> Response:
        whole_city(viewer)
        with hub.store.read() as conn:
            listed = state.deliveries(conn, state=only, limit=limit)
        gate.log(viewer, (row.resident_id for row in listed))
        return answer(listed)

    @api.get("/notices/queue", summary="How many are not out yet", **described(state.Queue))
    def queue(viewer: Asking) -> Response:
        whole_city(viewer)
        with hub.store.read() as conn:
            return answer(state.queue(conn, hub.clock.now()))
