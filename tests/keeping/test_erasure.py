"""A resident is erased: everything that is hers leaves the store in one step, and the numbers of the year stay."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, update
from typer.testing import CliRunner, Result

from contract.refusal import Refused
from hub import access, erasure
from hub.commanding import Commander
from hub.erasure import Count, Why
from hub.erasure.counting import What
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from mimamori.main import app
from provisioning.keyring import Keyring
from tests import cast
from tests.clock import TravellingClock, office

BOTH_STORES = True
SECRET = "ひみつのことば"
"""In every text of hers that somebody could have written."""
HERS = (
    "佐藤 ハル",
    "サトウ",
    "ハルさん",
    "長島町中野1-2",
    "0573-26-0001",
    "佐藤 一郎",
    "090-0000-0001",
    SECRET,
)


def put(store: Store, table: Any, *rows: dict[str, Any]) -> None:
    store.write(lambda conn: conn.execute(insert(table), list(rows)))


def live(store: Store, at: datetime, resident: str = cast.SATO, household: str = "h-sato") -> None:
    """A year of hers: an answer with words, a closed case with a visit, a notice, a link, telemetry, an absence."""
    box = f"{resident}-1"
    put(
        store,
        t.event,
        {
            "id": f"e-{resident}",
            "device_id": box,
            "resident_id": resident,
            "session": "s",
            "seq": 1,
            "at": at,
            "received_at": at,
            "clock": "synced",
            "late": False,
            "type": "check_in",
            "body": {"text": SECRET},
        },
    )
    put(
        store,
        t.quarantine,
        {
            "topic": f"mimamori/1/{box}/event",
            "device_id": box,
            "received_at": at,
            "payload": SECRET.encode(),
            "why": "-",
        },
    )
    put(store, t.telemetry_rollup, {"device_id": box, "span": "hour", "start": at, "numbers": {}})
    put(store, t.telemetry_last, {"device_id": box, "at": at, "numbers": {}, "flags": []})
    put(
        store,
        t.slot,
        {
            "resident_id": resident,
            "day": date(2025, 3, 31),
            "name": "morning",
            "opens_at": at,
            "deadline_at": at,
            "state": "answered",
            "asked": True,
            "attempts": 1,
        },
    )
    put(
        store,
        t.absence,
        {
            "id": f"a-{resident}",
            "resident_id": resident,
            "kind": "out",
            "starts_at": at,
            "until": at,
            "ended_at": at,
            "said_by": "x",
        },
    )
    put(
        store, t.trend_change, {"id": f"t-{resident}", "resident_id": resident, "told_at": at, "measures": []}
    )
    put(
        store,
        t.area_outage,
        {"id": f"o-{resident}", "district": "oi", "state": "normal", "began_at": at, "ended_at": at},
    )
    put(
        store,
        t.outage_member,
        {"outage_id": f"o-{resident}", "resident_id": resident, "device_id": box, "lost_at": at},
    )
    case(store, f"c-{resident}", household, at, resident)


def case(store: Store, case_id: str, household: str, at: datetime, *residents: str) -> None:
    put(
        store,
        t.case,
        {
            "id": case_id,
            "household_id": household,
            "lane": "person",
            "state": "done",
            "severity": "needs_check",
            "opened_at": at,
            "closed_at": at,
            "outcome": "met",
        },
    )
    for one in residents:
        put(
            store,
            t.reason,
            {
                "id": f"r-{case_id}-{one}",
                "case_id": case_id,
                "resident_id": one,
                "code": "missed",
                "words": f"応答なし{SECRET if one == cast.SATO else ''}",
                "severity": "needs_check",
                "at": at,
                "source": one,
                "resolved_at": at,
                "resolved_why": SECRET,
            },
        )
    put(
        store,
        t.visit,
        {
            "id": f"v-{case_id}",
            "case_id": case_id,
            "household_id": household,
            "kind": "safety_check",
            "program": "safety",
            "purpose": SECRET,
            "scope_do": SECRET,
            "scope_dont": SECRET,
            "coordination": [],
            "emergency": False,
            "assignee": "mori",
            "assigned_by": "mori",
            "assigned_at": at,
            "planned_for": at,
            "visited_at": at,
            "written_at": at,
            "outcome": "met",
            "text": SECRET,
            "delivery_mode": "direct",
        },
    )
    put(
        store,
        t.handover,
        {
            "id": f"h-{case_id}",
            "case_id": case_id,
            "offered_by": "a",
            "offered_to": "b",
            "why": SECRET,
            "offered_at": at,
            "answered_at": at,
            "answer": SECRET,
        },
    )
    for key, kind, subject in (
        (f"case/{case_id}/opened", "case", case_id),
        (f"handover/h-{case_id}", "account", "b"),
    ):
        put(
            store,
            t.notice,
            {
                "id": f"n-{key}"[:36],
                "key": key,
                "kind": "case_opened",
                "audience": "duty",
                "audience_of": "",
                "subject_kind": kind,
                "subject": subject,
                "words": SECRET,
                "urgency": "prompt",
                "at": at,
            },
        )
        put(
            store,
            t.delivery,
            {
                "notice_id": f"n-{key}"[:36],
                "recipient": "contact/sato/1",
                "called": "佐藤 一郎",
                "urgency": "prompt",
                "state": "sent",
                "due_at": at,
                "ended_at": at,
            },
        )
    put(
        store,
        t.family_link,
        {
            "id": f"l-{case_id}",
            "case_id": case_id,
            "resident_id": residents[0],
            "recipient": "contact/sato/1",
            "called": "佐藤 一郎",
            "at": at,
            "expires_at": at,
        },
    )
    put(
        store,
        t.transition,
        {
            "at": at,
            "subject_kind": "case",
            "subject": case_id,
            "old": "new",
            "new": "new",
            "why": SECRET,
            "actor": "mori",
        },
    )


@pytest.fixture
def lived(town: Store) -> Store:
    """The town after a visit at 佐藤's in March 2025."""
    live(town, office("2025-03-31 10:00"))
    return town


