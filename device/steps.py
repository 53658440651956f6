"""What happens inside a speaker, step by step, for whoever watches: the demonstration, tests, the console.

Steps carry words that were heard. They stay in the process; an observer must neither log nor send them.
An observer is called on the thread where the step happened and must return soon.
"""

from collections.abc import Callable
from dataclasses import dataclass

from contract.commands import Config
from contract.envelope import Event
from contract.events import CheckIn
from device.understand.meaning import Meaning


@dataclass(frozen=True)
class Connected:
    """The broker let us in, and all our subscriptions hold."""


@dataclass(frozen=True)
class Disconnected:
    """The line is down, or never came up; said once until it is up again."""

    why: str


@dataclass(frozen=True)
class ConfigTaken:
    """A new configuration of the hub is in force."""

    config: Config


@dataclass(frozen=True)
class Asked:
    """The question left the loudspeaker."""

    slot: str
    attempt: int
    text: str


@dataclass(frozen=True)
class Said:
    """Anything else left the loudspeaker."""

    text: str


@dataclass(frozen=True)
class NotPlayed:
    """A sentence did not leave the loudspeaker."""

    text: str


@dataclass(frozen=True)
class HeardStep:
    """Words came out of the recognizer."""

    text: str
    confidence: float
    milliseconds: float
    """What was waited for the recognizer."""
    stage_ms: dict[str, float]
    """All stages of the listening, as the ear measured them."""


@dataclass(frozen=True)
class NothingHeard:
    """A listening without words: `kind` is no_sound, no_words, muted or mic_fault."""

    kind: str


@dataclass(frozen=True)
class Understood:
    """What the words were taken to mean."""

    meaning: Meaning
    milliseconds: float


@dataclass(frozen=True)
class AskingEnded:
    """One asking is over, and its event is in the outbox."""

    check_in: CheckIn


@dataclass(frozen=True)
class ListeningAlong:
    """The microphone is open for calls for help: `why` is speaking, waiting or recall; None when it is closed again."""

    why: str | None


@dataclass(frozen=True)
class EventMade:
    """An event is in the outbox, committed."""

    event: Event


@dataclass(frozen=True)
class EventSent:
    """An event went to the broker; not for the first time when `tries` is above 1."""

    event_id: str
    tries: int


@dataclass(frozen=True)
class EventAcked:
    """The hub has stored it."""

    event_id: str
    milliseconds: float | None
    """Since it was made; None when an earlier run made it."""


Step = (
    Connected
    | Disconnected
    | ConfigTaken
    | Asked
    | Said
    | NotPlayed
    | HeardStep
    | NothingHeard
    | Understood
    | AskingEnded
    | ListeningAlong
    | EventMade
    | EventSent
    | EventAcked
)
OnStep = Callable[[Step], None]


def ignore(_: Step) -> None:
    """For whoever does not watch."""
