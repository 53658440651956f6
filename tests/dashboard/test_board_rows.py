"""The queue, the tiles and the districts, as the store has them."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from contract.events import Intent
from contract.time import office_date
from hub import absence, views
from hub.outreach.operations import Desk
from hub.service import Hub
from hub.views.rows import Board
from hub.vocabulary import Lane, PersonState, ReasonCode, Severity
from tests import cast
from tests.clock import TravellingClock, office
from tests.dashboard.conftest import Enrol
from tests.dashboard.homes import Homes


def _board(hub: Hub, **how: str) -> Board:
    with hub.store.read() as conn:
        return views.board(conn, hub.clock.now(), ranks=hub.policy.ranks, **how)


def _night(homes: Homes) -> None:
    """鈴木 is silent on Monday evening and Tuesday morning, 高橋's line is down since dawn."""
    homes.until("2026-11-23 18:02")
    homes.answers("evening", cast.SATO, cast.TAKAHASHI, cast.ITO)
    homes.until("2026-11-23 18:31")
    homes.silent("evening", cast.SUZUKI)
    homes.until("2026-11-24 06:00")
    homes.lost(cast.TAKAHASHI)
    homes.until("2026-11-24 07:35")
    homes.answers("morning", cast.ITO)
    homes.until("2026-11-24 08:31")
    homes.silent("morning", cast.SUZUKI)


def test_a_morning_of_the_cast_stands_in_the_right_lanes(
    hub: Hub, homes: Homes, clock: TravellingClock
) -> None:
    away_until = office("2026-11-26 12:00")
    hub.store.write(
        lambda conn: absence.register(
            conn, cast.TANAKA, "out", clock.now(), away_until, "mori", clock.now(), hub.policy
        )
    )
    _night(homes)
    homes.answers("morning", cast.SATO)
    homes.calls_for_help(cast.ITO)
    homes.until("2026-11-24 08:40")
    board = _board(hub)
    assert [(row.residents[0].id, row.severity) for row in board.people] == [
        (cast.ITO, Severity.emergency),
        (cast.SUZUKI, Severity.needs_visit),
    ]
    assert [row.residents[0].id for row in board.devices] == [cast.TAKAHASHI]
    assert board.devices[0].lane is Lane.device
    assert board.devices[0].severity is Severity.device_unreachable


def test_the_five_states_add_up_to_everybody(hub: Hub, homes: Homes, clock: TravellingClock) -> None:
    until = office("2026-11-26 12:00")
    hub.store.write(
        lambda conn: absence.register(
            conn, cast.TANAKA, "out", clock.now(), until, "mori", clock.now(), hub.policy
        )
    )
    _night(homes)
    homes.answers("morning", cast.SATO)
    homes.until("2026-11-24 08:40")
    tiles = _board(hub).tiles
    assert tiles.residents == tiles.households == 5
    told = (tiles.answered, tiles.unanswered, tiles.cannot_tell, tiles.away, tiles.waiting)
    # 佐藤 and 伊藤; 鈴木; 高橋; 田中; nobody left to be asked.
    assert told == (2, 1, 1, 1, 0)
    assert tiles.households_answered == 2


def test_before_the_first_question_of_the_day_everybody_waits(hub: Hub, homes: Homes) -> None:
    homes.until("2026-11-24 07:00")
    tiles = _board(hub).tiles
    assert (tiles.waiting, tiles.answered, tiles.asked) == (5, 0, 0)


def test_a_row_says_who_where_why_since_when_and_what_is_next(hub: Hub, homes: Homes) -> None:
    _night(homes)
    homes.until("2026-11-24 08:40")
    (row,) = [one for one in _board(hub).people if one.residents[0].id == cast.SUZUKI]
    assert (row.household_id, row.district, row.lives_alone) == ("h-suzuki", "岩村", True)
    assert (row.residents[0].name, row.residents[0].kana, row.residents[0].age) == (
        "鈴木 キヨ",
        "スズキ キヨ",
        91,
    )
    assert [reason.code for reason in row.reasons] == [ReasonCode.missed]
    assert "応答なし" in row.reasons[0].words
    assert row.silent_for_s == (hub.clock.now() - office("2026-11-23 18:00")).total_seconds()
    assert row.step_words is not None
    assert row.due_at is not None
    assert row.owner is None


