"""What a notice is: who is to be told what, about what, how urgently."""

from enum import StrEnum

from msgspec import Struct


class NoticeKind(StrEnum):
    """What happened."""

    case_opened = "case_opened"
    """A household came into the queue."""
    emergency = "emergency"
    """Somebody called for help, or a case became one."""
    step = "step"
    """A case came to a step of its ladder whose party is to be told."""
    nobody_on_duty = "nobody_on_duty"
    """Somebody should act, and nobody is there."""
    handed_over = "handed_over"
    """A case was offered or given to a member of staff."""
    outage_began = "outage_began"
    outage_over = "outage_over"
    hub_blind = "hub_blind"
    """The hub itself hears nobody."""
    hub_sees = "hub_sees"
    all_clear = "all_clear"
    """What somebody was told of is settled."""
    daily_proof = "daily_proof"
    """Who was asked and who answered; it comes when all is well, too."""
    test = "test"
    """Somebody tries out whether notices arrive."""

    @property
    def ends_something(self) -> bool:
        """Whether it tells that something is over: such a notice is never withdrawn with what it ends."""
        return self in (NoticeKind.outage_over, NoticeKind.hub_sees, NoticeKind.all_clear)


class Urgency(StrEnum):
    """How long a notice may wait."""

    emergency = "emergency"
    """Not at all: neither throttled nor kept for the morning."""
    prompt = "prompt"
    """Throttled and bundled with what else the person is told; at any hour."""
    routine = "routine"
    """Throttled, and kept until the quiet hours are over."""


class DeliveryState(StrEnum):
    """How far a notice has come on its way to one person. The last three are ends."""

    waiting = "waiting"
    """For its turn: new, throttled, in the quiet hours, or after an attempt that failed."""
    sending = "sending"
    """It is being handed over at this moment, or the notifier died while it was."""
    sent = "sent"
    """Mail server or service took it."""
    failed = "failed"
    """Given up: somebody must look."""
    withdrawn = "withdrawn"
    """Its reason was gone, or the person may no longer be told, before it was out."""


class Subject(Struct, frozen=True):
    """What a notice is about; the all-clear finds by it who was told."""

    kind: str
    """case, district, hub, account or office: at most 16 letters."""
    id: str
    """At most 80 letters."""


HUB = Subject("hub", "hub")
"""The hub itself."""
PROOF = Subject("office", "proof")
"""The daily proof."""


class AudienceKind(StrEnum):
    """A way of saying who is meant; names and addresses are looked up when the notice is sent."""

    duty = "duty"
    """Whoever is on duty."""
    role = "role"
    """Everybody with a role of `roles.toml`."""
    owner = "owner"
    """Whoever has a case in hand; whoever is on duty while nobody has."""
    contacts = "contacts"
    """A resident's contacts of one role, as far as the consent goes."""
    account = "account"
    """One account."""
    told = "told"
    """Everybody who was told of the subject and not yet that it is over."""


class Audience(Struct, frozen=True):
    """Who is meant. Use the functions below."""

    kind: AudienceKind
    of: str = ""


DUTY = Audience(AudienceKind.duty)
TOLD = Audience(AudienceKind.told)


def role(name: str) -> Audience:
    """Everybody with a role."""
    return Audience(AudienceKind.role, name)


def owner(case_id: str) -> Audience:
    """The owner of a case, or who is on duty."""
    return Audience(AudienceKind.owner, case_id)


def account(login: str) -> Audience:
    """One account."""
    return Audience(AudienceKind.account, login)


def contacts(resident_id: str, party: str) -> Audience:
    """The contacts of a resident who are `party`: family_contact, helper or welfare_commissioner.

    The first two are told only with the tick tell_family, the last only with share; without it the notice reaches
    nobody and says so.
    """
    return Audience(AudienceKind.contacts, f"{resident_id}/{party}")


class Notice(Struct, frozen=True, kw_only=True):
    """One thing that somebody must be told."""

    key: str
    """What makes it this notice: the same key twice is one notice. At most 160 letters, such as `case/ID/step/family`."""
    kind: NoticeKind
    audience: Audience
    subject: Subject
    words: str
    """One Japanese sentence, at most 500 letters: what, where, what to do. For contacts no word about health."""
    urgency: Urgency = Urgency.prompt
