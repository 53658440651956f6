"""Many check-ins at once end in the same rows as one after the other."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from contract.envelope import Event
from contract.events import (
    Activity,
    Body,
    CheckIn,
    ClockQuality,
    Intent,
    Outcome,
    TalkRequest,
    TestPress,
    type_of,
)
from hub import watch
from hub.store import tables as t
from hub.watch import plain
from hub.watch.plain import Arrival
from hub.work import Work
from tests.clock import office
from tests.hub_heart.town import EVENING, MONDAY, MORNING, TUESDAY, Town

Said = tuple[str, str, Outcome | Body, Intent | None, int]
"""Who, of which slot, what: an outcome of an asking, or something else altogether."""

NAMES = ("sato", "suzuki", "takahashi", "tanaka", "ito", "mori")
ANSWERS: list[tuple[Outcome | Body, Intent | None]] = [
    (Outcome.answered, Intent.fine),
    (Outcome.answered, Intent.declined),
    (Outcome.answered, Intent.unrelated),
    (Outcome.answered, Intent.pain),
    (Outcome.answered, Intent.emergency),
    (Outcome.no_sound, None),
    (Outcome.no_words, None),
    (Outcome.muted, None),
    (Outcome.not_played, None),
    (Activity(source="motion"), None),
    (TestPress(), None),
    (TalkRequest(), None),
]


def morning() -> Town:
    """Twenty past eight; a town of its own with the past of `until_morning`."""
    town = Town(f"{TUESDAY} 08:20")
    town.ids.skip(100_000)
    raw(town).deserialize(until_morning())
    return town


def raw(town: Town) -> sqlite3.Connection:
    driver = town.store.engine.raw_connection().driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@cache
def until_morning() -> bytes:
    """A store in which some homes have a past that an asking may put an end to."""
    town = Town()
    for name in NAMES:
        town.home(name)
    town.until(f"{MONDAY} 18:00:20")
    for name in ("sato", "tanaka", "mori"):
        town.answers(name, EVENING)
    town.asked("ito", EVENING, Outcome.not_played)
    town.silent("suzuki", EVENING)
    town.until(f"{TUESDAY} 07:00")
    town.lost("takahashi")
    town.online("mori", muted=True)
    town.until(f"{TUESDAY} 08:20")
    return raw(town).serialize()


def arrivals(town: Town, said: Sequence[Said]) -> list[Arrival]:
    return [
        Arrival(
            Event(
                id=f"batch-{number}",
                device=f"d-{name}",
                session="s1",
                seq=number,
                at=town.clock.now(),
                clock=ClockQuality.synced,
                late=False,
                type=type_of(body),
                body=body,
            ),
            town.clock.now(),
        )
        for number, (name, slot, outcome, intent, attempts) in enumerate(said)
        for body in [
            CheckIn(slot=slot, outcome=outcome, intent=intent, attempts=attempts)
            if isinstance(outcome, Outcome)
            else outcome
        ]
    ]


def take_in(town: Town, said: Sequence[Said], *, together: bool) -> None:
    batch = arrivals(town, said)
    with town.store.engine.begin() as conn:
        for event, at in batch:
            conn.execute(
                insert(t.event).values(
                    id=event.id,
                    device_id=event.device,
                    resident_id=event.device[2:],
                    session=event.session,
                    seq=event.seq,
                    at=event.at,
                    received_at=at,
                    clock=event.clock,
                    late=event.late,
                    type=type_of(event.body),  # type: ignore[arg-type]
                    body=msgspec.to_builtins(event.body),
                )
            )
        if together:
            watch.on_events(conn, batch, town.ids, town.policy)
        else:
            for event, at in batch:
                watch.on_event(conn, event, at, town.ids, town.policy)


def rows(town: Town) -> dict[str, Any]:
    """Everything the heart wrote, but for ids and the order of different homes."""
    ids = {"id", "case_id"}
    held: dict[str, Any] = {}
    with town.store.read() as conn:
        for table in (t.slot, t.due, t.case, t.reason, t.transition, t.device):
            found = []
            for row in conn.execute(select(table)).mappings():
                kept = {name: value for name, value in row.items() if name not in ids}
                if str(kept.get("subject", "")).startswith("id-"):
                    kept["subject"] = "a case"
                found.append(repr(sorted(kept.items())))
            held[table.name] = sorted(found)
    return held


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from([MORNING, MORNING, MORNING, EVENING, f"{TUESDAY}/evening", "2026-13-40/morning"]),
            st.sampled_from(ANSWERS),
            st.integers(1, 3),
        ),
        max_size=12,
    )
)
def test_together_or_one_by_one_is_the_same(
    said: list[tuple[str, str, tuple[Outcome | Body, Intent | None], int]],
) -> None:
    flat = [(name, slot, outcome, intent, attempts) for name, slot, (outcome, intent), attempts in said]
    together, apart = morning(), morning()
    take_in(together, flat, together=True)
    take_in(apart, flat, together=False)
    assert rows(together) == rows(apart)
    for town in (together, apart):
        town.until(f"{TUESDAY} 08:36")
    assert rows(together) == rows(apart)


def test_what_is_not_plain_is_left_in_its_order() -> None:
    town = morning()
    said: list[Said] = [
        ("sato", MORNING, Outcome.answered, Intent.fine, 1),
        ("suzuki", MORNING, Outcome.answered, Intent.fine, 1),
        ("takahashi", MORNING, Outcome.no_sound, None, 1),
        ("tanaka", MORNING, Outcome.no_sound, None, 1),
        ("tanaka", MORNING, Outcome.answered, Intent.fine, 2),
        ("ito", MORNING, Outcome.answered, Intent.fine, 1),
        ("mori", MORNING, Outcome.answered, Intent.fine, 1),
    ]
    batch = arrivals(town, said)
    with town.store.engine.begin() as conn, Work(conn, town.clock.now(), town.ids, town.policy) as work:
        rest = plain.take(work, batch)
    assert [arrival.event.device for arrival in rest] == ["d-suzuki", "d-takahashi", "d-ito", "d-mori"]
    assert town.slot("sato", MORNING).closed_at == office(f"{TUESDAY} 08:20")
    assert town.slot("tanaka", MORNING).attempts == 2


def test_what_follows_something_that_is_not_plain_waits_for_it() -> None:
    town = morning()
    said: list[Said] = [
        ("sato", MORNING, Outcome.answered, Intent.pain, 1),
        ("sato", MORNING, Outcome.answered, Intent.fine, 2),
        ("tanaka", MORNING, Outcome.answered, Intent.fine, 1),
        ("tanaka", MORNING, Outcome.answered, Intent.pain, 2),
    ]
    batch = arrivals(town, said)
    with town.store.engine.begin() as conn, Work(conn, town.clock.now(), town.ids, town.policy) as work:
        rest = plain.take(work, batch)
    assert rest == [batch[0], batch[1], batch[3]]
