"""Homes that speak to a real store: what ingest would write, at the instants a travelling clock stands at."""

import itertools
from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select

from contract.envelope import Event
from contract.events import Body, CheckIn, ClockQuality, Intent, Outcome, Sos, type_of
from contract.ids import uuid7
from contract.state import Presence, State
from contract.time import office_date
from hub import watch
from hub.due import Sweeper, next_at
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from tests import cast
from tests.clock import TravellingClock, office


class Homes:
    """Everybody in the store, the clock they live by, and the night shift."""

    def __init__(self, store: Store, clock: TravellingClock, policy: Policy) -> None:
        self.store = store
        self.clock = clock
        self.policy = policy
        self._sweeper = Sweeper(store, clock, policy)
        self._seq = itertools.count(1)

    # ---- what the homes say -------------------------------------------------------------------------------

    def online(self, residents: Iterable[str] = cast.RESIDENTS) -> None:
        """Births."""
        self._state(residents, Presence.online)

    def lost(self, *residents: str) -> None:
        """Wills."""
        self._state(residents, Presence.lost)

    def answers(
        self, slot: str, *residents: str, intent: Intent = Intent.fine, text: str | None = None
    ) -> None:
        """Answers of one meaning to one slot ("morning" of the day on which the clock stands)."""
        self._say(
            residents,
            CheckIn(
                slot=self._slot(slot), outcome=Outcome.answered, intent=intent, confidence=0.9, text=text
            ),
        )

    def silent(self, slot: str, *residents: str, attempts: int = 3) -> None:
        """The last asking of a slot, without an answer."""
        self._say(residents, CheckIn(slot=self._slot(slot), outcome=Outcome.no_sound, attempts=attempts))

    def calls_for_help(self, resident: str) -> None:
        """「助けて」."""
        self._say([resident], Sos(trigger="voice"))

    def _slot(self, name: str) -> str:
        return f"{office_date(self.clock.now()).isoformat()}/{name}"

    def _say(self, residents: Iterable[str], body: Body) -> None:
        now, told = self.clock.now(), list(residents)

        def work(conn: Connection) -> None:
            for resident in told:
                event = self._event(resident, body, now)
                conn.execute(
                    insert(t.event).values(
                        id=event.id,
                        device_id=event.device,
                        resident_id=resident,
                        session=event.session,
                        seq=event.seq,
                        at=event.at,
                        received_at=now,
                        clock=event.clock,
                        late=event.late,
                        type=event.type,
                        body=msgspec.to_builtins(body),
                    )
                )
                watch.on_event(conn, event, now, uuid7, self.policy)

        self.store.write(work)

    def _event(self, resident: str, body: Body, now: datetime) -> Event:
        return Event(
            id=uuid7(now),
            device=f"{resident}-1",
            session="s1",
            seq=next(self._seq),
            at=now,
            clock=ClockQuality.synced,
            late=False,
            type=type_of(body),
            body=body,
        )

    def _state(self, residents: Iterable[str], presence: Presence) -> None:
        now, told = self.clock.now(), list(residents)

        def work(conn: Connection) -> None:
            for resident in told:
                state = State(session="s1", presence=presence, at=now)
                watch.on_state(conn, f"{resident}-1", state, now, uuid7, self.policy)

        self.store.write(work)

    # ---- time ---------------------------------------------------------------------------------------------

    def until(self, to: str) -> None:
        """Travel to an office time ("2026-11-24 08:00"), sweeping at every deadline on the way."""
        target = office(to)
        for _ in range(100_000):
            with self.store.read() as conn:
                upcoming = next_at(conn)
            if upcoming is None or upcoming > target:
                break
            self.clock.travel(max(upcoming, self.clock.now()))
            while self._sweeper.sweep(self.clock.now()):
                pass
        self.clock.travel(max(target, self.clock.now()))
        while self._sweeper.sweep(self.clock.now()):
            pass

    def case_of(self, resident: str) -> str:
        """The open case of a resident's household, the one about the person if there are two."""
        with self.store.read() as conn:
            return str(
                conn.scalar(
                    select(t.case.c.id)
                    .join(t.resident, t.resident.c.household_id == t.case.c.household_id)
                    .where(t.resident.c.id == resident, t.case.c.closed_at.is_(None))
                    .order_by(t.case.c.lane.desc())
                )
            )
