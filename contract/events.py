"""What a device has to say, a body per type, and the words for it. `contract.envelope` is what stands around it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
Device = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Slot = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}/[a-z0-9_]{1,24}$")]
"""A check-in that was agreed upon: office date and the slot's name, "2026-11-23/morning"."""
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Instant = Annotated[datetime, Meta(tz=True)]


class ClockQuality(StrEnum):
    """How far `at` can be trusted; a Pi has no clock of its own when it is off."""

    synced = "synced"
    """Set by network time since this boot."""
    rtc = "rtc"
    """Kept by a battery-backed clock."""
    floor = "floor"
    """At least the last time that was written down; may be hours or weeks behind."""
    unknown = "unknown"
    """Nothing is known; trust the order (`seq`) and the arrival time only."""

    @property
    def tells_the_hour(self) -> bool:
        """Whether the time of day can be relied on."""
        return self in (ClockQuality.synced, ClockQuality.rtc)


class Outcome(StrEnum):
    """How one asking ended. The last three say that the question was not heard or could not be answered."""

    answered = "answered"
    """The resident spoke or pressed, and it was understood; `intent` says what."""
    no_sound = "no_sound"
    """The prompt played and nobody made a sound."""
    no_words = "no_words"
    """There was sound, but no speech: television, dishes, breathing."""
    not_understood = "not_understood"
    """There was speech, but no meaning could be made of it."""
    muted = "muted"
    """The microphone is switched off by its switch."""
    mic_fault = "mic_fault"
    """The microphone gives nothing, or only silence of the electrical kind."""
    not_played = "not_played"
    """The prompt did not leave the loudspeaker."""

    @property
    def was_asked(self) -> bool:
        """Whether the resident could have answered: only then does silence speak about the person (P2)."""
        return self not in _NOT_ASKED


_NOT_ASKED = frozenset({Outcome.muted, Outcome.mic_fault, Outcome.not_played})


class Intent(StrEnum):
    """What an answer meant."""

    fine = "fine"
    """元気です、大丈夫."""
    as_usual = "as_usual"
    """いつもどおり、変わりない."""
    unwell = "unwell"
    """えらい、だるい、食べられない、大丈夫じゃない."""
    pain = "pain"
    """痛い、ずきずきする."""
    emergency = "emergency"
    """助けて、倒れた、動けない."""
    wants_talk = "wants_talk"
    """話がしたい、来てほしい、電話して."""
    going_out = "going_out"
    """出かける、病院へ行く、デイサービスの日."""
    declined = "declined"
    """今はいい、ほっといて: respected, and heard."""
    repeat = "repeat"
    """もう一度言って、聞こえない."""
    unrelated = "unrelated"
    """Speech that is no answer: television, visitors, talk to somebody else."""


QuestionKey = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
"""The name of a question in the device's prompts file."""


class ExtraAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one further question (眠れましたか), asked only of somebody who is well."""

    question: QuestionKey
    answer: Literal["yes", "no", "unclear", "no_answer"]
    """`unclear`: spoke, and it was neither; `no_answer`: said nothing."""
    worrying: bool = False
    """The answer that staff should see: did not sleep, did not eat."""


class CheckIn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One asking and what came of it; sent after every attempt, so that a later power cut takes nothing along."""

    slot: Slot
    outcome: Outcome
    intent: Intent | None = None
    """Given when `outcome` is answered."""
    confidence: Share | None = None
    attempts: Annotated[int, Meta(ge=1, le=100)] = 1
    """Which asking of this slot this was, from 1."""
    answer_delay_ms: Count | None = None
    """From the end of the prompt to the first word."""
    text: Annotated[str, Meta(max_length=2000)] | None = None
    """The words heard. Absent without the resident's written consent."""
    extras: Annotated[list[ExtraAnswer], Meta(max_length=5)] = msgspec.field(default_factory=list)
    """Further questions, in the order they were asked; empty when none were."""

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.answered) != (self.intent is not None):
            raise ValueError("intent goes with outcome answered, and only with it")


class Sos(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call for help. Sent before anything else is said or asked."""

    trigger: Literal["voice", "button"]
    slot: Slot | None = None
    """The check-in during which it was heard, if any."""
    text: Annotated[str, Meta(max_length=2000)] | None = None


class Recall(Struct, frozen=True, kw_only=True):
    """「まちがい」: takes an earlier call back. A second event, never a delay of the first."""

    event: Identifier


class TestPress(Struct, frozen=True, kw_only=True):
    """The button was tried out on purpose; wanted, and no alarm."""


class TalkRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The resident would like to talk to somebody, outside a check-in."""

    text: Annotated[str, Meta(max_length=2000)] | None = None


class AbsenceSaid(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The resident said that nobody will be at home."""

    kind: Literal["out", "hospital", "day_service"]
    until: Instant | None = None


class Activity(Struct, frozen=True, kw_only=True):
    """Somebody moved or pressed: a sign of life outside check-ins."""

    source: Literal["motion", "button", "voice"]


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something in the speaker is broken, or mended again."""

    part: Literal["microphone", "speaker", "disk", "clock", "network", "model", "config", "panel"]
    state: Literal["broken", "mended"]
    detail: Annotated[str, Meta(max_length=500)] | None = None
    """For the technician; never a name, never words that were heard."""


class SelfTest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The speaker played a tone and listened for it."""

    passed: bool
    heard_db: float | None = None
    """Level of the tone at the microphone, dBFS."""


class AnnouncementKind(StrEnum):
    """What is announced; a city's own sort of news is `other`."""

    medicine = "medicine"
    garbage = "garbage"
    event = "event"
    disaster = "disaster"
    """防災: the only one that is spoken in the quiet hours too."""
    other = "other"


class Announced(Struct, frozen=True, kw_only=True):
    """What became of one announcement or reminder: none is dropped silently."""

    name: Identifier
    """The id of the command, or the day and name of the reminder: "2026-11-24/medicine"."""
    kind: AnnouncementKind
    outcome: Literal["played", "not_played", "expired"]
    """`not_played`: the loudspeaker gave nothing, also later; `expired`: its time went by, in quiet hours for example."""


Body = (
    CheckIn | Sos | Recall | TestPress | TalkRequest | AbsenceSaid | Activity | Fault | SelfTest | Announced
)

BODIES: dict[str, type[Body]] = {
    "check_in": CheckIn,
    "sos": Sos,
    "recall": Recall,
    "test_press": TestPress,
    "talk_request": TalkRequest,
    "absence": AbsenceSaid,
    "activity": Activity,
    "fault": Fault,
    "selftest": SelfTest,
    "announced": Announced,
}
"""Every type of version 1, by the word on the wire."""

_TYPES: dict[type[Body], str] = {body: word for word, body in BODIES.items()}


def type_of(body: Body) -> str:
    """The word on the wire for a body."""
    return _TYPES[type(body)]
