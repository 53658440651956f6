"""The page of who has how much in hand, for how long; and many cases given to somebody at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import Connection
from starlette.responses import Response

from contract.refusal import Refused
from contract.time import office_date
from dashboard.front import Front, see_other
from hub import views
from hub.access import Action, Resource, Session, Viewer, has_account, list_accounts, note
from hub.access.roles import role_named
from hub.outreach import caseload, sorting
from hub.outreach.operations import Desk
from hub.vocabulary import Lane


def router(front: Front) -> APIRouter:
    """`/caseload`."""
    pages = APIRouter(include_in_schema=False)
    Looking = Annotated[Session, Depends(front.viewer)]

    @pages.get("/caseload")
    def show(session: Looking) -> Response:
        return _page(front, session.viewer)

    @pages.post("/caseload/assign")
    def assign(
        session: Looking,
        to: Annotated[str, Form(min_length=1, max_length=80)],
        cases: Annotated[list[str] | None, Form(max_length=200)] = None,
    ) -> Response:
        viewer, hub, now = session.viewer, front.hub, front.hub.clock.now()
        front.allow(viewer, Resource.outreach_queue, write=True)
        chosen = cases or []

        def work(conn: Connection) -> None:
            if not chosen:
                raise Refused("件が選ばれていません。左の四角で選んでから割り当ててください。")
            if not has_account(conn, to):
                raise Refused("この人のアカウントがありません。選び直してください。")
            for case_id in chosen:
                front.within(viewer, views.district_of(conn, case=case_id))
            sorting.assign_many(Desk(conn, viewer.actor, now, hub.policy), chosen, to)
            note(conn, now, viewer.actor, Action.write, "case", chosen)

        try:
            hub.store.write(work)
        except Refused as refused:
            return _page(front, viewer, str(refused), 409)
        return see_other("/caseload")

    return pages


def _page(front: Front, viewer: Viewer, problem: str | None = None, status: int = 200) -> Response:
    now, policy = front.hub.clock.now(), front.hub.policy
    with front.hub.store.read() as conn:
        loads = caseload.loads(conn, now, policy)
        rows = front.queue(conn, viewer, now)
        staff = [one for one in list_accounts(conn) if one.disabled_at is None]
    people = [row for row in rows if row.lane is Lane.person]
    front.log(viewer, Action.view, "resident", sorted({one.id for row in people for one in row.residents}))
    return front.page(
        "caseload.html",
        status,
        viewer=viewer,
        now=now,
        day=office_date(now),
        problem=problem,
        loads=loads,
        rows=people,
        limits=policy.caseload,
        staff=[one for one in staff if Resource.outreach_queue in role_named(one.role).write],
        may_act=viewer.may_write(Resource.outreach_queue),
    )
