"""The shared cast: 佐藤 answers, 鈴木 is silent, 高橋's line is down, 田中 is away, 伊藤 asks for help.

def test_something(town: Store, clock: TravellingClock, policy: Policy) -> None:  # fixtures of tests/conftest.py
    clock.travel(office("2026-11-24 08:00"))
    ...  # SATO is enrolled, her speaker is SATO_SPEAKER, her slots are planned
"""

from pathlib import Path

from sqlalchemy import Connection

from contract.time import Clock, office_date
from hub import districts, roster
from hub.policy import Policy
from hub.store.database import Store

SATO, SUZUKI, TAKAHASHI, TANAKA, ITO = RESIDENTS = ("sato", "suzuki", "takahashi", "tanaka", "ito")
"""対象者番号. 鈴木 and 伊藤 are of risk class high; 田中 lives with her daughter, everybody else alone."""
SPEAKERS = tuple(f"{resident}-1" for resident in RESIDENTS)
SATO_SPEAKER, SUZUKI_SPEAKER, TAKAHASHI_SPEAKER, TANAKA_SPEAKER, ITO_SPEAKER = SPEAKERS
HOUSEHOLDS = tuple(f"h-{resident}" for resident in RESIDENTS)

ROSTER = (Path(__file__).parent / "cast.csv").read_text(encoding="utf-8")
"""The cast as a roster file. 高橋 is written with 髙, which UTF-8 and cp932 can write and Shift_JIS cannot."""


def enrol(store: Store, clock: Clock, policy: Policy, file: str = ROSTER) -> roster.Summary:
    """Take a roster over into a store, with Ena's districts; return what changed."""
    known = districts.load()
    entries = roster.read(file.encode(), "roster.csv", known, policy, office_date(clock.now()))

    def work(conn: Connection) -> roster.Summary:
        districts.write(conn, known)
        return roster.take_over(conn, entries, clock.now(), policy)

    return store.write(work)
