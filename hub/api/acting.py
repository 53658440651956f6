"""What programs may do: take a case, write up a call, close it; register an absence and end it."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from contract.refusal import Refused
from hub import absence, views
from hub.access import Action, Resource, Viewer, has_account, note
from hub.api.answers import answer, described, raw_body, read_body
from hub.api.reading import Gate, found
from hub.outreach.operations import Desk
from hub.views import rows
from hub.vocabulary import CaseOutcome

Words = Annotated[str, Meta(max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]


class NewAbsence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nobody is at home until then."""

    resident_id: str
    kind: str
    """out, hospital or day_service."""
    until: Instant
    starts_at: Instant | None = None
    """Now, if left out; may lie in the past."""


class Nothing(Struct, frozen=True):
    """An empty object; a body may also be left out."""


class To(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose case it shall be."""

    to: Annotated[str, Meta(min_length=1, max_length=80)]
    """A login."""


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to write down."""

    text: Annotated[str, Meta(min_length=1, max_length=200)]


class Phoned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a call."""

    reached: bool
    text: Words = ""


class Closed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a case ended."""

    outcome: CaseOutcome
    text: Words = ""


Body = Annotated[bytes, Depends(raw_body)]


Case = rows.QueueRow | None


def act(gate: Gate, viewer: Viewer, case_id: str, work: Callable[[Desk], object]) -> Response:
    """Do it in one transaction with its note, and answer with the case as it stands then (null once closed)."""
    hub = gate.hub
    gate.allow(viewer, Resource.outreach_queue, write=True)
    with hub.store.read() as conn:
        district = views.district_of(conn, case=case_id)
    gate.within(viewer, district, "case", case_id)
    now = hub.clock.now()

    def write(conn: Connection) -> rows.QueueRow | None:
        work(Desk(conn, viewer.actor, now, hub.policy))
        note(conn, now, viewer.actor, Action.write, "case", [case_id])
        left = views.queue(conn, now, ranks=hub.policy.ranks, district=district)
        return next((row for row in left if row.case_id == case_id), None)

    row = hub.store.write(write)
    if row is not None:
        gate.log(viewer, (person.id for person in row.residents))
    return answer(row)


def add_to(api: APIRouter, gate: Gate) -> None:
    """Every POST and DELETE of `/api/v1`."""
    hub = gate.hub
    Asking = Annotated[Viewer, Depends(gate.viewer)]

    @api.post("/cases/{case_id}/take", summary="Be its owner", **described(Case, body=Nothing))
    def take(viewer: Asking, case_id: str) -> Response:
        return act(gate, viewer, case_id, lambda desk: desk.take(case_id))

    @api.post("/cases/{case_id}/give-back", summary="No longer be its owner", **described(Case, body=Nothing))
    def give_back(viewer: Asking, case_id: str) -> Response:
        return act(gate, viewer, case_id, lambda desk: desk.give_back(case_id))

    @api.post("/cases/{case_id}/assign", summary="Make somebody its owner", **described(Case, body=To))
    def assign(viewer: Asking, case_id: str, body: Body) -> Response:
        gate.allow(viewer, Resource.outreach_queue, write=True)
        to = read_body(body, To).to
        with hub.store.read() as conn:
            if not has_account(conn, to):
                raise Refused(f"ログイン名「{to}」のアカウントはありません。")
        return act(gate, viewer, case_id, lambda desk: desk.assign(case_id, to))

    @api.post("/cases/{case_id}/note", summary="Write something down", **described(Case, body=Said))
    def write_note(viewer: Asking, case_id: str, body: Body) -> Response:
        text = read_body(body, Said).text
        return act(gate, viewer, case_id, lambda desk: desk.note(case_id, text))

    @api.post("/cases/{case_id}/phoned", summary="What came of the call", **described(Case, body=Phoned))
    def phoned(viewer: Asking, case_id: str, body: Body) -> Response:
        said = read_body(body, Phoned)
        return act(
            gate, viewer, case_id, lambda desk: desk.phoned(case_id, reached=said.reached, text=said.text)
        )

    @api.post("/cases/{case_id}/close", summary="End it", **described(Case, body=Closed))
    def close(viewer: Asking, case_id: str, body: Body) -> Response:
        said = read_body(body, Closed)
        return act(gate, viewer, case_id, lambda desk: desk.close(case_id, said.outcome, said.text))

    @api.post(
        "/absences",
        summary="Pause a person until then",
        **described(rows.AbsenceRow | None, body=NewAbsence, status=201),
    )
    def go_away(viewer: Asking, body: Body) -> Response:
        gate.allow(viewer, Resource.absences, write=True)
        said, now = read_body(body, NewAbsence), hub.clock.now()
        with hub.store.read() as conn:
            gate.within(
                viewer, views.district_of(conn, resident=said.resident_id), "resident", said.resident_id
            )

        def write(conn: Connection) -> rows.AbsenceRow | None:
            made = absence.register(
                conn,
                said.resident_id,
                said.kind,
                said.starts_at or now,
                said.until,
                viewer.actor,
                now,
                hub.policy,
            )
            note(conn, now, viewer.actor, Action.write, "resident", [said.resident_id])
            # One that was over before it was entered is history: it is in no list.
            listed = views.absences(conn, now, resident=said.resident_id)
            return next((row for row in listed if row.id == made), None)

        return answer(hub.store.write(write), 201)

    @api.delete("/absences/{absence_id}", summary="Home early", **described(Nothing, body=Nothing))
    def come_home(viewer: Asking, absence_id: str) -> Response:
        gate.allow(viewer, Resource.absences, write=True)
        with hub.store.read() as conn:
            district = found(views.district_of(conn, absence=absence_id), absence_id)
        gate.within(viewer, district, "absence", absence_id)
        now = hub.clock.now()

        def write(conn: Connection) -> None:
            absence.end(conn, absence_id, viewer.actor, now, hub.policy)
            note(conn, now, viewer.actor, Action.write, "absence", [absence_id])

        hub.store.write(write)
        return answer(Nothing())
