"""The whole policy: when a silence counts, who is asked next, how long each step may take."""

from datetime import datetime, timedelta
from zlib import crc32

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from contract.commands import OfficeTime
from contract.datafile import Duration
from contract.refusal import Refused
from contract.time import office_date, office_instant
from hub.policy.sections import (
    Caseload,
    Duty,
    Outage,
    Provider,
    RiskClass,
    Step,
    Telling,
    Visit,
    Watch,
    of_day,
)
from hub.vocabulary import ReasonCode, Severity

_LAST_SECOND = timedelta(hours=23, minutes=59, seconds=59)


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a city may set about silence and what follows it."""

    watch: Watch
    acknowledgement: dict[Severity, Duration]
    """How long a case may rest with its owner without a word."""
    visit: Visit
    outage: Outage
    telling: Telling = Telling()
    duty: Duty
    caseload: Caseload
    providers: list[Provider] = msgspec.field(default_factory=list)
    classes: dict[str, RiskClass]
    ladders: dict[str, list[Step]]
    slot_words: dict[str, str] = msgspec.field(default_factory=dict)
    """How staff call a slot: morning is 朝."""
    extra_words: dict[str, str] = msgspec.field(default_factory=dict)
    """What staff call a worrying answer to a further question, by the question's key."""
    absence_unless_said: dict[str, Duration] = msgspec.field(default_factory=dict)
    """How long an absence lasts whose end nobody named, by kind."""

    def at(self, now: datetime) -> "Policy":  # noqa: ARG002 - a book of versions needs it
        """Itself: a policy alone is always in force. See `hub.policy.InForce`."""
        return self

    def refresh(self, conn: Connection) -> None:
        """Nothing to read anew."""

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
        return opens_at + self.answer_wait

    @property
    def answer_wait(self) -> timedelta:
        """How long after its opening a slot waits for its answer."""
        return max(self.watch.retry_after, default=timedelta()) + self.watch.deadline_grace

    def early_window(self, slot: str) -> timedelta:
        """How long before its time an answer to the slot of this name counts."""
        return self.watch.early_window_of.get(slot, self.watch.early_window)

    def at_home(self, at: OfficeTime, resident_id: str) -> timedelta:
        """When this home is asked that agreed on `at`, after office midnight: spread over `watch.jitter`.

        Each home has its own shift of whole seconds, always the same; none is moved into the next day.
        """
        agreed = of_day(at)
        seconds = int(self.watch.jitter.total_seconds())
        if seconds <= 1:
            return agreed
        at_home = agreed + timedelta(seconds=crc32(resident_id.encode()) % seconds)
        return at_home if at_home <= _LAST_SECOND else max(agreed, _LAST_SECOND)

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

    def provider_of(self, account: str) -> Provider | None:
        """Whose worker an account is; None where the policy does not say."""
        return next((one for one in self.providers if account in one.members), None)

    def visit_due(self, now: datetime, risk_class: str) -> datetime:
        """By when a visit decided at `now` is due: the same day while it is early enough, else the next morning."""
        today = office_date(now)
        if now <= office_instant(today, of_day(self.risk_class(risk_class).visit_same_day_until)):
            due = office_instant(today, of_day(self.visit.by))
        else:
            due = office_instant(today + timedelta(days=1), of_day(self.visit.next_morning_by))
        return max(due, now + self.visit.at_least)
