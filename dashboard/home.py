"""The page of one household: who lives there, what is open, what was done; and the forms to write it up."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import Connection
from starlette.responses import Response

from contract.refusal import Refused
from contract.time import OFFICE_ZONE, office_date
from dashboard.calendar import calendar_of
from dashboard.front import Front, NotAllowed, see_other
from hub import absence, views
from hub.access import Action, Resource, Session, Viewer, list_accounts, note
from hub.access.roles import role_named
from hub.notices import links, state
from hub.outreach.operations import Desk
from hub.views.home import SLOT_DAYS
from hub.views.telemetry import telemetry
from hub.views.trend import trend
from hub.vocabulary import CaseOutcome

Text = Annotated[str, Form(max_length=200)]


def router(front: Front) -> APIRouter:
    """`/households/{id}` and what is written there."""
    pages = APIRouter(include_in_schema=False)
    Looking = Annotated[Session, Depends(front.viewer)]

    def act(session: Session, home: str, case: str, work: Callable[[Desk], object]) -> Response:
        return act_at(front, session, home, case, work)

    @pages.get("/households/{home}")
    def show(session: Looking, home: str) -> Response:
        return page(front, session.viewer, home)

    @pages.post("/households/{home}/cases/{case}/take")
    def take(session: Looking, home: str, case: str) -> Response:
        return act(session, home, case, lambda desk: desk.take(case))

    @pages.post("/households/{home}/cases/{case}/give-back")
    def give_back(session: Looking, home: str, case: str) -> Response:
        return act(session, home, case, lambda desk: desk.give_back(case))

    @pages.post("/households/{home}/cases/{case}/phoned")
    def phoned(
        session: Looking, home: str, case: str, reached: Annotated[bool, Form()], text: Text = ""
    ) -> Response:
        said = text.strip()
        return act(session, home, case, lambda desk: desk.phoned(case, reached=reached, text=said))

    @pages.post("/households/{home}/cases/{case}/note")
    def write_note(session: Looking, home: str, case: str, text: Text) -> Response:
        return act(session, home, case, lambda desk: desk.note(case, text.strip()))

    @pages.post("/households/{home}/cases/{case}/close")
    def close(
        session: Looking, home: str, case: str, outcome: Annotated[CaseOutcome, Form()], text: Text = ""
    ) -> Response:
        return act(session, home, case, lambda desk: desk.close(case, outcome, text.strip()))

    @pages.post("/households/{home}/residents/{resident}/absences")
    def go_away(
        session: Looking,
        home: str,
        resident: str,
        kind: Annotated[str, Form(max_length=24)],
        until: Annotated[datetime, Form()],
    ) -> Response:
        hub, now = front.hub, front.hub.clock.now()
        end = until.replace(tzinfo=OFFICE_ZONE) if until.tzinfo is None else until

        def work(conn: Connection) -> None:
            if end <= now:
                raise Refused("不在の終わりが過去の日時です。これからの日時を入れてください。")
            absence.register(conn, resident, kind, now, end, session.viewer.actor, now, hub.policy)
            note(conn, now, session.viewer.actor, Action.write, "resident", [resident])

        return _absence(front, session.viewer, home, {"resident": resident}, work)

    @pages.post("/households/{home}/absences/{absence_id}/end")
    def come_home(session: Looking, home: str, absence_id: str) -> Response:
        hub, now = front.hub, front.hub.clock.now()

        def work(conn: Connection) -> None:
            absence.end(conn, absence_id, session.viewer.actor, now, hub.policy)
            note(conn, now, session.viewer.actor, Action.write, "absence", [absence_id])

        return _absence(front, session.viewer, home, {"absence": absence_id}, work)

    return pages


def _absence(
    front: Front, viewer: Viewer, home: str, subject: dict[str, str], work: Callable[[Connection], None]
) -> Response:
    front.allow(viewer, Resource.absences, write=True)

    def write(conn: Connection) -> None:
        front.within(viewer, views.district_of(conn, **subject))
        work(conn)

    try:
        front.hub.store.write(write)
    except Refused as refused:
        return page(front, viewer, home, str(refused), 409)
    return see_other(f"/households/{home}")


def act_at(front: Front, session: Session, home: str, case: str, work: Callable[[Desk], object]) -> Response:
    """Do `work` on a case, then back to the household's page; 409 and the page with the reason where it is refused."""
    try:
        front.act(session.viewer, case, work)
    except Refused as refused:
        return page(front, session.viewer, home, str(refused), 409)
    return see_other(f"/households/{home}")


def page(front: Front, viewer: Viewer, home: str, problem: str | None = None, status: int = 200) -> Response:
    """The page, and a row in the access log for each resident on it."""
    front.allow(viewer, Resource.households)
    now = front.hub.clock.now()
    with front.hub.store.read() as conn:
        found = views.household(conn, home, now)
        staff = [one for one in list_accounts(conn) if one.disabled_at is None]
        people = found.residents if found else []
        trends = {one.resident.id: trend(conn, one.resident.id, now, front.hub.trends) for one in people}
        boxes = {box.id: telemetry(conn, box.id, now) for one in people for box in one.devices}
        told = state.deliveries(conn, household=home, limit=40)
        to_nobody = state.to_nobody(conn, now, household=home)
        asked = links.of_cases(conn, [case.case_id for case in found.open_cases]) if found else []
    if found is None or not viewer.sees(found.district_code):
        raise NotAllowed("この世帯は見つからないか、担当の地区ではありません。")
    front.log(viewer, Action.view, "resident", [one.resident.id for one in found.residents])
    today = office_date(now)
    return front.page(
        "household.html",
        status,
        viewer=viewer,
        now=now,
        day=today,
        home=found,
        problem=problem,
        calendars={one.resident.id: calendar_of(one.slots, today, SLOT_DAYS) for one in found.residents},
        trends=trends,
        telemetry=boxes,
        slot_words=front.hub.policy.slot_words,
        visiting=front.hub.policy.visit,
        staff=[one for one in staff if Resource.outreach_queue in role_named(one.role).write],
        told=told,
        to_nobody=to_nobody,
        links=asked,
        may_act=viewer.may_write(Resource.outreach_queue),
        may_pause=viewer.may_write(Resource.absences),
    )
