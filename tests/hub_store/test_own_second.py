"""The town as packaged does not speak at the same second: a thousand homes agreed for 8:00, each with its own."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from contract.commands import Config, decode
from contract.time import office_date, office_instant
from contract.topics import parse
from hub import policy as policies
from hub.commanding import Commander
from hub.policy import Policy, of_day
from hub.store import tables as t
from hub.store.database import Store
from tests import cast
from tests.clock import TravellingClock, office

HOMES = 1_000
AGREED = office("2026-11-24 08:00")
MOST_IN_ONE_SECOND = 25
"""Homes. Two minutes are 8.3 homes a second on average, and chance alone makes 20 of some second (Poisson)."""

Times = dict[str, tuple[datetime, datetime]]
"""Resident to the opening and the deadline of the first morning."""


def roster(numbers: range) -> str:
    rows = [
        f"s{n:04d},r{n:04d},大井,大井町 1,はい,佐藤 花子,サトウ ハナコ,s{n:04d}-1,morning=08:00"
        for n in numbers
    ]
    return "\r\n".join(["世帯番号,対象者番号,地区,住所,独居,氏名,カナ,機器番号,声かけ時刻", *rows])


def enrolled(path: Path, clock: TravellingClock, policy: Policy, numbers: range = range(HOMES)) -> Store:
    store = Store.open(path)
    cast.enrol(store, clock, policy, roster(numbers))
    return store


def planned(store: Store) -> Times:
    with store.read() as conn:
        rows = conn.execute(select(t.slot.c.resident_id, t.slot.c.opens_at, t.slot.c.deadline_at)).all()
    return {resident: (opens_at, deadline_at) for resident, opens_at, deadline_at in rows}


def told(store: Store, clock: TravellingClock, policy: Policy) -> dict[str, datetime]:
    """Resident to the instant at which the speaker is told to ask on that morning."""
    found: dict[str, datetime] = {}

    def publish(topic: str, payload: bytes) -> bool:
        [plan] = decode(payload, Config).slots
        resident = parse(topic)[0].removesuffix("-1").replace("s", "r")
        found[resident] = office_instant(office_date(AGREED), of_day(plan.at))
        return True

    Commander(store, clock, policy, publish).step()
    return found


@pytest.fixture
def packaged() -> Policy:
    """As a city gets it, with nothing replaced."""
    return policies.load()


def test_a_thousand_homes_agreed_for_one_time_are_spread_and_hub_and_speakers_agree(
    tmp_path: Path, clock: TravellingClock, packaged: Policy
) -> None:
    store = enrolled(tmp_path / "hub.db", clock, packaged)
    try:
        times, speakers = planned(store), told(store, clock, packaged)
    finally:
        store.close()
    openings = {resident: opens_at for resident, (opens_at, _) in times.items()}
    assert len(openings) == HOMES
    assert all(AGREED <= at < AGREED + timedelta(minutes=2) for at in openings.values())
    assert max(Counter(openings.values()).values()) <= MOST_IN_ONE_SECOND
    assert speakers == openings
    assert {end - begin for begin, end in times.values()} == {timedelta(minutes=35)}, (
        "the deadline moves along"
    )


def test_a_home_has_the_same_second_in_every_hub_whoever_else_is_enrolled(
    tmp_path: Path, clock: TravellingClock, packaged: Policy
) -> None:
    seen: list[Times] = []
    for name, numbers in (("one", range(50)), ("two", range(60, 20, -1))):
        store = enrolled(tmp_path / name, clock, packaged, numbers)
        seen.append(planned(store))
        store.close()
    one, two = seen
    assert {resident: two[resident] for resident in one.keys() & two.keys()} == {
        resident: one[resident] for resident in one.keys() & two.keys()
    }
    assert one["r0042"][0] == office("2026-11-24 08:00:52")
