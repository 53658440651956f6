"""Trends of people and telemetry of speakers, for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from hub import views
from hub.access import Resource, Viewer
from hub.api.answers import NotGiven, answer, described
from hub.api.reading import Gate
from hub.views.telemetry import DeviceTelemetry, telemetry
from hub.views.trend import Trend, trend


def add_to(api: APIRouter, gate: Gate) -> None:
    """The GETs."""
    hub = gate.hub
    Asking = Annotated[Viewer, Depends(gate.viewer)]

    @api.get(
        "/residents/{resident_id}/trend",
        summary="How one person answers lately, beside how they usually do",
        **described(Trend),
    )
    def of_resident(viewer: Asking, resident_id: str) -> Response:
        gate.allow(viewer, Resource.residents)
        gate.all_fields(viewer, "resident", resident_id)
        with hub.store.read() as conn:
            district = views.district_of(conn, resident=resident_id)
            gate.within(viewer, district, "resident", resident_id)
            found = trend(conn, resident_id, hub.clock.now(), hub.trends)
        gate.log(viewer, [resident_id])
        return answer(found)

    @api.get(
        "/devices/{device_id}/telemetry",
        summary="What one speaker told of itself",
        **described(DeviceTelemetry),
    )
    def of_device(viewer: Asking, device_id: str) -> Response:
        gate.allow(viewer, Resource.devices)
        now = hub.clock.now()
        with hub.store.read() as conn:
            row = next((one for one in views.devices(conn, now, device=device_id)), None)
            if row is None:
                raise NotGiven(404, f"「{device_id}」は見つかりません。")
            if row.resident_id is not None:
                district = views.district_of(conn, resident=row.resident_id)
                gate.within(viewer, district, "device", device_id)
            found = telemetry(conn, device_id, now)
        gate.log(viewer, [row.resident_id])
        return answer(found)
