"""The city's numbers: when a silence counts, who is asked next, how long each step may take. Data, checked at load.

`policy.toml` is the town's, `policy_demo.toml` the demonstration's, where minutes become seconds. A ladder with a
loop, a hole, a step out of order, an unknown party or a missing class is refused with its line, never repaired.
"""

from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, func, select

from contract.commands import OfficeTime
from contract.datafile import Duration, read_toml
from contract.refusal import Refused
from contract.time import office_date, office_instant
from hub.policy_check import check
from hub.store import tables as t
from hub.vocabulary import Party, ReasonCode, Severity


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rung."""

    step: Annotated[int, Meta(ge=1, le=50)]
    """Its number, from 1, without gaps."""
    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    party: Party
    wait: Duration
    """How long this step may take before the next one begins."""
    words: Annotated[str, Meta(min_length=1, max_length=120)]
    """What the queue tells the person on duty to do."""


class RiskClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How soon the silence of one class of residents counts."""

    rank: Annotated[int, Meta(ge=0, le=100)]
    """The higher goes first in the queue."""
    missed_slots_in_a_row: Annotated[int, Meta(ge=1, le=20)]
    unanswered_for: Duration
    """From the first unanswered question to the queue, however few slots were missed."""
    visit_same_day_until: OfficeTime
    """A visit decided before this time is due the same day, later ones the next morning; "23:59:59" is always."""
    ladders: dict[ReasonCode, str]
    """Which ladder each reason climbs."""
    recalled_ladder: str
    """What follows a call for help that was taken back: somebody still asks."""


class Watch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a slot, a line and the hub itself are judged."""

    retry_after: Annotated[list[Duration], Meta(max_length=10)]
    """When the speaker asks again, counted from the slot's time."""
    early_window: Duration
    """An answer this long before the slot's time counts as its answer."""
    deadline_grace: Duration
    """From the last asking to the deadline: the dialogue, and the way of the answer to the hub."""
    device_lost_after: Duration
    """A line lost for this long is down."""
    device_settle: Duration
    """A line back for this long has told what it had stored."""
    settle_after_start: Duration
    """After the hub was blind nobody is called silent for this long."""
    blind_after: Duration
    """The hub counts as blind when its clock stood still for longer than this."""


class Visit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By when a visit is due."""

    by: OfficeTime
    """Office time, for a visit on the same day."""
    next_morning_by: OfficeTime
    at_least: Duration
    """Nobody is asked to be anywhere sooner than this."""


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a city may set about silence and what follows it."""

    watch: Watch
    acknowledgement: dict[Severity, Duration]
    """How long a case may rest with its owner without a word."""
    visit: Visit
    classes: dict[str, RiskClass]
    ladders: dict[str, list[Step]]
    slot_words: dict[str, str] = msgspec.field(default_factory=dict)
    """How staff call a slot: morning is 朝."""
    absence_unless_said: dict[str, Duration] = msgspec.field(default_factory=dict)
    """How long an absence lasts whose end nobody named, by kind."""

    @property
    def ranks(self) -> dict[str, int]:
        """The rank of every class, for the order of the queue."""
        return {name: risk_class.rank for name, risk_class in self.classes.items()}

    @property
    def askings(self) -> int:
        """How often a slot is asked."""
        return 1 + len(self.watch.retry_after)

    def deadline(self, opens_at: datetime) -> datetime:
        """The instant at which a slot of `opens_at` must have ended."""
        return opens_at + max(self.watch.retry_after, default=timedelta()) + self.watch.deadline_grace

    def risk_class(self, name: str) -> RiskClass:
        """The class `name`; `Refused` when the policy has none."""
        if name not in self.classes:
            known = "、".join(self.classes)
            raise Refused(
                f"リスク区分「{name}」が方針にありません。使える区分は {known} です。名簿か方針を直してください。"
            )
        return self.classes[name]

    def ladder_for(self, code: ReasonCode, severity: Severity, risk_class: str) -> str:
        """The name of the ladder that a reason of `code` climbs for a resident of `risk_class`."""
        of_class = self.risk_class(risk_class)
        if code is ReasonCode.call_for_help and severity is not Severity.emergency:
            return of_class.recalled_ladder
        return of_class.ladders[code]

    def visit_due(self, now: datetime, risk_class: str) -> datetime:
        """By when a visit decided at `now` is due: the same day while it is early enough, else the next morning."""
        today = office_date(now)
        if now <= office_instant(today, _of_day(self.risk_class(risk_class).visit_same_day_until)):
            due = office_instant(today, _of_day(self.visit.by))
        else:
            due = office_instant(today + timedelta(days=1), _of_day(self.visit.next_morning_by))
        return max(due, now + self.visit.at_least)


def _of_day(at: OfficeTime) -> timedelta:
    hours, minutes, *seconds = (int(part) for part in at.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)


def load(path: Path | None = None) -> Policy:
    """Read and check a policy file, the packaged `policy.toml` by default; `Refused` names file and line."""
    if path is None:
        return _packaged("policy.toml")
    policy = read_toml(path, Policy)
    check(policy, path.read_text(encoding="utf-8"), str(path))
    return policy


def load_demo() -> Policy:
    """The packaged policy of the demonstration: the town's, with minutes as seconds."""
    return _packaged("policy_demo.toml")


def _packaged(name: str) -> Policy:
    with resources.as_file(resources.files("hub") / name) as path:
        return load(path)


def check_residents(conn: Connection, policy: Policy) -> None:
    """`Refused` when enrolled residents are of a class that the policy does not have."""
    rows = conn.execute(
        select(t.resident.c.risk_class, func.count())
        .where(t.resident.c.ended_at.is_(None))
        .where(t.resident.c.risk_class.not_in(list(policy.classes)))
        .group_by(t.resident.c.risk_class)
    ).all()
    if rows:
        lost = "、".join(f"「{name}」{count} 人" for name, count in rows)
        raise Refused(
            f"方針にないリスク区分の対象者がいます: {lost}。方針に区分を加えるか、名簿を直してください。"
        )
