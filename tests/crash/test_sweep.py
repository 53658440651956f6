"""The night shift is killed at any line and any moment: its store ends like that of one whom nobody disturbed."""

import random
import shutil
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.town import Town, resident
from hub.due import Sweeper
from hub.store import tables as t
from hub.store.database import Store
from tests.clock import TravellingClock, office
from tests.crash.nursery import order
from tests.nursery import ROUNDS, Nursery
from tests.still import still

HOMES = 6
"""That miss their deadline in a round."""
LINES = 9_000
"""Of the hub, for what falls due in one round; a part that is to die later than it works dies idle."""
STEP = timedelta(seconds=45)
"""Between two rounds; below the minute after which the night shift takes itself for having stood still."""
BEGINNING = office("2026-11-24 08:00")
TABLES = (t.slot, t.due, t.case, t.reason, t.transition, t.notice, t.pulse)


def sweep(store: Store, at: datetime) -> None:
    """Everything that is due at `at`."""
    sweeper = Sweeper(store, TravellingClock(at), still())
    while sweeper.sweep(at):
        pass


def silent_town(path: Path) -> None:
    """So many homes a round that were silent last evening and are so again, until their deadlines."""
    town = Town(homes=ROUNDS * HOMES, opens_at=BEGINNING, rules=still())
    with Store.open(path) as store:
        town.fill(store, range(town.homes))
        town.ask_in_vain(store, range(town.homes), lambda home: BEGINNING + (1 + home // HOMES) * STEP)
        sweep(store, BEGINNING)


def rows(path: Path) -> dict[str, Counter[str]]:
    """Everything the night shift wrote, but for ids: a case is called by its household."""
    looks = sqlite3.connect(path)
    cases = looks.execute("SELECT id, household_id FROM outreach_case").fetchall()
    named = {id: f"case of {household}" for id, household in cases}
    held = {}
    for table in TABLES:
        columns = [column.name for column in table.columns if column.name != "id"]
        found = looks.execute(f"SELECT {', '.join(columns)} FROM {table.name}").fetchall()
        held[table.name] = Counter(repr([_called(value, named) for value in row]) for row in found)
    looks.close()
    return held


def _called(value: Any, cases: dict[str, str]) -> Any:
    if isinstance(value, str):
        for part in value.split("/"):
            value = value.replace(part, cases.get(part, part))
    return value


@pytest.mark.timeout(120 + 3 * ROUNDS)
def test_a_night_shift_killed_again_and_again_does_everything_once(tmp_path: Path) -> None:
    chance = random.Random(20261128)
    killed, undisturbed = tmp_path / "killed.db", tmp_path / "undisturbed.db"
    silent_town(undisturbed)
    shutil.copy(undisturbed, killed)
    died = Counter[str]()
    left = Counter[str]()
    with Store.open(killed) as store, Nursery("tests.crash.nursery", "sweep", str(killed)) as nursery:
        for number in range(1, ROUNDS + 1):
            at = BEGINNING + number * STEP
            # Two of three at a line of theirs; the third from outside, which may be within the driver or the disk.
            at_a_line = number % 3 != 0
            nursery.start(order(line=chance.randrange(1, LINES) if at_a_line else 0, at=at))
            patience = 0.5 if at_a_line else chance.uniform(0.0, 0.3)
            itself = nursery.until(lambda: False, patience)
            died["by itself" if itself else "from outside"] += 1
            nursery.kill()
            with store.read() as conn:
                undone = conn.exec_driver_sql(
                    "SELECT count(*) FROM due WHERE at <= ?", (at.isoformat().replace("+00:00", ".000000Z"),)
                ).scalar_one()
            left["all" if undone >= HOMES else "none" if not undone else "some"] += 1
            sweep(store, at)
    with Store.open(undisturbed) as store:
        for number in range(1, ROUNDS + 1):
            sweep(store, BEGINNING + number * STEP)
    print(f"{ROUNDS} rounds, {ROUNDS * HOMES} misses; {dict(died)}; work left behind: {dict(left)}")

    expected, found = rows(undisturbed), rows(killed)
    for table in TABLES:
        assert found[table.name] == expected[table.name], table.name
    assert sum(expected[t.reason.name].values()) == ROUNDS * HOMES
    opened = [row for row in expected[t.case.name] if resident(0) in row]
    assert len(opened) == 1
