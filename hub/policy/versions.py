"""Which policy is in force when: versions in the store, each from an instant on, and the file where there is none.

A version is never changed and never removed: what was in force on a day stays what was in force on that day.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, func, insert, select

from contract.refusal import Refused
from contract.time import office_date, office_instant
from hub import agenda
from hub.policy.loading import check_residents, parse
from hub.policy.model import Policy
from hub.store import tables as t
from hub.vocabulary import DueKind


class InForce(Protocol):
    """Whoever knows which policy is in force. A lone `Policy` always is; `PolicyBook` knows the store's versions."""

    def at(self, now: datetime) -> Policy:
        """The policy in force at `now`."""

    def refresh(self, conn: Connection) -> None:
        """Take over what has been imported since; costs one look at a small index."""


class Version(NamedTuple):
    """A policy that is, was or will be in force."""

    id: int
    from_at: datetime
    imported_at: datetime
    imported_by: str
    text: str
    """The file as it was imported, with its comments."""

    def parsed(self) -> Policy:
        """The policy; it was checked when it was imported."""
        return parse(self.text, f"方針 {self.id}")


class PolicyBook:
    """Every version by its beginning, and before the first one the file of the configuration."""

    def __init__(self, base: Policy) -> None:
        self.base = base
        self._read_to = 0
        self._versions: tuple[tuple[datetime, Policy], ...] = ()

    def at(self, now: datetime) -> Policy:
        """The policy in force at `now`. Reads memory only; `refresh` keeps it true."""
        for from_at, policy in reversed(self._versions):
            if from_at <= now:
                return policy
        return self.base

    def refresh(self, conn: Connection) -> None:
        """Read what has been imported since the last look, by whichever process."""
        newest = conn.scalar(select(func.max(t.policy_version.c.id))) or 0
        if newest != self._read_to:
            self._versions = tuple((one.from_at, one.parsed()) for one in versions(conn))
            self._read_to = newest


def versions(conn: Connection) -> list[Version]:
    """Every version, in the order in which they come into force; of two from one instant the later import is last."""
    rows = conn.execute(select(t.policy_version).order_by(t.policy_version.c.from_at, t.policy_version.c.id))
    return [Version(row.id, row.from_at, row.imported_at, row.imported_by, row.text) for row in rows]


def in_force(conn: Connection, at: datetime) -> Version | None:
    """The version in force at `at`; None while that is the configuration's file."""
    before = [one for one in versions(conn) if one.from_at <= at]
    return before[-1] if before else None


def bring_in_force(conn: Connection, text: str, name: str, day: date, by: str, now: datetime) -> Version:
    """Store a policy that is in force from office midnight of `day` on, or from now on if that is today.

    `Refused` when the file is wrong (with its line), when the day is past, or when people are enrolled in a class
    that it does not have. What has not opened yet is planned anew when it comes into force.
    """
    policy = parse(text, name)
    check_residents(conn, policy)
    today = office_date(now)
    if day < today:
        raise Refused(
            f"方針は過去にさかのぼって変えられません ({day.isoformat()} は過ぎています)。"
            f"--from は {today.isoformat()} か、それより後の日にしてください。"
        )
    from_at = now if day == today else office_instant(day, timedelta())
    made = conn.execute(
        insert(t.policy_version)
        .values(from_at=from_at, imported_at=now, imported_by=by, text=text)
        .returning(t.policy_version.c.id)
    ).scalar_one()
    agenda.schedule(conn, DueKind.policy_change, str(made), from_at)
    return Version(made, from_at, now, by, text)
