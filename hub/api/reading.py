"""What programs may read: the queue, people, slots, speakers. Each look at a resident is a row of the access log."""

import datetime
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from contract.time import office_date
from hub import views
from hub.access import Action, Resource, Viewer, find_token, note
from hub.api.answers import NotGiven, answer, described
from hub.service import Hub
from hub.views import rows

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=5000, description="at most so many rows")]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Id = Annotated[str, Query(max_length=64)]


class Gate:
    """Who asks, what they may, and the note of it. Raises `NotGiven`."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def viewer(self, request: Request) -> Viewer:
        """Whoever stands behind the bearer token."""
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key.strip():
            raise NotGiven(
                401,
                "トークンが要ります。Authorization: Bearer に「mimamori token create」のトークンを付けてください。",
            )
        with self.hub.store.read() as conn:
            found = find_token(conn, key.strip())
        if found is None:
            raise NotGiven(401, "このトークンは無効です。取り消されたか、間違っています。")
        return found

    def allow(self, viewer: Viewer, resource: Resource, *, write: bool = False) -> None:
        """Refuse, and write it down, unless the role reads (or writes) the resource."""
        if viewer.may_write(resource) if write else viewer.may_read(resource):
            return
        self._refused(viewer, "page", resource)
        what = "書き込めません" if write else "見られません"
        raise NotGiven(403, f"{viewer.role.title}の役割では {resource} を{what}。")

    def within(self, viewer: Viewer, district: str | None, kind: str, subject: str) -> None:
        """404 for what does not exist, 403 for what lies in another district."""
        if district is None:
            raise NotGiven(404, f"「{subject}」は見つかりません。")
        if not viewer.sees(district):
            self._refused(viewer, kind, subject)
            raise NotGiven(403, "担当の地区ではないので、見られません。")

    def all_fields(self, viewer: Viewer, kind: str, subject: str) -> None:
        """Refuse a role that may see six fields only."""
        if viewer.role.fields != "all":
            self._refused(viewer, kind, subject)
            raise NotGiven(403, f"{viewer.role.title}の役割では、一人ずつの詳しい内容は見られません。")

    def log(self, viewer: Viewer, residents: Iterable[str | None], action: Action = Action.view) -> None:
        """One row for each resident that was shown."""
        shown = sorted({one for one in residents if one})
        now = self.hub.clock.now()
        if shown:
            self.hub.store.write(lambda conn: note(conn, now, viewer.actor, action, "resident", shown))

    def _refused(self, viewer: Viewer, kind: str, subject: str) -> None:
        now = self.hub.clock.now()
        self.hub.store.write(lambda conn: note(conn, now, viewer.actor, Action.refused, kind, [subject]))


def found(row: T | None, subject: str) -> T:
    """The row, or `NotGiven` 404."""
    if row is None:
        raise NotGiven(404, f"「{subject}」は見つかりません。")
    return row


def add_to(api: APIRouter, gate: Gate) -> None:
    """Every GET of `/api/v1`."""
    hub = gate.hub
    Asking = Annotated[Viewer, Depends(gate.viewer)]

    @api.get("/outreach-queue", summary="Open cases, the most urgent first", **described(list[rows.QueueRow]))
    def outreach_queue(viewer: Asking) -> Response:
        gate.allow(viewer, Resource.outreach_queue)
        with hub.store.read() as conn:
            queue = views.queue(conn, hub.clock.now(), ranks=hub.policy.ranks, district=viewer.bound_to)
        gate.log(viewer, (person.id for row in queue for person in row.residents))
        return answer(queue)

    @api.get(
        "/residents",
        summary="People watched over, by カナ; six fields for a 民生委員",
        **described(list[rows.ResidentRow], list[rows.FlagRow]),
    )
    def residents(
        viewer: Asking,
        district: Annotated[str | None, Query(max_length=24, description="code of a district")] = None,
        q: Annotated[
            str | None, Query(max_length=80, description="name, reading, end of a phone number")
        ] = None,
        limit: Limit = 500,
        offset: Offset = 0,
    ) -> Response:
        gate.allow(viewer, Resource.residents)
        now, bound = hub.clock.now(), viewer.bound_to
        if bound is not None and district not in (None, bound):
            gate.within(viewer, district, "district", district or "")
        with hub.store.read() as conn:
            if viewer.role.fields == "six":
                flags = views.flags(conn, now, bound or "")
                ids = views.resident_ids(conn, now, bound or "")
                listed: list[Any] = flags[offset : offset + limit]
                shown = ids[offset : offset + limit]
            else:
                listed = views.residents(
                    conn,
                    now,
                    district=bound if bound is not None else district,
                    search=q,
                    limit=limit,
                    offset=offset,
                )
                shown = [row.id for row in listed]
        gate.log(viewer, shown)
        return answer(listed)

    @api.get("/residents/{resident_id}", summary="One person", **described(rows.ResidentDetail))
    def resident(viewer: Asking, resident_id: str) -> Response:
        gate.allow(viewer, Resource.residents)
        gate.all_fields(viewer, "resident", resident_id)
        with hub.store.read() as conn:
            district = views.district_of(conn, resident=resident_id)
            row = views.resident(conn, resident_id, hub.clock.now())
        gate.within(viewer, district, "resident", resident_id)
        detail = found(row, resident_id)
        gate.log(viewer, [resident_id])
        return answer(detail)

    @api.get(
        "/households/{household_id}", summary="One home and its history", **described(rows.HouseholdDetail)
    )
    def household(viewer: Asking, household_id: str) -> Response:
        gate.allow(viewer, Resource.households)
        with hub.store.read() as conn:
            row = found(views.household(conn, household_id, hub.clock.now()), household_id)
        gate.within(viewer, row.district_code, "household", household_id)
        gate.log(viewer, (one.resident.id for one in row.residents))
        return answer(row)

    @api.get("/slots", summary="Every check-in of a day", **described(list[rows.SlotRow]))
    def slots(
        viewer: Asking,
        date: Annotated[datetime.date | None, Query(description="office date, today if left out")] = None,
        limit: Limit = 5000,
        offset: Offset = 0,
    ) -> Response:
        gate.allow(viewer, Resource.slots)
        day = date or office_date(hub.clock.now())
        with hub.store.read() as conn:
            listed = views.slots(conn, day, district=viewer.bound_to, limit=limit, offset=offset)
        gate.log(viewer, (row.resident_id for row in listed))
        return answer(listed)

    @api.get("/devices", summary="Every speaker", **described(list[rows.DeviceRow]))
    def devices(viewer: Asking, limit: Limit = 5000, offset: Offset = 0) -> Response:
        gate.allow(viewer, Resource.devices)
        with hub.store.read() as conn:
            listed = views.devices(
                conn, hub.clock.now(), district=viewer.bound_to, limit=limit, offset=offset
            )
        gate.log(viewer, (row.resident_id for row in listed))
        return answer(listed)

    @api.get("/events", summary="What one person's speaker said", **described(list[rows.EventRow]))
    def events(viewer: Asking, resident: Id, limit: Limit = 200, offset: Offset = 0) -> Response:
        gate.allow(viewer, Resource.events)
        with hub.store.read() as conn:
            district = views.district_of(conn, resident=resident)
            listed = views.events(conn, resident, limit=limit, offset=offset)
        gate.within(viewer, district, "resident", resident)
        gate.log(viewer, [resident])
        return answer(listed)

    @api.get("/absences", summary="Who is away, now or later", **described(list[rows.AbsenceRow]))
    def absences(viewer: Asking, resident: Id | None = None) -> Response:
        gate.allow(viewer, Resource.absences)
        with hub.store.read() as conn:
            if resident is not None:
                gate.within(viewer, views.district_of(conn, resident=resident), "resident", resident)
            listed = views.absences(conn, hub.clock.now(), resident=resident, district=viewer.bound_to)
        gate.log(viewer, (row.resident_id for row in listed))
        return answer(listed)
