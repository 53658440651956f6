"""What programs may do with the queue beside taking and closing: hand over, plan, merge, reopen, visit; and the meters."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from contract.refusal import Refused
from contract.time import office_date, office_instant
from hub import duty, views
from hub.access import Action, Resource, Viewer, has_account, note
from hub.api.acting import Case, Nothing, act
from hub.api.answers import answer, described, raw_body, read_body
from hub.api.reading import Gate
from hub.outreach import caseload, handover, sorting
from hub.outreach import visits as outings
from hub.outreach.operations import Desk
from hub.outreach.visits import Assignment, Report
from hub.views import rows
from hub.vocabulary import VisitKind, VisitOutcome

Login = Annotated[str, Meta(min_length=1, max_length=80)]
Sentence = Annotated[str, Meta(min_length=1, max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]
Long = Annotated[str, Meta(max_length=300)]
Body = Annotated[bytes, Depends(raw_body)]


class Offered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom, and why."""

    to: Login
    why: Sentence


class Why(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word on why."""

    why: Sentence


class Next(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the owner does next, and by when."""

    words: Sentence
    at: Instant


class Into(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The case that is left."""

    into: Annotated[str, Meta(max_length=36)]


class Many(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cases, and whose they shall be."""

    cases: Annotated[list[Annotated[str, Meta(max_length=36)]], Meta(min_length=1, max_length=200)]
    to: Login


class NewVisit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is sent out with."""

    assignee: Login
    planned_for: Instant
    kind: VisitKind = VisitKind.safety_check
    program: Annotated[str, Meta(max_length=40)] | None = None
    purpose: Long = ""
    scope_do: Long = ""
    scope_dont: Long = ""
    coordination: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=20)] = []


class Visited(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a visit."""

    outcome: VisitOutcome
    text: Annotated[str, Meta(max_length=500)] = ""
    visited_at: Instant | None = None
    follow_up_on: date | None = None


def add_to(api: APIRouter, gate: Gate) -> None:
    """The rest of `/cases`, `/visits` and `/caseload`."""
    hub = gate.hub
    Asking = Annotated[Viewer, Depends(gate.viewer)]

    def known(login: str) -> str:
        with hub.store.read() as conn:
            if not has_account(conn, login):
                raise Refused(f"ログイン名「{login}」のアカウントはありません。")
        return login

    @api.post("/cases/{case_id}/hand-over", summary="Offer it", **described(Case, body=Offered))
    def offer(viewer: Asking, case_id: str, body: Body) -> Response:
        gate.allow(viewer, Resource.outreach_queue, write=True)
        said = read_body(body, Offered)
        to = known(said.to)
        return act(gate, viewer, case_id, lambda desk: handover.offer(desk, case_id, to, said.why))

    @api.post("/cases/{case_id}/hand-over/accept", summary="Take it over", **described(Case, body=Nothing))
    def accept(viewer: Asking, case_id: str) -> Response:
        return act(gate, viewer, case_id, lambda desk: handover.accept(desk, case_id))

    @api.post("/cases/{case_id}/hand-over/decline", summary="Say no", **described(Case, body=Why))
    def decline(viewer: Asking, case_id: str, body: Body) -> Response:
        why = read_body(body, Why).why
        return act(gate, viewer, case_id, lambda desk: handover.decline(desk, case_id, why))

    @api.post(
        "/cases/{case_id}/hand-over/withdraw", summary="Take the offer back", **described(Case, body=Nothing)
    )
    def withdraw(viewer: Asking, case_id: str) -> Response:
        return act(gate, viewer, case_id, lambda desk: handover.withdraw(desk, case_id))

    @api.post("/cases/{case_id}/next", summary="What comes next, and when", **described(Case, body=Next))
    def plan_next(viewer: Asking, case_id: str, body: Body) -> Response:
        said = read_body(body, Next)
        return act(gate, viewer, case_id, lambda desk: sorting.plan_next(desk, case_id, said.words, said.at))

    @api.post("/cases/{case_id}/reopen", summary="Open it again", **described(Case, body=Why))
    def reopen(viewer: Asking, case_id: str, body: Body) -> Response:
        why = read_body(body, Why).why
        return act(gate, viewer, case_id, lambda desk: sorting.reopen(desk, case_id, why))

    @api.post("/cases/{case_id}/merge", summary="Make two one", **described(Case, body=Into))
    def merge(viewer: Asking, case_id: str, body: Body) -> Response:
        into = read_body(body, Into).into
        gate.allow(viewer, Resource.outreach_queue, write=True)
        with hub.store.read() as conn:
            gate.within(viewer, views.district_of(conn, case=into), "case", into)
        return act(gate, viewer, case_id, lambda desk: sorting.merge(desk, case_id, into))

    @api.post("/cases/assign", summary="Make somebody the owner of many", **described(Nothing, body=Many))
    def assign_many(viewer: Asking, body: Body) -> Response:
        gate.allow(viewer, Resource.outreach_queue, write=True)
        said, now = read_body(body, Many), hub.clock.now()
        to = known(said.to)
        with hub.store.read() as conn:
            for case_id in said.cases:
                gate.within(viewer, views.district_of(conn, case=case_id), "case", case_id)

        def write(conn: Connection) -> None:
            sorting.assign_many(Desk(conn, viewer.actor, now, hub.policy), said.cases, to)
            note(conn, now, viewer.actor, Action.write, "case", said.cases)

        hub.store.write(write)
        return answer(Nothing())

    @api.post("/cases/{case_id}/visits", summary="Send somebody out", **described(Case, body=NewVisit))
    def assign_visit(viewer: Asking, case_id: str, body: Body) -> Response:
        gate.allow(viewer, Resource.outreach_queue, write=True)
        said = read_body(body, NewVisit)
        wanted = Assignment(
            assignee=known(said.assignee),
            planned_for=said.planned_for,
            kind=said.kind,
            program=said.program,
            purpose=said.purpose,
            scope_do=said.scope_do,
            scope_dont=said.scope_dont,
            coordination=tuple(said.coordination),
        )
        return act(gate, viewer, case_id, lambda desk: outings.assign(desk, case_id, wanted))

    @api.get("/visits", summary="Visits of a day", **described(list[rows.VisitRow]))
    def visits(
        viewer: Asking,
        day: Annotated[date | None, Query(alias="date", description="office date, today if left out")] = None,
        assignee: Annotated[str | None, Query(max_length=80, description="a login")] = None,
    ) -> Response:
        gate.allow(viewer, Resource.outreach_queue)
        first = office_instant(day or office_date(hub.clock.now()), timedelta())
        with hub.store.read() as conn:
            listed = views.visits(
                conn,
                assignee=assignee,
                since=first,
                until=first + timedelta(days=1),
                district=viewer.bound_to,
            )
        return answer(listed)

    def on_visit(viewer: Viewer, visit_id: str, work: Callable[[Desk], None]) -> Response:
        gate.allow(viewer, Resource.outreach_queue, write=True)
        with hub.store.read() as conn:
            gate.within(viewer, views.district_of(conn, visit=visit_id), "visit", visit_id)
        now = hub.clock.now()

        def write(conn: Connection) -> None:
            work(Desk(conn, viewer.actor, now, hub.policy))
            note(conn, now, viewer.actor, Action.write, "visit", [visit_id])

        hub.store.write(write)
        return answer(Nothing())

    @api.post("/visits/{visit_id}/start", summary="On the way", **described(Nothing, body=Nothing))
    def start(viewer: Asking, visit_id: str) -> Response:
        return on_visit(viewer, visit_id, lambda desk: outings.start(desk, visit_id))

    @api.post("/visits/{visit_id}/cancel", summary="Nobody goes", **described(Nothing, body=Why))
    def cancel(viewer: Asking, visit_id: str, body: Body) -> Response:
        why = read_body(body, Why).why
        return on_visit(viewer, visit_id, lambda desk: outings.cancel(desk, visit_id, why))

    @api.post("/visits/{visit_id}/outcome", summary="Write it up", **described(Nothing, body=Visited))
    def outcome(viewer: Asking, visit_id: str, body: Body) -> Response:
        said = read_body(body, Visited)
        report = Report(
            outcome=said.outcome,
            text=said.text,
            visited_at=said.visited_at,
            follow_up_on=said.follow_up_on,
        )
        return on_visit(viewer, visit_id, lambda desk: outings.report(desk, visit_id, report))

    @api.get("/duty", summary="Who is on duty now", **described(duty.Watch))
    def on_duty(viewer: Asking) -> Response:
        gate.allow(viewer, Resource.outreach_queue)
        with hub.store.read() as conn:
            return answer(duty.at(conn, hub.clock.now(), hub.policy))

    @api.get("/caseload", summary="How much each worker has in hand", **described(list[caseload.Load]))
    def loads(viewer: Asking) -> Response:
        gate.allow(viewer, Resource.outreach_queue)
        gate.all_fields(viewer, "caseload", "caseload")
        with hub.store.read() as conn:
            return answer(caseload.loads(conn, hub.clock.now(), hub.policy))
