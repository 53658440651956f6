"""What every page needs: the hub, the templates, and who is looking."""

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard.pages import load_templates
from hub import views
from hub.access import Action, Door, Resource, Session, Viewer, find_session, note
from hub.outreach import operations as outreach
from hub.service import Hub
from hub.views.rows import QueueRow

COOKIE = "mimamori_session"


class LoginNeeded(Exception):
    """Nobody is logged in."""


class PasswordNeeded(Exception):
    """Somebody is, with a password that somebody else gave."""


class NotAllowed(Exception):
    """The role does not go so far; the message is a sentence for the page."""


def see_other(where: str) -> RedirectResponse:
    """Go there with GET."""
    return RedirectResponse(where, status_code=303)


class Front:
    """One per application."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.door = Door(hub.store, hub.clock)
        self.templates: Environment = load_templates()

    @property
    def office(self) -> str:
        """The office's name, for the head of every page."""
        return self.hub.config.office

    def render(self, template: str, **values: Any) -> str:
        """The text of a template."""
        return self.templates.get_template(template).render(office=self.office, **values)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page."""
        return HTMLResponse(self.render(template, **values), status_code=status)

    def message(self, title: str, sentence: str, status: int) -> HTMLResponse:
        """A page with one sentence."""
        return self.page("message.html", status, title=title, sentence=sentence)

    def answer(self, request: Request, sentence: str, status: int = 200) -> Response:
        """What came of a press of a button: a line for the page that pressed it, or a page for one without scripts."""
        if request.headers.get("hx-request"):
            kind = "notice-done" if status < 400 else "notice-problem"
            return HTMLResponse(f'<span class="{kind}">{escape(sentence)}</span>', status_code=status)
        return see_other("/") if status < 400 else self.message("できませんでした", sentence, status)

    def session(self, request: Request) -> Session | None:
        """Whoever is logged in, whatever they may do."""
        with self.hub.store.read() as conn:
            return find_session(conn, request.cookies.get(COOKIE), self.hub.clock.now())

    def viewer(self, request: Request) -> Session:
        """Whoever is logged in and may look at pages; raises `LoginNeeded` or `PasswordNeeded`."""
        session = self.session(request)
        if session is None:
            raise LoginNeeded
        if session.must_change:
            raise PasswordNeeded
        return session

    def allow(self, viewer: Viewer, resource: Resource, *, write: bool = False) -> None:
        """Raise `NotAllowed`, and write it down, unless the role reads (or writes) the resource."""
        if viewer.may_write(resource) if write else viewer.may_read(resource):
            return
        self.log(viewer, Action.refused, "page", [resource])
        raise NotAllowed(f"{viewer.role.title}の役割では、この{'操作' if write else '画面'}は使えません。")

    def queue(
        self, conn: Connection, viewer: Viewer, now: datetime, district: str | None = None
    ) -> list[QueueRow]:
        """Every open case this viewer sees, of one district or of all, in the order in which to work them off."""
        self.allow(viewer, Resource.outreach_queue)
        return views.queue(conn, now, ranks=self.hub.policy.ranks, district=district or viewer.bound_to)

    def log(self, viewer: Viewer, action: Action, kind: str, subjects: list[str]) -> None:
        """Write into the access log."""
        now = self.hub.clock.now()

        def work(conn: Connection) -> None:
            note(conn, now, viewer.actor, action, kind, subjects)

        if subjects:
            self.hub.store.write(work)

    def act(self, viewer: Viewer, case_id: str, work: Callable[[outreach.Desk], object]) -> None:
        """Do something with a case as this viewer; raises `Refused` with a sentence, or `NotAllowed`."""
        self.allow(viewer, Resource.outreach_queue, write=True)
        hub, now = self.hub, self.hub.clock.now()

        def write(conn: Connection) -> None:
            self.within(viewer, views.district_of(conn, case=case_id))
            work(outreach.Desk(conn, viewer.actor, now, hub.policy))
            note(conn, now, viewer.actor, Action.write, "case", [case_id])

        hub.store.write(write)

    def within(self, viewer: Viewer, district: str | None) -> None:
        """Raise `NotAllowed` unless the viewer sees the district; what does not exist is as invisible as the rest."""
        if district is None or not viewer.sees(district):
            raise NotAllowed("この世帯は見つからないか、担当の地区ではありません。")

    def to_login(self, request: Request) -> Response:
        """To the login page, and back here afterwards; a stream or a press of a button gets a bare 401."""
        if request.headers.get("hx-request") or request.url.path == "/stream":
            return Response("ログインし直してください。", status_code=401, media_type="text/plain")
        here = request.url.path if request.method == "GET" else "/"
        return see_other("/login" if here == "/" else f"/login?next={quote(here)}")
