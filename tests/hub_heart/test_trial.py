"""Another ladder on what really happened: how many calls and visits, and whom it would have kept waiting."""

import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from contract.events import Intent, Sos
from contract.refusal import Refused
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from hub.trial import Trial, told, try_out
from hub.vocabulary import CaseOutcome
from tests.clock import office
from tests.hub_heart.test_versions import run
from tests.hub_heart.town import EVENING, MORNING, Town
from tests.still import still


def standard(**changes: Any) -> Policy:
    """The town's policy with another standard class."""
    policy = still()
    classes = policy.classes | {"standard": msgspec.structs.replace(policy.classes["standard"], **changes)}
    return msgspec.structs.replace(policy, classes=classes)


def trial(town: Town, other: Policy, days: int = 7) -> Trial:
    with town.store.read() as conn:
        return try_out(conn, town.policy, other, town.clock.now(), days)


@pytest.fixture
def silent() -> Town:
    """鈴木 missed Monday evening and Tuesday morning, nobody did anything, and she answers on Tuesday at 11:30."""
    town = Town()
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.silent("suzuki", MORNING)
    town.until("2026-11-24 11:30")
    town.answers("suzuki", MORNING)
    town.until("2026-11-25 07:00")
    return town


def test_under_the_same_policy_the_past_is_what_it_was(silent: Town) -> None:
    found = trial(silent, still())
    assert found.present == found.other
    rows = silent.history("case", silent.cases()[0].id)
    steps = [row for row in rows if row.new in _STEPS and row.new != row.old]
    assert (found.present.cases, found.present.calls + found.present.visits) == (1, len(steps))
    assert (found.present.calls, found.present.visits) == (5, 1)
    assert (found.real, found.delayed_count, found.earlier_count) == (1, 0, 0)


_STEPS = {step.name for step in still().ladders["silence"]}


def test_a_slower_policy_says_whom_it_keeps_waiting_and_for_how_long(silent: Town) -> None:
    found = trial(silent, standard(missed_slots_in_a_row=3, unanswered_for=timedelta(hours=16)))
    [delay] = found.delayed
    assert delay.resident_id == "suzuki"
    assert (delay.real_at, delay.would_at) == (office("2026-11-24 08:35"), office("2026-11-24 10:00"))
    assert delay.later_s == 85 * 60
    assert found.other.calls < found.present.calls
    assert "遅れるもの 1 件" in told(found)
    assert "1時間遅れ" in told(found)


def test_a_policy_so_slow_that_an_answer_comes_first_would_have_told_nobody(silent: Town) -> None:
    found = trial(silent, standard(missed_slots_in_a_row=5))
    assert [one.would_at for one in found.delayed] == [None]
    assert (found.never_count, found.other.cases, found.other.calls) == (1, 0, 0)
    assert "出ない(先に応答があった)" in told(found)


def test_a_quicker_policy_comes_earlier_and_costs_more(silent: Town) -> None:
    found = trial(silent, standard(missed_slots_in_a_row=1))
    assert (found.earlier_count, found.delayed_count) == (1, 0)
    assert found.other.calls >= found.present.calls


def test_what_staff_did_counts_as_it_happened() -> None:
    """森 takes it at 8:40 and reaches her at 8:50: one step, and no more."""
    town = Town()
    town.home("suzuki")
    town.silent("suzuki", EVENING)
    town.silent("suzuki", MORNING)
    town.until("2026-11-24 08:40")
    case = town.case("suzuki").id
    with town.desk() as desk:
        desk.take(case)
    town.until("2026-11-24 08:50")
    with town.desk() as desk:
        desk.phoned(case, reached=True)
        desk.close(case, CaseOutcome.reached_by_phone)
    town.until("2026-11-24 17:59")
    found = trial(town, still())
    assert (found.present.cases, found.present.calls, found.present.visits) == (1, 1, 0)


def test_calls_for_help_and_complaints_are_replayed_too() -> None:
    town = Town()
    town.home("ito")
    town.home("sato")
    town.until("2026-11-24 08:01")
    town.answers("sato", MORNING, Intent.unwell)
    town.send("ito", Sos(trigger="button"))
    town.until("2026-11-24 12:00")
    found = trial(town, still())
    assert found.present.cases == 2
    assert found.present.visits == 2, "nobody did anything: both ladders come to the visit"


