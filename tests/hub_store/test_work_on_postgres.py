"""Policies, duty, outages, visits and trials by the same code on PostgreSQL."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from contract.ids import uuid7
from contract.state import Presence, State
from hub import duty, views, watch
from hub.due import Sweeper
from hub.outreach import caseload, handover, sorting, visits
from hub.outreach.operations import Desk
from hub.outreach.outages import check_person
from hub.outreach.visits import Assignment, Report
from hub.policy import Policy, PolicyBook, bring_in_force, packaged_text
from hub.store import tables as t
from hub.store.database import Store
from hub.trial import try_out
from hub.vocabulary import CaseOutcome, CheckedHow, VisitOutcome
from tests import cast
from tests.clock import TravellingClock, office
from tests.conftest import Databases


@pytest.fixture
def town(postgres: Databases, clock: TravellingClock, policy: Policy) -> Iterator[Store]:
    with postgres.fresh() as address, Store.open(address) as store:
        district = cast.ROSTER
        for name in ("岩村", "串原", "明智", "上矢作"):
            district = district.replace(f",{name},", ",長島,", 1)
        cast.enrol(store, clock, policy, district)
        yield store


def sweep(store: Store, clock: TravellingClock, policy: Policy) -> None:
    sweeper = Sweeper(store, clock, policy)
    while sweeper.sweep(clock.now()):
        pass


def state(store: Store, clock: TravellingClock, policy: Policy, presence: Presence, session: str) -> None:
    told = State(session=session, presence=presence, at=clock.now())

    def tell(conn: Connection) -> None:
        for device in cast.SPEAKERS:
            watch.on_state(conn, device, told, clock.now(), uuid7, policy)

    store.write(tell)


def test_a_morning_of_work(town: Store, clock: TravellingClock, policy: Policy) -> None:
    clock.travel(office("2026-11-24 07:00"))
    state(town, clock, policy, Presence.online, "s1")
    state(town, clock, policy, Presence.lost, "s1")
    clock.forward(minutes=4)
    sweep(town, clock, policy)
    with town.read() as conn:
        [outage] = views.outages(conn, ranks=policy.ranks)
        assert len(outage.people) == 5
        assert conn.scalar(select(t.notice.c.kind)) == "outage_began"
    town.write(
        lambda conn: check_person(conn, outage.id, cast.SATO, CheckedHow.met, "", "mori", clock.now(), policy)
    )
    state(town, clock, policy, Presence.online, "s2")
    clock.forward(minutes=3)
    sweep(town, clock, policy)

    def shift(conn: Connection) -> None:
        conn.execute(
            insert(t.duty_shift).values(
                from_at=clock.now(), until_at=clock.now() + timedelta(hours=8), account="mori"
            )
        )

    town.write(shift)
    with town.read() as conn:
        assert views.outages(conn) == []
        assert duty.accounts(conn, clock.now()) == ["mori"]
        assert duty.at(conn, clock.now(), policy).staffed
        assert views.board(conn, clock.now()).tiles.residents == 5
        assert try_out(conn, policy, policy, clock.now(), 30).days == 30


def test_a_case_from_hand_to_hand(town: Store, clock: TravellingClock, policy: Policy) -> None:
    clock.travel(office("2026-11-24 08:36"))
    sweep(town, clock, policy)
    with town.read() as conn:
        case = conn.scalars(select(t.case.c.id).order_by(t.case.c.id)).first()
    assert case is not None

    with town.read() as conn:
        assert caseload.loads(conn, clock.now(), policy) == []

    def hand_to_hand(conn: Connection) -> None:
        mori, kato = (Desk(conn, who, clock.now(), policy) for who in ("mori", "kato"))
        mori.take(case)
        handover.offer(mori, case, "kato", "-")
        handover.accept(kato, case)
        sorting.plan_next(kato, case, "-", office("2026-11-24 12:00"))

    town.write(hand_to_hand)
    wanted = Assignment(
        assignee="kato",
        planned_for=office("2026-11-24 11:00"),
        program="safety",
        purpose="-",
        scope_do="-",
        scope_dont="-",
        coordination=tuple(policy.visit.coordination),
    )
    visit = town.write(lambda conn: visits.assign(Desk(conn, "kato", clock.now(), policy), case, wanted))
    said = Report(outcome=VisitOutcome.met)
    town.write(lambda conn: visits.report(Desk(conn, "kato", clock.now(), policy), visit, said))
    with town.read() as conn:
        outcome = conn.scalar(select(t.case.c.outcome).where(t.case.c.id == case))
        assert outcome == CaseOutcome.met
        assert [one.id for one in views.visits(conn)] == [visit]


def test_a_policy_comes_into_force(town: Store, clock: TravellingClock, policy: Policy) -> None:
    text = packaged_text().replace('deadline_grace = "5 min"', 'deadline_grace = "9 min"')
    town.write(lambda conn: bring_in_force(conn, text, "x", date(2026, 11, 24), "mori", clock.now()))
    clock.travel(office("2026-11-24 00:00"))
    sweeper = Sweeper(town, clock, PolicyBook(policy))
    while sweeper.sweep(clock.now()):
        pass
    with town.read() as conn:
        rows = conn.execute(
            select(t.slot.c.opens_at, t.slot.c.deadline_at).where(t.slot.c.day == date(2026, 11, 24))
        ).all()
    assert {row.deadline_at - row.opens_at for row in rows} == {timedelta(minutes=39)}
