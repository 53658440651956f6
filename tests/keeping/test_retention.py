"""What is too old goes, a little at a time; what is needed stays; and words go at once when consent does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, func, insert, select
from typer.testing import CliRunner

from contract.refusal import Refused
from hub import agenda, pulse, standing
from hub.due import Sweeper
from hub.handlers import HANDLERS
from hub.policy import Policy
from hub.retention import daily, policy, removing
from hub.retention.policy import Kind, Retention
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import DueKind
from mimamori.main import app
from tests import cast
from tests.clock import TravellingClock, office

KEEP = policy.load()
BOTH_STORES = True


def at(days: float, clock: TravellingClock) -> datetime:
    return clock.now() - timedelta(days=days)


def event(number: int, when: datetime, text: str | None = None, resident: str = "sato") -> dict[str, Any]:
    body = {"slot": "2026-11-23/morning", "outcome": "answered", "intent": "fine"}
    return {
        "id": f"e{number:05}",
        "device_id": f"{resident}-1",
        "resident_id": resident,
        "session": "s",
        "seq": number,
        "at": when,
        "received_at": when,
        "clock": "synced",
        "late": False,
        "type": "check_in",
        "body": {**body, "text": text} if text else body,
    }


def put(store: Store, table: Table, *rows: dict[str, Any]) -> None:
    store.write(lambda conn: conn.execute(insert(table), list(rows)))


def rows(store: Store, table: Table) -> int:
    with store.read() as conn:
        return conn.scalar(select(func.count()).select_from(table)) or 0


def night(store: Store, clock: TravellingClock, kind: Kind, retention: Retention = KEEP) -> list[int]:
    """Batches until nothing is left to go."""
    sizes: list[int] = []
    while not sizes or sizes[-1]:
        sizes.append(store.write(lambda conn: daily.run(conn, kind, clock.now(), retention)))
        assert len(sizes) < 100
    return sizes


def deletions(store: Store) -> list[tuple[str, int]]:
    with store.read() as conn:
        return [(row.kept, row.removed) for row in conn.execute(select(t.deletion))]


# ---- kinds ------------------------------------------------------------------------------------------------------


def test_words_go_and_the_rest_of_the_answer_stays(town: Store, clock: TravellingClock) -> None:
    put(
        town,
        t.event,
        event(1, at(91, clock), "えらいで"),
        event(2, at(89, clock), "元気ですよ"),
        event(3, at(400, clock)),
    )
    assert night(town, clock, Kind.words) == [1, 0]
    with town.read() as conn:
        bodies = list(conn.scalars(select(t.event.c.body).order_by(t.event.c.id)))
    assert ["text" in body for body in bodies] == [False, True, False]
    assert bodies[0]["intent"] == "fine"
    assert deletions(town) == [("words", 1)]


def test_the_next_night_begins_where_the_last_one_ended(town: Store, clock: TravellingClock) -> None:
    put(town, t.event, *(event(number, at(91 + number, clock), "x") for number in range(20)))
    night(town, clock, Kind.words)
    clock.forward(days=1)
    put(town, t.event, event(50, at(90.5, clock), "y"))
    assert night(town, clock, Kind.words) == [1, 0]
    with town.read() as conn:
        assert pulse.last(conn, removing.WORDS_GONE) == clock.now() - timedelta(days=90)


def test_old_events_go_in_batches_and_are_counted_once_a_day(
    town: Store, clock: TravellingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "BATCH", 10)
    put(town, t.event, *(event(number, at(1200, clock)) for number in range(25)))
    put(town, t.event, event(99, at(1000, clock)))
    assert night(town, clock, Kind.events) == [10, 10, 5, 0]
    assert rows(town, t.event) == 1
    assert deletions(town) == [("events", 25)]


def case(number: int, closed: datetime | None, opened: datetime) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "household_id": cast.HOUSEHOLDS[number % 5],
        "lane": "person",
        "state": "done" if closed else "new",
        "severity": "needs_check",
        "opened_at": opened,
        "closed_at": closed,
    }


def of_case(number: int, when: datetime) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    reason = {
        "id": f"r{number}",
        "case_id": f"c{number}",
        "resident_id": None,
        "code": "missed",
        "words": "応答なし",
        "severity": "needs_check",
        "at": when,
        "source": "s",
    }
    link = {
        "id": f"l{number}",
        "case_id": f"c{number}",
        "resident_id": "sato",
        "recipient": "contact/sato/1",
        "called": "佐藤 一郎",
        "at": when,
        "expires_at": when,
    }
    transition = {
        "at": when,
        "subject_kind": "case",
        "subject": f"c{number}",
        "new": "new",
        "why": "応答なし",
        "actor": "hub",
    }
    return reason, link, transition


def test_a_closed_case_goes_with_everything_about_it_and_an_open_one_never(
    town: Store, clock: TravellingClock
) -> None:
    long_ago = at(3000, clock)
    put(
        town,
        t.case,
        case(1, at(1900, clock), long_ago),
        case(2, None, long_ago),
        case(3, at(100, clock), long_ago),
    )
    for number in (1, 2, 3):
        reason, link, transition = of_case(number, long_ago)
        put(town, t.reason, reason)
        put(town, t.family_link, link)
        put(town, t.transition, transition)
    other = {
        "at": long_ago,
        "subject_kind": "device",
        "subject": "sato-1",
        "new": "lost",
        "why": "x",
        "actor": "hub",
    }
    put(town, t.transition, other)
    night(town, clock, Kind.history)
    with town.read() as conn:
        assert set(conn.scalars(select(t.case.c.id))) == {"c2", "c3"}
        assert set(conn.scalars(select(t.reason.c.case_id))) == {"c2", "c3"}
        assert set(conn.scalars(select(t.family_link.c.case_id))) == {"c2", "c3"}
        old = select(t.transition.c.subject).where(t.transition.c.at == long_ago)
        assert set(conn.scalars(old)) == {"c2", "c3"}


def test_a_slot_that_is_still_open_stays_and_old_ones_go(town: Store, clock: TravellingClock) -> None:
    day = at(1900, clock)
    slot = {
        "resident_id": "sato",
        "day": day.date(),
        "opens_at": day,
        "deadline_at": day,
        "asked": True,
        "attempts": 1,
    }
    put(town, t.slot, {**slot, "name": "a", "state": "answered"}, {**slot, "name": "b", "state": "waiting"})
    before = rows(town, t.slot)
    night(town, clock, Kind.history)
    assert rows(town, t.slot) == before - 1


def test_old_looks_go_even_behind_rows_of_a_clock_that_was_ahead(
    town: Store, clock: TravellingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "BATCH", 10)
    look = {"actor": "mori", "action": "view", "subject_kind": "resident", "subject": "sato"}
    ahead = [{**look, "at": clock.now() + timedelta(days=700)} for _ in range(30)]
    old = [{**look, "at": at(2000, clock)} for _ in range(35)]
    put(town, t.access_log, *ahead, *old, {**look, "at": at(10, clock)})
    night(town, clock, Kind.access_log)
    assert rows(town, t.access_log) == 31


def test_a_notice_goes_with_its_deliveries(town: Store, clock: TravellingClock) -> None:
    notice = {
        "key": "k",
        "kind": "case",
        "audience": "office",
        "audience_of": "",
        "subject_kind": "case",
        "subject": "c1",
        "words": "x",
        "urgency": "normal",
    }
    put(
        town,
        t.notice,
        {**notice, "id": "n1", "at": at(500, clock)},
        {**notice, "id": "n2", "key": "k2", "at": at(5, clock)},
    )
    delivery = {
        "recipient": "staff/mori",
        "called": "森",
        "urgency": "normal",
        "state": "sent",
        "due_at": at(500, clock),
        "attempts": 1,
        "unclear": False,
    }
    put(town, t.delivery, {**delivery, "notice_id": "n1"}, {**delivery, "notice_id": "n2"})
    night(town, clock, Kind.notices)
    with town.read() as conn:
        assert list(conn.scalars(select(t.notice.c.id))) == ["n2"]
        assert list(conn.scalars(select(t.delivery.c.notice_id))) == ["n2"]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_counted_and_removed_in_an_empty_town(
    town: Store, clock: TravellingClock, kind: Kind
) -> None:
    assert night(town, clock, kind) == [0]
    with town.read() as conn:
        assert removing.count(conn, kind, clock.now() - timedelta(days=1)) == 0
    assert deletions(town) == []


# ---- by itself ----------------------------------------------------------------------------------------------------


def test_every_night_by_itself_and_an_answer_slips_in_between(
    town: Store, clock: TravellingClock, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "BATCH", 10)
    put(town, t.event, *(event(number, at(1200, clock)) for number in range(25)), event(99, clock.now()))
    town.write(lambda conn: conn.execute(t.due.delete()))
    town.write(lambda conn: daily.plan(conn, clock.now(), KEEP))
    sweeper = Sweeper(town, clock, policy, handlers=HANDLERS)
    clock.travel(office("2026-11-24 02:30"))
    left: list[int] = []
    for _ in range(60 * 70):
        sweeper.sweep(clock.now())
        left.append(rows(town, t.event) if len(left) < 600 else 0)
        clock.forward(seconds=1)
    # Batches apart: nobody held the writer for all of it.
    assert [size for size in sorted(set(left), reverse=True) if size] == [26, 16, 6, 1]
    with town.read() as conn:
        due = conn.execute(select(t.due).where(t.due.c.kind == DueKind.retention)).all()
    assert {row.subject for row in due} == set(Kind)
    assert all(row.at > clock.now() for row in due)


def test_nothing_goes_by_a_clock_that_jumped_back(town: Store, clock: TravellingClock) -> None:
    put(town, t.event, event(1, at(500, clock), "x"))
    clock.travel(office("2001-01-01 00:00"))
    assert night(town, clock, Kind.events) == [0]
    assert night(town, clock, Kind.words) == [0]
    assert rows(town, t.event) == 1


def held(town: Store, clock: TravellingClock) -> str:
    """What the clock's witnesses say; empty when they trust it."""
    try:
        with town.read() as conn:
            daily.trust(conn, clock.now())
    except Refused as refused:
        return str(refused)
    return ""


