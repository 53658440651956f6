"""What programs may see and do about outages of districts."""

from typing import Annotated

from fastapi import APIRouter, Depends
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from hub import views
from hub.access import Action, Resource, Viewer, note
from hub.api.answers import answer, described, raw_body, read_body
from hub.api.reading import Gate
from hub.outreach.outages import check_person
from hub.views import rows
from hub.vocabulary import CheckedHow


class Checked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How somebody made sure of a person."""

    how: CheckedHow
    text: Annotated[str, Meta(max_length=200)] = ""


def add_to(api: APIRouter, gate: Gate) -> None:
    """`/outages`."""
    hub = gate.hub
    Asking = Annotated[Viewer, Depends(gate.viewer)]

    @api.get(
        "/outages", summary="Districts whose lines were lost together", **described(list[rows.OutageRow])
    )
    def outages(viewer: Asking) -> Response:
        gate.allow(viewer, Resource.outreach_queue)
        with hub.store.read() as conn:
            listed = views.outages(conn, ranks=hub.policy.ranks, district=viewer.bound_to)
        gate.log(viewer, (person.resident_id for row in listed for person in row.people))
        return answer(listed)

    @api.post(
        "/outages/{outage_id}/people/{resident_id}",
        summary="Somebody made sure of this person",
        **described(rows.OutageRow, body=Checked),
    )
    def check(
        viewer: Asking, outage_id: str, resident_id: str, body: Annotated[bytes, Depends(raw_body)]
    ) -> Response:
        gate.allow(viewer, Resource.outreach_queue, write=True)
        said, now = read_body(body, Checked), hub.clock.now()
        with hub.store.read() as conn:
            district = views.district_of(conn, outage=outage_id)
        gate.within(viewer, district, "outage", outage_id)

        def write(conn: Connection) -> rows.OutageRow:
            check_person(conn, outage_id, resident_id, said.how, said.text, viewer.actor, now, hub.policy)
            note(conn, now, viewer.actor, Action.write, "resident", [resident_id])
            return views.outages(conn, ranks=hub.policy.ranks, outage=outage_id)[0]

        return answer(hub.store.write(write))
