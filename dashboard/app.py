"""The web face of a hub: pages for people, `/api/v1` for programs, `/healthz`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from contract.refusal import Refused
from dashboard import board, calls, caseload, casework, door, family, home, notices, outage, shortlist, vendor
from dashboard.front import Front, LoginNeeded, NotAllowed, PasswordNeeded, see_other
from dashboard.guard import Guard
from dashboard.live import Live
from hub import api
from hub.service import Hub

log = structlog.get_logger(__name__)
STATIC = Path(__file__).parent / "static"


def create_app(hub: Hub) -> FastAPI:
    """The application of one hub. Raises `Refused` if a front-end file is missing.

    `app.state.live` is the stream of boards; close it before stopping the server, or use `dashboard.serve`.
    """
    vendor.check()
    front = Front(hub)
    live = Live(hub.store, hub.clock, board.renderer(front), board.beat(front))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await live.start()
        yield
        await live.stop()

    app = FastAPI(
        title="見守り",
        version="1",
        summary="The outreach queue of one town, and what it rests on.",
        lifespan=lifespan,
        docs_url=None,  # both of FastAPI's pages load scripts from outside
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.live = live
    app.include_router(api.router(hub))
    app.include_router(door.router(front))
    app.include_router(board.router(front, live))
    app.include_router(home.router(front))
    app.include_router(casework.router(front))
    app.include_router(caseload.router(front))
    app.include_router(shortlist.router(front))
    app.include_router(calls.router(front))
    app.include_router(family.router(front))
    app.include_router(notices.router(front))
    app.include_router(outage.router(front))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    api.install(app)
    _install_answers(app, front)
    app.add_middleware(Guard)
    return app


def is_api(request: Request) -> bool:
    """Whether a program asks, which wants JSON."""
    return request.url.path.startswith("/api/")


def _install_answers(app: FastAPI, front: Front) -> None:
    """What a person sees instead of an error."""

    @app.exception_handler(LoginNeeded)
    async def to_login(request: Request, _error: LoginNeeded) -> Response:
        return front.to_login(request)

    @app.exception_handler(PasswordNeeded)
    async def to_password(_request: Request, _error: PasswordNeeded) -> Response:
        return see_other("/password")

    @app.exception_handler(NotAllowed)
    async def not_allowed(_request: Request, error: NotAllowed) -> Response:
        return front.message("見ることができません", str(error), 403)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        status = api.refusal_status(error)
        if is_api(request):
            return api.problem(status, str(error))
        return front.answer(request, str(error), status)

    @app.exception_handler(RequestValidationError)
    async def wrong_value(request: Request, error: RequestValidationError) -> Response:
        sentence = api.wrong_value(error)
        return api.problem(422, sentence) if is_api(request) else front.answer(request, sentence, 422)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error(
            "dashboard.broken",
            route=getattr(request.scope.get("route"), "path", None),
            error=type(error).__name__,
        )
        sentence = "この操作を終えられませんでした。もう一度試し、続くときは管理者に知らせてください。"
        return api.problem(500, sentence) if is_api(request) else front.answer(request, sentence, 500)

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        if is_api(request):
            return api.problem(error.status_code, str(error.detail))
        if error.status_code == 404:
            return front.message(
                "ページがありません",
                "このアドレスのページはありません。リンクが古いか、書き間違いかもしれません。",
                404,
            )
        return front.message("できませんでした", str(error.detail), error.status_code)
