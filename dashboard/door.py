"""Coming in and going out: login, logout, a password of one's own."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from contract.refusal import Refused
from dashboard.front import COOKIE, Front, LoginNeeded, see_other
from hub.access import LASTS, Action, Busy, end_session, find_session, note, open_session
from hub.access.secrets import SHORTEST

_BUSY = "いまログインが混み合っています。少し待って、もう一度押してください。"
Text = Annotated[str, Form(max_length=256)]


def router(front: Front) -> APIRouter:
    """`/login`, `/logout`, `/password`."""
    pages = APIRouter(include_in_schema=False)

    @pages.get("/login")
    def show_login(request: Request, next: str = "/") -> Response:
        if front.session(request):
            return see_other(_inside(next))
        return _login_page(front, next)

    @pages.post("/login")
    def log_in(request: Request, login: Text = "", password: Text = "", next: Text = "/") -> Response:
        name = login.strip()
        try:
            account_id = front.door.log_in(name, password, _address(request))
        except Refused as refused:
            return _login_page(front, next, name, str(refused), 422)
        except Busy:
            return _login_page(front, next, name, _BUSY, 503)
        return _begin(front, request, account_id, _inside(next))

    @pages.post("/logout")
    def log_out(request: Request) -> Response:
        now = front.hub.clock.now()
        session = front.session(request)

        def work(conn: Connection) -> None:
            if session is not None:
                end_session(conn, session.key_hash, now)
                note(conn, now, session.viewer.actor, Action.logout, "account", [session.viewer.actor])

        front.hub.store.write(work)
        answer = see_other("/login")
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @pages.get("/password")
    def show_password(request: Request) -> Response:
        return _password_page(front, request)

    @pages.post("/password")
    def change_password(request: Request, old: Text = "", new: Text = "", again: Text = "") -> Response:
        session = front.session(request)
        if session is None:
            raise LoginNeeded
        login = session.viewer.actor
        try:
            account_id = front.door.change_password(login, old, new, again, _address(request))
        except Refused as refused:
            return _password_page(front, request, str(refused), 422)
        except Busy:
            return _password_page(front, request, _BUSY, 503)
        return _begin(front, request, account_id, "/")

    return pages


def _begin(front: Front, request: Request, account_id: str, where: str) -> Response:
    """A new session and its cookie; the one the browser came with ends, so that no key is used twice."""
    now = front.hub.clock.now()

    def work(conn: Connection) -> str:
        old = find_session(conn, request.cookies.get(COOKIE), now)
        if old is not None:
            end_session(conn, old.key_hash, now)
        return open_session(conn, account_id, now)

    answer = see_other(where)
    answer.set_cookie(
        COOKIE,
        front.hub.store.write(work),
        max_age=int(LASTS.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


def _login_page(
    front: Front, next: str, login: str = "", problem: str | None = None, status: int = 200
) -> HTMLResponse:
    return front.page("login.html", status, next=_inside(next), login=login, problem=problem)


def _password_page(
    front: Front, request: Request, problem: str | None = None, status: int = 200
) -> HTMLResponse:
    session = front.session(request)
    if session is None:
        raise LoginNeeded
    return front.page(
        "password.html",
        status,
        must_change=session.must_change,
        login=session.viewer.actor,
        problem=problem,
        shortest=SHORTEST,
    )


def _inside(where: str) -> str:
    """A path of this site, whatever was asked for."""
    plain = where.startswith("/") and not where.startswith(("//", "/\\")) and where.isprintable()
    return where if plain else "/"


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