def dump(store: Store) -> dict[str, list[str]]:
    """Everything that stands in the store, as text, by table."""
    with store.read() as conn:
        return {
            table.name: [repr(tuple(row)) for row in conn.execute(select(table))]
            for table in t.metadata.sorted_tables
        }


def gone(store: Store, clock: TravellingClock, resident: str = cast.SATO, why: Why = Why.death) -> None:
    store.write(lambda conn: erasure.erase(conn, resident, why, "console:mori", clock.now()))


def test_nothing_of_hers_is_left_but_her_number_in_the_audit(lived: Store, clock: TravellingClock) -> None:
    before = dump(lived)
    for one in HERS:
        assert any(
            one in row or repr(one.encode())[2:-1] in row for rows in before.values() for row in rows
        ), one
    gone(lived, clock)
    after = dump(lived)
    hers = [*HERS, repr(SECRET.encode())[2:-1], "h-sato", "e-sato", "c-sato", "contact/sato"]
    for name, rows in after.items():
        for row in rows:
            assert not any(one in row for one in hers), (name, row)
            if "'sato'" in row or "sato/" in row:
                assert name in ("access_log", "transition"), (name, row)
    assert [row for row in after["transition"] if "'sato'" in row][-1].count("消去(死亡)") == 1
    assert sum("'sato'" in row for row in after["transition"]) == 1
    with lived.read() as conn:
        [line] = access.who_saw(conn, cast.SATO)
        assert (line.action, line.actor, line.at) == ("erase", "console:mori", clock.now())
        assert erasure.known(conn, [cast.SATO])[cast.SATO].devices == (cast.SATO_SPEAKER,)


def test_everybody_elses_records_are_as_they_were(lived: Store, clock: TravellingClock) -> None:
    live(lived, office("2025-03-31 10:00"), cast.ITO, "h-ito")
    before = dump(lived)
    gone(lived, clock)
    after = dump(lived)
    for name in set(before) - {"access_log", "transition", "erased_count", "device"}:
        left = [row for row in before[name] if "sato" not in row]
        assert [row for row in after[name] if "sato" not in row] == left, name


def test_the_years_figures_stay_without_a_name(lived: Store, clock: TravellingClock) -> None:
    gone(lived, clock)
    with lived.read() as conn:
        found = erasure.counts(conn)
    year = {one for one in found if one.fiscal_year == 2024}
    assert year == {
        Count(2024, What.case_closed, "person/met", 1),
        Count(2024, What.case_opened, "person", 1),
        Count(2024, What.check_in, "answered", 1),
        Count(2024, What.visit, "safety_check/direct/met/safety", 1),
        Count(2024, What.visited_household, "", 1),
    }
    assert Count(2026, What.resident, "", 1) in found


def test_the_numbers_of_two_people_are_added(lived: Store, clock: TravellingClock) -> None:
    live(lived, office("2025-03-31 10:00"), cast.ITO, "h-ito")
    gone(lived, clock)
    gone(lived, clock, cast.ITO, Why.moved)
    with lived.read() as conn:
        assert Count(2024, What.visited_household, "", 2) in erasure.counts(conn)


