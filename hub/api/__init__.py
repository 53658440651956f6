"""`/api/v1` for programs, behind bearer tokens, and `/healthz` for whoever watches the hub, behind nothing."""

from fastapi import APIRouter

from hub.api import acting, health, keeping, outages, outreach, reading, telling
from hub.api.answers import NotGiven, Problem, install, problem, refusal_status, wrong_value
from hub.service import Hub

__all__ = ["NotGiven", "Problem", "install", "problem", "refusal_status", "router", "wrong_value"]


def router(hub: Hub) -> APIRouter:
    """Every route for programs. The application must also `install` our refusals."""
    everything = APIRouter()
    api = APIRouter(prefix="/api/v1", tags=["v1"])
    gate = reading.Gate(hub)
    reading.add_to(api, gate)
    acting.add_to(api, gate)
    outages.add_to(api, gate)
    outreach.add_to(api, gate)
    keeping.add_to(api, gate)
    telling.add_to(api, gate)
    everything.include_router(api)
    health.add_to(everything, hub)
    return everything
