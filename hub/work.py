"""One piece of work on the store: what it may touch, and what it writes down at its end."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import Any

from sqlalchemy import Connection

from contract.ids import NewId
from hub import agenda, duty
from hub.notices import rows as outbox_rows
from hub.policy import Policy
from hub.store import bulk
from hub.store import tables as t
from hub.vocabulary import DueKind

_TRANSITION = ("at", "subject_kind", "subject", "old", "new", "why", "actor")
HUB = "hub"
"""The actor of what no person and no device did."""


class Work:
    """A transaction of somebody else, the instant it happens at, and the rows to write together at its end.

    Transitions and due rows are gathered and written in one statement each when the `with` block ends without an
    error: a thousand silent homes at one instant cost two statements, not two thousand.
    """

    def __init__(self, conn: Connection, now: datetime, ids: NewId, policy: Policy) -> None:
        self.conn = conn
        self.now = now
        self.ids = ids
        self.policy = policy
        self._transitions: list[tuple[Any, ...]] = []
        self._due: dict[tuple[DueKind, str], datetime | None] = {}
        self._notices: list[dict[str, Any]] = []
        self._withdrawn: list[tuple[str, str, str]] = []

    def __enter__(self) -> "Work":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if error is None:
            self.flush()

    @cached_property
    def staffed(self) -> bool:
        """Whether anybody is on duty at this instant; asked of the store once."""
        return duty.at(self.conn, self.now, self.policy).staffed

    def record(
        self,
        kind: str,
        subject: str,
        old: str | None,
        new: str,
        why: str,
        actor: str = HUB,
        at: datetime | None = None,
    ) -> None:
        """A transition: `subject` of `kind` went from `old` to `new`, because of `why`, by `actor`, now or `at`."""
        self._transitions.append((at or self.now, kind, subject, old, new, why[:300], actor))

    def schedule(self, kind: DueKind, subject: str, at: datetime | timedelta) -> None:
        """Let `kind` fall due for `subject` at an instant or after a time; an earlier date of it is moved."""
        self._due[kind, subject] = self.now + at if isinstance(at, timedelta) else at

    def cancel(self, kind: DueKind, subject: str) -> None:
        """Let `kind` no longer fall due for `subject`."""
        self._due[kind, subject] = None

    def tell(self, notices: Sequence[dict[str, Any]]) -> None:
        """Rows of the outbox; use `hub.notices.outbox`."""
        self._notices += notices

    def untell(self, subjects: Sequence[tuple[str, str, str]]) -> None:
        """Subjects (kind, id, why) of which nobody is to be told any more; use `hub.notices.outbox`."""
        self._withdrawn += subjects

    def flush(self) -> None:
        """Write what was gathered."""
        if self._transitions:
            columns = dict(zip(_TRANSITION, map(list, zip(*self._transitions, strict=True)), strict=True))
            bulk.insert_columns(self.conn, t.transition, columns)
        agenda.cancel_all(self.conn, [key for key, at in self._due.items() if at is None])
        agenda.schedule_all(self.conn, [(*key, at) for key, at in self._due.items() if at is not None])
        outbox_rows.insert(self.conn, self._notices)
        outbox_rows.withdraw(self.conn, self._withdrawn, self.now)
        self._transitions = []
        self._due = {}
        self._notices = []
        self._withdrawn = []


Handler = Callable[[Work, Sequence[str]], None]
"""Does what fell due for these subjects. Told twice about the same subject, it does nothing the second time."""