def test_a_step_not_done_in_time_is_late(hub: Hub, homes: Homes, clock: TravellingClock) -> None:
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    (row,) = _board(hub).people
    assert not row.late
    assert row.due_at is not None
    clock.travel(row.due_at + timedelta(seconds=1))
    (row,) = _board(hub).people
    assert row.late


def test_whoever_took_it_is_named_as_people_know_them(hub: Hub, homes: Homes, account: Enrol) -> None:
    account("mori", name="森 さつき")
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    case, now = homes.case_of(cast.SATO), hub.clock.now()
    hub.store.write(lambda conn: Desk(conn, "mori", now, hub.policy).take(case))
    (row,) = _board(hub).people
    assert (row.owner, row.owner_name) == ("mori", "森 さつき")


def test_equal_severity_is_ordered_by_risk_class(hub: Hub, homes: Homes) -> None:
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    homes.until("2026-11-24 08:06")
    homes.answers("morning", cast.SUZUKI, intent=Intent.unwell)  # of class high
    assert [row.residents[0].id for row in _board(hub).people] == [cast.SUZUKI, cast.SATO]
    with hub.store.read() as conn:
        plain = [row for row in views.queue(conn, hub.clock.now()) if row.lane is Lane.person]
    assert [row.residents[0].id for row in plain] == [cast.SATO, cast.SUZUKI]


def test_a_district_shows_its_own_and_its_gravest(hub: Hub, homes: Homes) -> None:
    _night(homes)
    homes.calls_for_help(cast.ITO)
    cards = {card.name: card for card in _board(hub).districts}
    assert len(cards) == 13
    assert list(cards)[:3] == ["大井", "長島", "東野"]
    assert (cards["上矢作"].worst, cards["上矢作"].emergency) == (Severity.emergency, 1)
    assert cards["串原"].worst is Severity.device_unreachable
    assert cards["大井"].worst is None


def test_a_board_of_one_district_holds_nobody_from_another(hub: Hub, homes: Homes) -> None:
    _night(homes)
    homes.calls_for_help(cast.ITO)
    board = _board(hub, district="iwamura")
    assert [row.residents[0].id for row in board.people] == [cast.SUZUKI]
    assert board.devices == []
    assert [card.code for card in board.districts] == ["iwamura"]
    assert board.tiles.residents == 1


def test_whoever_feels_unwell_answered_and_wants_help(hub: Hub, homes: Homes) -> None:
    homes.until("2026-11-24 08:05")
    homes.answers("morning", cast.SATO, intent=Intent.unwell)
    with hub.store.read() as conn:
        (sato,) = views.residents(conn, hub.clock.now(), search="さとう")
    assert sato.state is PersonState.wants_help
    assert _board(hub).tiles.answered == 1


def test_an_answer_before_its_time_counts_as_an_answer(hub: Hub, homes: Homes) -> None:
    homes.until("2026-11-24 07:40")
    homes.answers("morning", cast.SATO)
    assert _board(hub).tiles.answered == 1


def test_no_view_walks_a_growing_table_or_joins_by_walking(hub: Hub, homes: Homes) -> None:
    _night(homes)
    asked: list[tuple[str, object]] = []
    with hub.store.read() as conn:

        @event.listens_for(conn, "before_cursor_execute")
        def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
            asked.append((statement, parameters))

        now = hub.clock.now()
        views.board(conn, now)
        views.residents(conn, now, limit=50)
        views.household(conn, "h-suzuki", now)
        views.slots(conn, office_date(now))
        views.events(conn, cast.SUZUKI)
        event.remove(conn, "before_cursor_execute", note)
        plans = [
            (line[3], statement)
            for statement, parameters in asked
            for line in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
        ]
    growing = re.compile(r"SCAN (slot|of_today|event|transition|reason|access_log|outreach_case|absence)\b")
    assert len(plans) > 30
    for step, statement in plans:
        assert not growing.search(step), (step, statement)
        assert not ("SCAN" in step and "LEFT-JOIN" in step), (step, statement)