def test_nothing_goes_by_a_clock_that_jumped_ahead(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    """Neither before anything is heard under the new time, nor after; and the night shift says why."""
    put(town, t.event, *(event(number, at(1, clock)) for number in range(30)))
    assert held(town, clock) == ""
    said_at = clock.now()
    clock.travel(office("2038-01-19 02:30"))
    assert "最後の記録から" in held(town, clock)
    heard = [{**event(100 + number, clock.now()), "at": said_at} for number in range(30)]
    put(town, t.event, *heard)
    assert "スピーカーの時計と" in held(town, clock)
    town.write(lambda conn: conn.execute(t.due.delete()))
    town.write(lambda conn: agenda.schedule(conn, DueKind.retention, Kind.events, clock.now()))
    Sweeper(town, clock, policy, handlers=HANDLERS).sweep(clock.now())
    assert rows(town, t.event) == 60
    with town.read() as conn:
        [(kind, subject, _, error)] = agenda.failing(conn)
    assert (kind, subject) == (DueKind.retention, Kind.events)
    assert "ハブの時計を合わせてください" in error


def test_a_clock_that_came_back_finds_its_daily_works_again(town: Store, clock: TravellingClock) -> None:
    now = clock.now()
    far = office("2038-01-19 00:20")
    ahead = [
        (DueKind.rollup, "2038-01-18/", far),
        (DueKind.retention, Kind.words, far),
        (DueKind.trend, cast.SATO, far),
        (DueKind.absence_end, "a1", far),
    ]
    town.write(lambda conn: agenda.schedule_all(conn, ahead))
    town.write(lambda conn: standing.plan(conn, now, KEEP))
    with town.read() as conn:
        due = {(row.kind, row.subject): row.at for row in conn.execute(select(t.due))}
    assert due.pop((DueKind.absence_end, "a1")) == far
    mine = {key: when for key, when in due.items() if key[0] in ("rollup", "retention", "trend")}
    assert len(mine) == 1 + len(Kind) + len(cast.RESIDENTS)
    assert max(mine.values()) < now + timedelta(days=2)


# ---- consent ------------------------------------------------------------------------------------------------------


def test_words_go_at_once_when_consent_is_withdrawn(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    put(
        town,
        t.event,
        event(1, at(1, clock), "えらいで"),
        event(2, at(2, clock), "元気", resident="ito"),
    )
    quarantined = {"topic": "t", "received_at": at(1, clock), "payload": b"{text", "why": "x"}
    put(town, t.quarantine, {**quarantined, "device_id": "sato-1"}, {**quarantined, "device_id": "ito-1"})
    # 同意記録 and 同意家族 stay, 同意共有 goes.
    old = "morning=08:00;evening=18:00,令和6年4月1日,令和6年4月1日,令和6年4月1日,いいえ,いいえ,佐藤"
    assert old in cast.ROSTER
    withdrawn = old.replace("令和6年4月1日,令和6年4月1日,令和6年4月1日", "令和6年4月1日,令和6年4月1日,いいえ")
    cast.enrol(town, clock, policy, cast.ROSTER.replace(old, withdrawn))
    with town.read() as conn:
        texts = {row.resident_id: row.body.get("text") for row in conn.execute(select(t.event))}
        boxes = list(conn.scalars(select(t.quarantine.c.device_id)))
    assert texts == {"sato": None, "ito": "元気"}
    assert boxes == ["ito-1"]


def test_a_change_of_the_roster_that_is_no_withdrawal_takes_no_words(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    put(town, t.event, event(1, at(1, clock), "元気"))
    cast.enrol(town, clock, policy, cast.ROSTER.replace("ハルさん", "ハルちゃん"))
    with town.read() as conn:
        assert conn.scalars(select(t.event.c.body)).one()["text"] == "元気"


# ---- the file and the command -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('events = "1100 d"', 'events = "100 d"', "変化の兆し"),
        ('words = "90 d"', 'words = "2000 d"', "events より長く"),
        ('quarantine = "30 d"', 'quarantine = "3 h"', "1 日より短く"),
        ('notices = "400 d"', "", "notices"),
        ('sessions = "90 d"', 'sessoins = "90 d"', "sessoins"),
    ],
)
def test_a_wrong_period_is_refused_with_its_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = (Path(policy.__file__).parents[1] / "retention.toml").read_text(encoding="utf-8")
    path = tmp_path / "retention.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused, match="行目") as refused:
        policy.load(path)
    assert sentence in str(refused.value)


@pytest.fixture
def config(town: Store, where: Path | str, tmp_path: Path) -> Path:
    """Of the town's hub."""
    path = tmp_path / "hub.toml"
    on_server = f'[store]\nurl = "{where}"\n' if isinstance(where, str) else ""
    path.write_text(f'data = "."\n{on_server}', encoding="utf-8")
    return path


def test_a_dry_run_says_what_would_go_and_changes_nothing(
    town: Store, clock: TravellingClock, config: Path
) -> None:
    put(town, t.event, *(event(number, office("2001-01-01 00:00"), "x") for number in range(7)))
    put(town, t.event, event(9, datetime.now(UTC)))
    run = CliRunner().invoke(app, ["retention", "--dry-run", "--json", "--config", str(config)])
    assert run.exit_code == 0, run.output
    doomed = {one.kind: one.rows for one in msgspec.json.decode(run.stdout, type=list[daily.Doomed])}
    assert (doomed[Kind.words], doomed[Kind.events], doomed[Kind.history]) == (7, 7, 0)
    assert rows(town, t.event) == 8
    said = CliRunner().invoke(app, ["retention", "--dry-run", "--config", str(config)])
    assert "まだ消していません" in said.stdout
    done = CliRunner().invoke(app, ["retention", "--config", str(config)])
    assert "消したもの" in done.stdout
    assert rows(town, t.event) == 1
    assert dict(deletions(town)) == {"words": 7, "events": 7}


def test_a_deletion_names_no_contents() -> None:
    assert {column.name for column in t.deletion.columns} == {"id", "at", "kept", "before", "removed"}