def test_whoever_lives_with_her_keeps_the_household_and_a_shared_case_without_its_words(
    lived: Store, clock: TravellingClock
) -> None:
    lived.write(
        lambda conn: conn.execute(
            update(t.resident).where(t.resident.c.id == cast.ITO).values(household_id="h-sato")
        )
    )
    case(lived, "c-both", "h-sato", office("2025-04-01 10:00"), cast.SATO, cast.ITO)
    with lived.read() as conn:
        mine = erasure.of(conn, cast.SATO)
    assert (mine.alone, mine.cases, mine.shared) == (False, ("c-sato",), ("c-both",))
    gone(lived, clock)
    after = dump(lived)
    assert not any(SECRET in row for rows in after.values() for row in rows)
    assert len(after["household"]) == 5
    assert [row.count("c-both") > 0 for row in after["outreach_case"]] == [True]
    assert [("r-c-both-ito" in row) for row in after["reason"]] == [True]


def test_nobody_is_erased_while_somebody_looks_for_them(lived: Store, clock: TravellingClock) -> None:
    lived.write(lambda conn: conn.execute(update(t.case).values(closed_at=None)))
    before = dump(lived)
    with pytest.raises(Refused, match="1 件開いています"):
        gone(lived, clock)
    assert dump(lived) == before


def test_an_unknown_number_is_refused(lived: Store, clock: TravellingClock) -> None:
    with pytest.raises(Refused, match="「satoh」の人は名簿にいません"):
        gone(lived, clock, "satoh")


def test_an_old_roster_does_not_bring_her_back(lived: Store, clock: TravellingClock, policy: Policy) -> None:
    gone(lived, clock)
    with pytest.raises(Refused, match=r"sato \(2026-11-23\)"):
        cast.enrol(lived, clock, policy)
    without = "".join(line for line in cast.ROSTER.splitlines(keepends=True) if not line.startswith("h-sato"))
    assert cast.enrol(lived, clock, policy, without).new == []


def test_her_speaker_is_told_to_ask_nothing(lived: Store, clock: TravellingClock, policy: Policy) -> None:
    told: dict[str, bytes] = {}

    def publish(topic: str, payload: bytes) -> bool:
        told[topic] = payload
        return True

    commander = Commander(lived, clock, policy, publish)
    commander.step()
    hers = f"mimamori/1/{cast.SATO_SPEAKER}/config"
    assert "ハルさん" in told[hers].decode()
    told.clear()
    gone(lived, clock)
    with lived.read() as conn:
        assert not erasure.speakers_told(conn, [cast.SATO_SPEAKER])
    commander.step()
    assert list(told) == [hers]
    assert "ハルさん" not in told[hers].decode()
    assert "slots" not in json.loads(told[hers]) or json.loads(told[hers])["slots"] == []
    with lived.read() as conn:
        assert erasure.speakers_told(conn, [cast.SATO_SPEAKER])


def test_a_table_that_refers_to_people_cannot_be_forgotten(lived: Store) -> None:
    with lived.read() as conn:
        covered = {part.table.name for part in erasure.belongings.parts(erasure.of(conn, cast.SATO))}
    told_of = {
        table.name
        for table in t.metadata.sorted_tables
        for column in table.columns
        if column.name in ("resident_id", "household_id", "device_id", "case_id")
    }
    assert told_of - covered == {"device"}, "a speaker stays, and stands nowhere"


def test_a_box_that_stands_elsewhere_now_keeps_what_it_told_there(
    lived: Store, clock: TravellingClock
) -> None:
    moved = clock.now() - timedelta(days=10)
    lived.write(
        lambda conn: conn.execute(
            update(t.device)
            .where(t.device.c.id == cast.SATO_SPEAKER)
            .values(resident_id=cast.ITO, registered_at=moved)
        )
    )
    put(
        lived,
        t.telemetry_rollup,
        {"device_id": cast.SATO_SPEAKER, "span": "day", "start": clock.now(), "numbers": {}},
    )
    gone(lived, clock)
    with lived.read() as conn:
        assert conn.scalars(select(t.telemetry_rollup.c.span)).all() == ["day"]
        assert (
            conn.scalar(select(t.device.c.resident_id).where(t.device.c.id == cast.SATO_SPEAKER)) == cast.ITO
        )


# ---- the file and the command ----------------------------------------------------------------------------------------


