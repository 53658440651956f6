"""`/healthz`: is the hub alive and hearing? No token, no personal data; 503 when somebody should look."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from hub.api.answers import answer, shape
from hub.health import Health
from hub.service import Hub


def add_to(api: APIRouter, hub: Hub) -> None:
    """The one route."""
    said: dict[int | str, dict[str, Any]] = {
        code: {"description": words, "content": {"application/json": {"schema": shape(Health)}}}
        for code, words in {
            200: "It hears and sweeps",
            503: "It is blind or stuck; `problem` says why",
        }.items()
    }

    @api.get("/healthz", summary="Is the hub alive and hearing?", responses=said, tags=["health"])
    def healthz() -> Response:
        health = hub.health()
        return answer(health, 200 if health.ok else 503)
