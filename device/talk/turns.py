"""The words between the conversation and whoever carries it out: what happened, and what to do next."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from contract.events import Body, CheckIn, Intent
from device.talk.manners import Manner


class Prompt(StrEnum):
    """A sentence every prompts file must hold; questions have keys of their own."""

    good_morning = "good_morning"
    good_day = "good_day"
    good_evening = "good_evening"
    at_any_hour = "at_any_hour"
    """In the place of a greeting, where the hour is not known."""
    ask_again = "ask_again"
    """Opens the second and every later asking of a slot."""
    say_again = "say_again"
    """Words came, and no meaning could be made of them."""
    will_wait = "will_wait"
    """Somebody asked for a moment."""
    confirm_fine = "confirm_fine"
    confirm_unwell = "confirm_unwell"
    confirm_pain = "confirm_pain"
    confirm_talk = "confirm_talk"
    confirm_going_out = "confirm_going_out"
    confirm_declined = "confirm_declined"
    read_back_fine = "read_back_fine"
    """Said of a certain 元気; whoever was misheard objects now."""
    thanks = "thanks"
    extras_intro = "extras_intro"
    """Before the first further question."""
    extra_again = "extra_again"
    """A further question was answered with neither はい nor いいえ."""
    sorry_misheard = "sorry_misheard"
    """Somebody objected to what was read back."""
    unwell_noted = "unwell_noted"
    pain_noted = "pain_noted"
    talk_noted = "talk_noted"
    going_out_noted = "going_out_noted"
    declined_noted = "declined_noted"
    later = "later"
    """No answer, and another asking follows."""
    no_answer = "no_answer"
    """No answer, and this was the last asking."""
    cannot_hear = "cannot_hear"
    """The microphone is broken."""
    muted = "muted"
    help_delivered = "help_delivered"
    """Only after the hub's own acknowledgement."""
    help_not_delivered = "help_not_delivered"
    help_goes_on = "help_goes_on"
    """Still not delivered; the dialogue ends, the sending does not."""
    recall_hint = "recall_hint"
    confirm_recall = "confirm_recall"
    recalled = "recalled"
    help_stays = "help_stays"
    confirm_help = "confirm_help"
    """Within a check-in, after words that may have been a call for help."""
    offer_help = "offer_help"
    """Between check-ins, after something that may have been a cry."""
    help_not_needed = "help_not_needed"
    help_if_needed = "help_if_needed"
    """Words came to that question, and it is not clear what they meant: how to call."""
    locate = "locate"
    button_hold_on = "button_hold_on"
    """While the button is held, before it calls for help."""
    button_help = "button_help"
    """The held button has just called for help; whether it gets through is said after that."""
    button_once_more = "button_once_more"
    """After one long press: a second one is a test."""
    button_test = "button_test"
    button_fine = "button_fine"
    """「元気です」 was pressed outside of a question."""
    fault_panel = "fault_panel"
    """The button cannot be used: nobody may rely on it."""
    fault_microphone = "fault_microphone"
    fault_line = "fault_line"
    """Nothing has got through for a while."""


# ---- what happened -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExtraQuestion:
    """A further question for はい or いいえ."""

    key: str
    """Of the prompts file."""
    worrying: bool
    """Which answer staff should see: True is はい."""


@dataclass(frozen=True)
class Start:
    """Begin one asking."""

    slot: str
    attempt: int
    """Which asking of this slot this is, from 1."""
    greeting: Prompt
    question: str
    last: bool
    """No other asking of this slot will follow."""
    share_text: bool
    """The resident agreed that the words may leave the home."""
    extras: tuple[ExtraQuestion, ...] = ()
    """Further questions for somebody who is well."""


@dataclass(frozen=True)
class Spoken:
    """What was to be said has left the loudspeaker."""


@dataclass(frozen=True)
class SpeakFailed:
    """It did not."""

    hopeless: bool = False
    """There is no sound to it, and there never will be."""


@dataclass(frozen=True)
class Meant:
    """Words were heard: final, never partial."""

    intent: Intent
    confidence: float
    """Of the meaning, 0 to 1."""
    certain: bool
    """False: ask a closed question before this counts."""
    text: str
    clear: bool = True
    """The recognizer was sure enough of the words to act on anything but a call for help."""
    yes: bool | None = None
    """はい, いいえ, or neither: looked at only after a closed question and after a read-back."""
    may_be_cut: bool = False
    """A はい that may be what is left of an いいえ: 「そうや」 of 「そうやない」."""
    pressed: bool = False
    """The button said it: there are no words."""
    manner: Manner | None = None
    """Polite, and no answer yet: never looked at where help was called for."""
    takes_back: bool = False
    """「まちがい」: looked at only after a call for help."""
    delay_ms: int | None = None
    """From the end of the prompt to the first word."""


NothingKind = Literal["no_sound", "no_words", "muted", "mic_fault"]
DEAF: frozenset[NothingKind] = frozenset({"muted", "mic_fault"})
"""The speaker could not hear; says nothing about the person (P2)."""


@dataclass(frozen=True)
class Nothing:
    """No words were heard, and why."""

    kind: NothingKind


@dataclass(frozen=True)
class Made:
    """The event of an `Emit` exists, under this id."""

    event_id: str
    body: Body


@dataclass(frozen=True)
class Delivered:
    """The hub has stored this event."""

    event_id: str


@dataclass(frozen=True)
class Tick:
    """The time of an `AwaitDelivery` is over."""


@dataclass(frozen=True)
class HelpPressed:
    """The button called for help: its event exists already, and is on its way."""

    event_id: str


Input = Start | Spoken | SpeakFailed | Meant | Nothing | Made | Delivered | Tick | HelpPressed


# ---- what to do --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Say:
    """Speak these, one after the other; answer `Spoken` or `SpeakFailed`."""

    prompts: tuple[str, ...]
    plainly: bool = False
    """Slower and louder than usual: the resident asked to hear it again."""


@dataclass(frozen=True)
class Listen:
    """Listen to one answer; answer `Meant` or `Nothing`."""

    briefly: bool = False
    """Only whether somebody objects: silence comes sooner than after a question."""
    extra: str | None = None
    """The further question that was asked, whose own words for はい and いいえ count too."""


@dataclass(frozen=True)
class Emit:
    """Make this event now and send it; answer `Made`, and go on at once."""

    body: Body


@dataclass(frozen=True)
class Keep:
    """Write the check-in down as it stands: a power cut from here on must not lose it. No answer."""

    check_in: CheckIn


@dataclass(frozen=True)
class SendAgain:
    """Send this event once more, without waiting for its turn; no answer."""

    event_id: str


@dataclass(frozen=True)
class AwaitDelivery:
    """Wait for the hub to store this event; answer `Delivered` or, when the time is over, `Tick`."""

    event_id: str
    seconds: float


@dataclass(frozen=True)
class Finish:
    """The dialogue is over."""


Action = Say | Listen | Emit | Keep | SendAgain | AwaitDelivery | Finish
