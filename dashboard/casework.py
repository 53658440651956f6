"""The forms of a household page beside phoning and closing: assign, hand over, plan, visit, open again."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import Connection
from starlette.responses import Response

from contract.refusal import Refused
from contract.time import OFFICE_ZONE
from dashboard.front import Front, see_other
from dashboard.home import Text, act_at, page
from hub import views
from hub.access import Action, Resource, Session, has_account, note
from hub.outreach import handover, sorting, visits
from hub.outreach.operations import Desk
from hub.outreach.visits import Assignment, Report
from hub.vocabulary import VisitKind, VisitOutcome

Login = Annotated[str, Form(min_length=1, max_length=80)]
Sentence = Annotated[str, Form(min_length=1, max_length=200)]
Long = Annotated[str, Form(max_length=300)]


def router(front: Front) -> APIRouter:
    """`/households/{id}/cases/{id}/…` and `/households/{id}/visits/{id}/…`."""
    pages = APIRouter(include_in_schema=False)
    Looking = Annotated[Session, Depends(front.viewer)]

    def act(session: Session, home: str, case: str, work: Callable[[Desk], object]) -> Response:
        return act_at(front, session, home, case, work)

    def known(desk: Desk, login: str) -> str:
        if not has_account(desk.conn, login):
            raise Refused("この人のアカウントがありません。選び直してください。")
        return login

    @pages.post("/households/{home}/cases/{case}/assign")
    def assign(session: Looking, home: str, case: str, to: Login) -> Response:
        return act(session, home, case, lambda desk: desk.assign(case, known(desk, to)))

    @pages.post("/households/{home}/cases/{case}/hand-over")
    def offer(session: Looking, home: str, case: str, to: Login, why: Sentence) -> Response:
        return act(session, home, case, lambda desk: handover.offer(desk, case, known(desk, to), why.strip()))

    @pages.post("/households/{home}/cases/{case}/hand-over/accept")
    def accept(session: Looking, home: str, case: str) -> Response:
        return act(session, home, case, lambda desk: handover.accept(desk, case))

    @pages.post("/households/{home}/cases/{case}/hand-over/decline")
    def decline(session: Looking, home: str, case: str, why: Sentence) -> Response:
        return act(session, home, case, lambda desk: handover.decline(desk, case, why.strip()))

    @pages.post("/households/{home}/cases/{case}/hand-over/withdraw")
    def withdraw(session: Looking, home: str, case: str) -> Response:
        return act(session, home, case, lambda desk: handover.withdraw(desk, case))

    @pages.post("/households/{home}/cases/{case}/next")
    def plan_next(
        session: Looking, home: str, case: str, words: Sentence, at: Annotated[datetime, Form()]
    ) -> Response:
        return act(
            session, home, case, lambda desk: sorting.plan_next(desk, case, words.strip(), _office(at))
        )

    @pages.post("/households/{home}/cases/{case}/reopen")
    def reopen(session: Looking, home: str, case: str, why: Sentence) -> Response:
        return act(session, home, case, lambda desk: sorting.reopen(desk, case, why.strip()))

    @pages.post("/households/{home}/cases/{case}/visits")
    def assign_visit(
        session: Looking,
        home: str,
        case: str,
        assignee: Login,
        planned_for: Annotated[datetime, Form()],
        kind: Annotated[VisitKind, Form()] = VisitKind.safety_check,
        program: Annotated[str, Form(max_length=40)] = "",
        purpose: Long = "",
        scope_do: Long = "",
        scope_dont: Long = "",
        coordination: Annotated[list[str] | None, Form(max_length=20)] = None,
    ) -> Response:
        wanted = Assignment(
            assignee=assignee,
            planned_for=_office(planned_for),
            kind=kind,
            program=program or None,
            purpose=purpose.strip(),
            scope_do=scope_do.strip(),
            scope_dont=scope_dont.strip(),
            coordination=tuple(coordination or ()),
        )

        def work(desk: Desk) -> None:
            known(desk, assignee)
            visits.assign(desk, case, wanted)

        return act(session, home, case, work)

    def on_visit(session: Session, home: str, visit: str, work: Callable[[Desk], None]) -> Response:
        viewer, hub, now = session.viewer, front.hub, front.hub.clock.now()
        front.allow(viewer, Resource.outreach_queue, write=True)

        def write(conn: Connection) -> None:
            front.within(viewer, views.district_of(conn, visit=visit))
            work(Desk(conn, viewer.actor, now, hub.policy))
            note(conn, now, viewer.actor, Action.write, "visit", [visit])

        try:
            hub.store.write(write)
        except Refused as refused:
            return page(front, viewer, home, str(refused), 409)
        return see_other(f"/households/{home}")

    @pages.post("/households/{home}/visits/{visit}/start")
    def start(session: Looking, home: str, visit: str) -> Response:
        return on_visit(session, home, visit, lambda desk: visits.start(desk, visit))

    @pages.post("/households/{home}/visits/{visit}/cancel")
    def cancel(session: Looking, home: str, visit: str, why: Sentence) -> Response:
        return on_visit(session, home, visit, lambda desk: visits.cancel(desk, visit, why.strip()))

    @pages.post("/households/{home}/visits/{visit}/outcome")
    def outcome(
        session: Looking,
        home: str,
        visit: str,
        outcome: Annotated[VisitOutcome, Form()],
        visited_at: Annotated[str, Form(max_length=25)] = "",
        follow_up_on: Annotated[str, Form(max_length=10)] = "",
        text: Text = "",
    ) -> Response:
        def work(desk: Desk) -> None:
            # A browser sends a field that was left empty as an empty word, which is no date.
            said = Report(
                outcome=outcome,
                text=text.strip(),
                visited_at=_office(datetime.fromisoformat(visited_at)) if visited_at else None,
                follow_up_on=date.fromisoformat(follow_up_on) if follow_up_on else None,
            )
            visits.report(desk, visit, said)

        try:
            return on_visit(session, home, visit, work)
        except ValueError:
            return page(front, session.viewer, home, "日時が正しくありません。入れ直してください。", 422)

    return pages


def _office(at: datetime) -> datetime:
    """A form's time without a zone is the office's."""
    return at.replace(tzinfo=OFFICE_ZONE) if at.tzinfo is None else at