def test_days_before_the_trial_are_only_its_prelude(silent: Town) -> None:
    silent.until("2026-12-20 12:00")
    silent.home("sato")
    found = trial(silent, standard(missed_slots_in_a_row=5), days=3)
    assert found.delayed == []


def test_an_empty_store_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    Store.open(tmp_path / "data" / "hub.db").close()
    config, mine = tmp_path / "hub.toml", tmp_path / "mine.toml"
    config.write_text('data = "data"\n', encoding="utf-8")
    run("policy", "export", mine, "--config", config)
    with pytest.raises(Refused, match="過去 90 日の記録がありません"):
        run("policy", "try", mine, "--config", config, "--days", "90")


def year(store: Store, homes: int, days: int, now: datetime) -> None:
    """A store with so many homes that were asked twice a day and answered nearly always; a line is lost once a week."""
    luck = random.Random(7)
    names = [f"r{number:04d}" for number in range(homes)]
    first = now - timedelta(days=days)

    def work(conn: Any) -> None:
        conn.execute(insert(t.district).values(code="oi", name="大井", kana="オオイ", position=1))
        conn.execute(
            insert(t.household),
            [
                {"id": name, "district": "oi", "address": "-", "phone": "0573", "lives_alone": True}
                for name in names
            ],
        )
        conn.execute(
            insert(t.resident),
            [
                {
                    "id": name,
                    "household_id": name,
                    "name": "-",
                    "kana": "-",
                    "kana_key": "-",
                    "call_name": "-",
                    "risk_class": "standard",
                    "enrolled_at": first,
                }
                for name in names
            ],
        )
        for number in range(days):
            day = (first + timedelta(days=number)).date()
            rows = []
            for name in names:
                for slot, hour in (("morning", 8), ("evening", 18)):
                    opens_at = office(f"{day} {hour:02d}:00")
                    missed = luck.random() < 0.05
                    rows.append(
                        {
                            "resident_id": name,
                            "day": day,
                            "name": slot,
                            "opens_at": opens_at,
                            "deadline_at": opens_at + timedelta(minutes=35),
                            "state": "missed" if missed else "answered",
                            "asked": True,
                            "attempts": 1,
                            "closed_at": opens_at + timedelta(minutes=35 if missed else 1),
                        }
                    )
            conn.execute(insert(t.slot), rows)
        conn.execute(
            insert(t.device),
            [
                {"id": f"{name}-1", "resident_id": name, "registered_at": first, "presence": "online"}
                for name in names
            ],
        )
        conn.execute(insert(t.transition), [row for name in names for row in losses(f"{name}-1")])

    def losses(device: str) -> Iterator[dict[str, Any]]:
        at = first + timedelta(hours=luck.expovariate(1 / 170))
        while at < now - timedelta(days=1):
            row = {"subject_kind": "device", "subject": device, "why": "-", "actor": device}
            yield {"at": at, "old": "online", "new": "late", **row}
            at += timedelta(minutes=luck.expovariate(1 / 20))
            yield {"at": at, "old": "late", "new": "online", **row}
            at += timedelta(hours=luck.expovariate(1 / 170))

    store.write(work)


def test_a_year_of_a_town_is_tried_in_well_under_a_minute(tmp_path: Path) -> None:
    """60 homes here; 300 homes of a year were measured with the same function (docs/ladder.md)."""
    now = office("2026-11-25 12:00")
    with Store.open(tmp_path / "hub.db") as store:
        year(store, 60, 365, now)
        began = time.process_time()
        with store.read() as conn:
            found = try_out(conn, still(), standard(missed_slots_in_a_row=3), now, 365)
        took = time.process_time() - began
    assert found.homes == 60
    assert found.other.cases_a_day <= found.present.cases_a_day
    assert found.present.cases > 50
    assert found.boxes.present.cases > 1000
    assert took < 30, "processor seconds, with room for a slow machine"