def test_her_words_leave_the_file_itself(lived: Store, clock: TravellingClock) -> None:
    words = [one.encode() for one in HERS]

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(lived.path.parent.glob("hub.db*")))

    assert all(one in on_disk() for one in words)
    gone(lived, clock)
    assert erasure.disk.empty_log(lived.path)
    assert [one.decode() for one in words if one in on_disk()] == []


Erase = Callable[..., Result]


@pytest.fixture
def erase(lived: Store, tmp_path: Path) -> Erase:
    config, keys = tmp_path / "hub.toml", tmp_path / "keys"
    config.write_text('data = "."\n', encoding="utf-8")
    Keyring(keys).issue(cast.SATO_SPEAKER)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["resident", "erase", *words, "--config", str(config)])

    return run


def residents(store: Store) -> int:
    with store.read() as conn:
        return conn.scalar(select(func.count()).select_from(t.resident)) or 0


def test_the_listing_says_what_would_go_and_takes_nothing(lived: Store, erase: Erase) -> None:
    listed = erase(cast.SATO, "--dry-run")
    assert listed.exit_code == 0
    for line in ("訪問: 1", "連絡先: 3", "スピーカーの記録: 1", "世帯: 1", "外す機器: sato-1"):
        assert line in listed.stdout
    assert residents(lived) == 5


def test_without_the_number_once_more_nothing_goes(lived: Store, erase: Erase) -> None:
    for words in (("--why", "death"), ("--why", "death", "--confirm", "suzuki"), ("--confirm", "sato")):
        assert isinstance(erase(cast.SATO, *words).exception, Refused)
    assert residents(lived) == 5


def test_the_command_erases_revokes_and_may_be_repeated(
    lived: Store, erase: Erase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mimamori.commands.resident.WAIT_SECONDS", 0.0)
    keys = tmp_path / "keys"
    said = erase(cast.SATO, "--why", "death", "--confirm", "sato", "--keys", str(keys))
    assert said.exit_code == 0, said.exception
    assert "バックアップには、捨てるまで残ります" in said.stdout
    assert "ハブが動いていない" in said.stdout
    assert not (keys / cast.SATO_SPEAKER).exists()
    assert residents(lived) == 4
    Keyring(keys).issue(cast.SATO_SPEAKER)  # killed before the key went: the second time brings it to its end
    again = erase(cast.SATO, "--why", "death", "--confirm", "sato", "--keys", str(keys))
    assert again.exit_code == 0
    assert "が消去しました" in again.stdout
    assert not (keys / cast.SATO_SPEAKER).exists()
    assert erase(cast.SATO, "--keys", str(tmp_path / "nowhere")).exit_code == 1


class Stopped(Exception):
    """In the middle."""


def test_wherever_it_is_stopped_nothing_or_everything_is_gone(lived: Store, clock: TravellingClock) -> None:
    """At every single statement of it."""
    before = dump(lived)
    for last in range(200):
        left = iter(range(last))

        def stop(*_: Any, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Stopped

        def work(conn: Connection, stop: Callable[..., None] = stop) -> None:
            event.listen(conn, "before_cursor_execute", stop)
            try:
                erasure.erase(conn, cast.SATO, Why.death, "console:mori", clock.now())
            finally:
                event.remove(conn, "before_cursor_execute", stop)

        try:
            lived.write(work)
        except Stopped:
            assert dump(lived) == before
        else:
            break
    assert last > 30
    assert not any("佐藤 ハル" in row for rows in dump(lived).values() for row in rows)


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from hub import erasure
from hub.store.database import Store
from tests.clock import MONDAY_NOON

left = int(sys.argv[2])

def stop(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

def work(conn):
    event.listen(conn, "before_cursor_execute", stop)
    erasure.erase(conn, "sato", erasure.Why.death, "console:mori", MONDAY_NOON)

Store.open(Path(sys.argv[1])).write(work)
"""


@pytest.mark.parametrize("last", [5, 17, 29])
def test_killed_in_the_middle_it_is_as_if_nobody_had_begun(
    lived: Store, clock: TravellingClock, last: int
) -> None:
    before = dump(lived)
    ran = subprocess.run([sys.executable, "-c", KILLED, str(lived.path), str(last)], check=False, timeout=60)
    assert ran.returncode == -signal.SIGKILL
    assert dump(lived) == before
    gone(lived, clock)
    assert residents(lived) == 4


ONLY_SQLITE = (
    test_killed_in_the_middle_it_is_as_if_nobody_had_begun,
    test_her_words_leave_the_file_itself,
    test_the_listing_says_what_would_go_and_takes_nothing,
    test_without_the_number_once_more_nothing_goes,
    test_the_command_erases_revokes_and_may_be_repeated,
)
