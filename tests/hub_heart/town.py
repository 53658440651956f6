"""A small town on an in-memory store: its homes speak, its clock travels, its night shift sweeps at every deadline."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.pool import StaticPool

from contract.envelope import Event
from contract.events import Body, CheckIn, ClockQuality, Intent, Outcome, type_of
from contract.state import Presence, State
from hub import views, watch
from hub.due import Sweeper, next_at
from hub.outreach.operations import Desk
from hub.policy import InForce, Policy
from hub.store import tables as t
from hub.store.postgresql import PostgresqlServer
from hub.views.rows import OutageRow
from hub.vocabulary import DeviceState, Lane
from tests.clock import TravellingClock, office
from tests.still import still

T = TypeVar("T")

MONDAY = "2026-11-23"
TUESDAY = "2026-11-24"
WEDNESDAY = "2026-11-25"
MORNING = f"{TUESDAY}/morning"
EVENING = f"{MONDAY}/evening"

CAST = {
    "sato": "佐藤 花子",
    "suzuki": "鈴木 一郎",
    "takahashi": "高橋 ハル",
    "tanaka": "田中 清",
    "ito": "伊藤 フミ",
}
"""佐藤 answers, 鈴木 is silent, 高橋's line is down, 田中 is away, 伊藤 asks for help."""


def memory() -> Engine:
    """An in-memory store with the hub's tables and its way of beginning transactions."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False, "isolation_level": None}
    )

    @event.listens_for(engine, "connect")
    def _set_up(raw: Any, _record: object) -> None:
        raw.isolation_level = None
        raw.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    t.metadata.create_all(engine)
    return engine


class MemoryStore:
    """What the night shift needs of a store, in memory and without a thread."""

    def __init__(self) -> None:
        self.engine = memory()

    def write(self, work: Callable[[Connection], T]) -> T:
        with self.engine.begin() as conn:
            return work(conn)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.begin() as conn:
            yield conn


class ServerStore:
    """The same on a server: every transaction begins by being the only one."""

    def __init__(self, address: str) -> None:
        self.engine = PostgresqlServer(address).engine(writes=True)

    def write(self, work: Callable[[Connection], T]) -> T:
        with self.engine.begin() as conn:
            return work(conn)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.begin() as conn:
            yield conn


class Ids:
    """Ids one can predict, in order."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __call__(self, at: datetime) -> str:
        return f"id-{next(self._numbers):06d}"

    def skip(self, to: int) -> None:
        """Go on from `to`."""
        self._numbers = itertools.count(to)


