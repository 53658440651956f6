"""An office with two people on duty, the cast, and a fake phone company that forgives no surprise."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from contract.datafile import Duration
from contract.ids import uuid7
from hub.notices import outbox
from hub.notices.deliveries import next_due
from hub.notices.notice import DUTY, Audience, Notice, NoticeKind, Subject, Urgency
from hub.notices.notifier import Notifier
from hub.notices.settings import Family, Pace, Person, Settings
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import Lane, Severity
from hub.work import Work
from tests import cast
from tests.clock import MONDAY_NOON, TravellingClock
from tests.notices.phones import Phones

MORI, KATO = "mori@ena.example", "kato@ena.example"
SON = "ichiro@home.example"
SETTINGS = Settings(
    mail="mailto://mail.example/",
    people=[Person(account="mori", addresses=[MORI]), Person(account="kato", addresses=[KATO])],
    duty=["mori"],
    pace=Pace(bundle_window=Duration(minutes=5)),
    family=Family(office_phone="0573-26-0000"),
)


@pytest.fixture
def phones() -> Iterator[Phones]:
    company = Phones()
    yield company
    company.nothing()


class Office:
    """The cast's hub with its outbox, and a notifier that is started anew whenever a test wants it."""

    def __init__(self, store: Store, clock: TravellingClock, policy: Policy, phones: Phones) -> None:
        self.store, self.clock, self.policy, self.phones = store, clock, policy, phones
        self.settings = SETTINGS
        self.notifier = self.start()

    def start(self) -> Notifier:
        """A notifier that knows nothing but the store."""
        self.notifier = Notifier(self.store, self.clock, self.settings, self.phones)
        return self.notifier

    def work(self, do: Callable[[Work], None]) -> None:
        def write(conn: Connection) -> None:
            with Work(conn, self.clock.now(), uuid7, self.policy) as work:
                do(work)

        self.store.write(write)

    def put(
        self,
        key: str,
        kind: NoticeKind = NoticeKind.case_opened,
        audience: Audience = DUTY,
        subject: Subject | None = None,
        words: str = "",
        urgency: Urgency = Urgency.prompt,
    ) -> None:
        """One notice, by default about a case of the same name."""
        notice = Notice(
            key=key,
            kind=kind,
            audience=audience,
            subject=subject or Subject("case", key),
            words=words or f"{key} を確かめてください。",
            urgency=urgency,
        )
        self.work(lambda work: outbox.put(work, [notice]))

    def settled(self, *subjects: str, words: str = "電話で話せました。") -> None:
        self.work(lambda work: outbox.all_clear(work, [(Subject("case", one), words) for one in subjects]))

    def deliver(self) -> None:
        """Everything that is due at this instant."""
        self.notifier.settle()

    def after(self, **length: float) -> None:
        """Later, with a look whenever something is due on the way."""
        end = self.clock.now() + timedelta(**length)
        self.notifier.settle()
        while (planned := self._next_due()) is not None and planned <= end:
            self.clock.travel(max(planned, self.clock.now()))
            self.notifier.settle()
        self.clock.travel(end)
        self.notifier.settle()

    def _next_due(self) -> datetime | None:
        with self.store.read() as conn:
            return next_due(conn)

    def rows(self) -> Sequence[Any]:
        """Deliveries with their notice's key, the oldest first."""
        with self.store.read() as conn:
            return conn.execute(
                select(t.delivery, t.notice.c.key)
                .join(t.notice, t.notice.c.id == t.delivery.c.notice_id)
                .order_by(t.delivery.c.id)
            ).all()

    def notice_subject(self, case_id: str) -> Subject:
        return Subject("case", case_id)

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]

    def notice(self, key: str) -> Any:
        with self.store.read() as conn:
            return conn.execute(select(t.notice).where(t.notice.c.key == key)).one()

    def open_case(self, case_id: str, resident: str = cast.SATO) -> str:
        """A case of a resident's household, in nobody's hands."""
        now = self.clock.now()

        def write(conn: Connection) -> None:
            home = conn.scalar(select(t.resident.c.household_id).where(t.resident.c.id == resident))
            conn.execute(
                insert(t.case).values(
                    id=case_id,
                    household_id=home,
                    lane=Lane.person,
                    state="new",
                    severity=Severity.needs_check,
                    opened_at=now,
                )
            )

        self.store.write(write)
        return case_id

    def change(self, statement: Any) -> None:
        self.store.write(lambda conn: conn.execute(statement) and None)

    def give_address(
        self, resident: str = cast.SATO, role: str = "family_contact", address: str = SON
    ) -> None:
        """The first contact of a role is reached there."""
        with self.store.read() as conn:
            first = conn.scalar(
                select(t.contact.c.id)
                .where(t.contact.c.resident_id == resident, t.contact.c.role == role)
                .order_by(t.contact.c.position)
            )
        assert first is not None
        self.change(update(t.contact).where(t.contact.c.id == first).values(address=address))


def add_account(store: Store, login: str, name: str, role: str = "csw") -> None:
    """Somebody who may be told; the password is nobody's, hashing one takes longer than the rest of a test."""
    store.write(
        lambda conn: (
            conn.execute(
                insert(t.account).values(
                    id=login,
                    login=login,
                    name=name,
                    role=role,
                    password_hash="-",
                    must_change=False,
                    created_at=MONDAY_NOON,
                )
            )
            and None
        )
    )


@pytest.fixture
def office(town: Store, clock: TravellingClock, policy: Policy, phones: Phones) -> Office:
    for login, name in (("mori", "森 さつき"), ("kato", "加藤 進")):
        add_account(town, login, name)
    return Office(town, clock, policy, phones)