class Town:
    """Homes, clock, store and night shift."""

    def __init__(
        self,
        at: str = f"{MONDAY} 12:00",
        policy: InForce | None = None,
        store: "MemoryStore | ServerStore | None" = None,
    ) -> None:
        self.clock = TravellingClock(office(at))
        self.policies = policy or still()
        self.store = store or MemoryStore()
        self.ids = Ids()
        self.sweeper = self._sweeper()
        self._seq = itertools.count(1)
        with self.store.engine.begin() as conn:
            conn.execute(insert(t.district).values(code="oi", name="大井", kana="オオイ", position=1))
            conn.execute(insert(t.district).values(code="iiji", name="飯地", kana="イイジ", position=2))

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self.policies.at(self.clock.now())

    def _sweeper(self) -> Sweeper:
        return Sweeper(self.store, self.clock, self.policies, self.ids)

    # ---- the roster ---------------------------------------------------------------------------------------

    def home(
        self,
        name: str,
        *,
        slots: dict[str, str] | None = None,
        risk_class: str = "standard",
        contacts: tuple[str, ...] = ("family_contact", "helper", "welfare_commissioner"),
        consents: tuple[str, ...] = ("tell_family", "share"),
        phone: str | None = "0573-00-0000",
        household: str | None = None,
        online: bool = True,
        weekdays: list[int] | None = None,
        on_holidays: bool = True,
        district: str = "oi",
    ) -> str:
        """A resident with a speaker, enrolled now; returns the resident's id."""
        now = self.clock.now()
        with self.store.engine.begin() as conn:
            if household is None:
                household = f"h-{name}"
                conn.execute(
                    insert(t.household).values(
                        id=household, district=district, address="大井町 1", phone=phone, lives_alone=True
                    )
                )
            conn.execute(
                insert(t.resident).values(
                    id=name,
                    household_id=household,
                    name=CAST.get(name, name),
                    kana=name,
                    kana_key=name,
                    call_name=name,
                    risk_class=risk_class,
                    enrolled_at=now,
                )
            )
            conn.execute(
                insert(t.device).values(
                    id=f"d-{name}", resident_id=name, registered_at=now, presence=DeviceState.not_installed
                )
            )
            for position, role in enumerate(contacts):
                conn.execute(
                    insert(t.contact).values(
                        resident_id=name, position=position, role=role, name="連絡先", phone="0573-11-1111"
                    )
                )
            for tick in consents:
                conn.execute(insert(t.consent).values(resident_id=name, tick=tick, granted_at=now))
            for slot_name, at in (slots or {"morning": "08:00", "evening": "18:00"}).items():
                conn.execute(
                    insert(t.schedule).values(
                        resident_id=name,
                        name=slot_name,
                        at=at,
                        weekdays=weekdays or [1, 2, 3, 4, 5, 6, 7],
                        on_holidays=on_holidays,
                    )
                )
            watch.enrol(conn, name, now, self.policy, self.ids)
        if online:
            self.online(name)
        return name

    # ---- what the homes say --------------------------------------------------------------------------------

    def send(
        self,
        name: str,
        body: Body,
        *,
        at: datetime | None = None,
        late: bool = False,
        session: str = "s1",
        event_id: str | None = None,
        clock: ClockQuality = ClockQuality.synced,
    ) -> str:
        """An event of a home, stored and taken effect, as ingest does it; returns its id."""
        now = self.clock.now()
        seq = next(self._seq)
        told = Event(
            id=event_id or f"event-{seq:05d}",
            device=f"d-{name}",
            session=session,
            seq=seq,
            at=at or now,
            clock=clock,
            late=late,
            type=type_of(body),
            body=body,
        )
        with self.store.engine.begin() as conn:
            conn.execute(
                insert(t.event).values(
                    id=told.id,
                    device_id=told.device,
                    resident_id=name,
                    session=session,
                    seq=seq,
                    at=told.at,
                    received_at=now,
                    clock=clock,
                    late=late,
                    type=told.type,
                    body=msgspec.to_builtins(body),
                )
            )
            watch.on_event(conn, told, now, self.ids, self.policy)
        return told.id

    def answers(self, name: str, slot: str, intent: Intent = Intent.fine, **how: Any) -> str:
        """The resident answers."""
        return self.send(name, CheckIn(slot=slot, outcome=Outcome.answered, intent=intent), **how)

    def asked(
        self, name: str, slot: str, outcome: Outcome = Outcome.no_sound, attempts: int = 1, **how: Any
    ) -> str:
        """An asking that brought no answer."""
        return self.send(name, CheckIn(slot=slot, outcome=outcome, attempts=attempts), **how)

    def silent(self, name: str, slot: str) -> None:
        """All askings of a slot, at their times, without an answer; ends at the last one."""
        with self.store.engine.begin() as conn:
            day, slot_name = slot.split("/")
            opens_at = conn.scalar(
                select(t.slot.c.opens_at)
                .where(t.slot.c.resident_id == name, t.slot.c.day == datetime.fromisoformat(day).date())
                .where(t.slot.c.name == slot_name)
            )
        assert opens_at is not None, f"{name} has no slot {slot}"
        for number, after in enumerate([timedelta(), *self.policy.watch.retry_after], start=1):
            self.until(opens_at + after)
            self.asked(name, slot, attempts=number)

    def online(self, name: str, session: str = "s1", *, muted: bool = False) -> None:
        """The birth."""
        self._state(name, session, Presence.online, muted)

    def lost(self, name: str, session: str = "s1") -> None:
        """The will."""
        self._state(name, session, Presence.lost)

    def goodbye(self, name: str, session: str = "s1") -> None:
        """Switched off on purpose."""
        self._state(name, session, Presence.offline)

    def _state(self, name: str, session: str, presence: Presence, muted: bool = False) -> None:
        now = self.clock.now()
        state = State(session=session, presence=presence, at=now, muted=muted)
        with self.store.engine.begin() as conn:
            watch.on_state(conn, f"d-{name}", state, now, self.ids, self.policy)

    # ---- time -----------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Everything that is due now."""
        for _ in range(1000):
            if not self.sweeper.sweep(self.clock.now()):
                return
        raise AssertionError("the sweep does not come to an end")

    def until(self, to: datetime | str) -> None:
        """Travel to an instant, sweeping at every deadline on the way, as the loop would."""
        target = office(to) if isinstance(to, str) else to
        for _ in range(10_000):
            with self.store.read() as conn:
                upcoming = next_at(conn)
            if upcoming is None or upcoming > target:
                break
            self.clock.travel(max(upcoming, self.clock.now()))
            self.sweep()
        else:
            raise AssertionError("the agenda never empties")
        self.clock.travel(max(target, self.clock.now()))
        self.sweep()

    def forward(self, **length: float) -> None:
        """`until`, by a length of time."""
        self.until(self.clock.now() + timedelta(**length))

    def restart_after(self, **length: float) -> None:
        """The hub is down for a while, and starts again."""
        self.clock.forward(**length)
        self.sweeper = self._sweeper()
        self.sweep()

    # ---- what the store holds --------------------------------------------------------------------------------

    def slot(self, name: str, slot: str) -> Any:
        """The row of a slot."""
        day, slot_name = slot.split("/")
        found = [s for s in self.slots(name) if (s.day.isoformat(), s.name) == (day, slot_name)]
        assert len(found) == 1, f"{name} has {len(found)} slots {slot}"
        return found[0]

    def slots(self, name: str | None = None) -> list[Any]:
        """The rows of slots, oldest first."""
        wanted = select(t.slot).order_by(t.slot.c.opens_at, t.slot.c.id)
        with self.store.read() as conn:
            return list(conn.execute(wanted.where(t.slot.c.resident_id == name) if name else wanted))

    def case(self, name: str, lane: Lane = Lane.person) -> Any:
        """The open case of a resident's household in a lane; None if there is none."""
        with self.store.read() as conn:
            return conn.execute(
                select(t.case)
                .join(t.resident, t.resident.c.household_id == t.case.c.household_id)
                .where(t.resident.c.id == name, t.case.c.lane == lane, t.case.c.closed_at.is_(None))
            ).one_or_none()

    def cases(self) -> list[Any]:
        """All cases, open and closed, oldest first."""
        with self.store.read() as conn:
            return list(conn.execute(select(t.case).order_by(t.case.c.opened_at, t.case.c.id)))

    def reasons(self, name: str, lane: Lane = Lane.person, *, all_of_them: bool = False) -> list[Any]:
        """The unresolved reasons of a resident's open case (or all there ever were)."""
        with self.store.read() as conn:
            rows = conn.execute(
                select(t.reason)
                .join(t.case, t.case.c.id == t.reason.c.case_id)
                .where(t.reason.c.resident_id == name, t.case.c.lane == lane)
                .order_by(t.reason.c.at, t.reason.c.id)
            ).all()
        return [row for row in rows if all_of_them or row.resolved_at is None]

    def history(self, kind: str, subject: str) -> list[Any]:
        """The transitions of one thing, oldest first."""
        with self.store.read() as conn:
            return list(
                conn.execute(
                    select(t.transition)
                    .where(t.transition.c.subject_kind == kind, t.transition.c.subject == subject)
                    .order_by(t.transition.c.id)
                )
            )

    def notices(self, kind: str | None = None) -> list[Any]:
        """What people are to be told, oldest first; all of it or of one kind."""
        with self.store.read() as conn:
            rows = conn.execute(select(t.notice).order_by(t.notice.c.at, t.notice.c.id)).all()
        return [row for row in rows if kind in (None, row.kind)]

    def outages(self) -> list[OutageRow]:
        """The outages that go on."""
        with self.store.read() as conn:
            return views.outages(conn, ranks=self.policy.ranks)

    def device(self, name: str) -> Any:
        """The row of a home's speaker."""
        with self.store.read() as conn:
            return conn.execute(select(t.device).where(t.device.c.id == f"d-{name}")).one()

    def due(self) -> list[Any]:
        """The agenda, oldest first."""
        with self.store.read() as conn:
            return list(conn.execute(select(t.due).order_by(t.due.c.at)))

    def set_resident(self, name: str, **values: Any) -> None:
        """Change a row of the roster behind the watch's back."""
        with self.store.engine.begin() as conn:
            conn.execute(update(t.resident).where(t.resident.c.id == name).values(**values))

    # ---- the people on duty ------------------------------------------------------------------------------------

    @contextmanager
    def desk(self, account: str = "csw-mori") -> Iterator[Desk]:
        """The desk of somebody on duty, in a transaction."""
        with self.store.engine.begin() as conn:
            yield Desk(conn, account, self.clock.now(), self.policy, self.ids)
