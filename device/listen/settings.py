"""The numbers of listening, from `listening.toml`."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.datafile import Duration, read_toml
from device.listen.microphone import RATE

Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Decibels = Annotated[float, Meta(ge=-100.0, le=100.0)]

PACKAGED = Path(__file__).with_name("listening.toml")


class MicrophoneSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to open, and when a microphone counts as dead."""

    open_after_prompt: Duration
    dead_after: Duration
    dead_steps: Annotated[int, Meta(ge=0, le=100)]
    reopen_after: list[Duration]
    silent_card_after: Duration


class SpeechSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an answer begins and ends."""

    begins_at: Probability
    goes_on_at: Probability
    at_least: Duration
    begins_within: Duration
    objection_within: Duration
    """The same after something was read back."""
    ends_after_silence: Duration
    longest: Duration
    lead: Duration
    tail: Duration
    decode_in_pause: bool

    def __post_init__(self) -> None:
        if self.tail >= self.ends_after_silence:
            raise ValueError("tail は ends_after_silence より短くしてください")
        if self.objection_within > self.begins_within:
            raise ValueError("objection_within は begins_within 以下にしてください")
        if self.begins_within >= self.longest:
            raise ValueError("begins_within は longest より短くしてください")
        if self.goes_on_at > self.begins_at:
            raise ValueError("goes_on_at は begins_at 以下にしてください")


class BackgroundSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What tells talk in the background from the one who answers."""

    below_voice: Annotated[float, Meta(gt=0.0, le=60.0)]
    above_quietest: Annotated[float, Meta(gt=0.0, le=60.0)]


class SoundSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What tells a room with sound but no speech from a quiet one."""

    loud: Decibels
    above_the_quiet: Decibels
    faint: Decibels
    at_least: Duration


class OverhearSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Listening along for calls for help."""

    ends_after_silence: Duration
    longest: Duration
    gate_above_room: Decibels
    gate_holds: Duration
    room_rises_per_minute: Decibels
    works_at_most: Annotated[float, Meta(gt=0.0, le=1.0)]
    works_at_once: Duration


class EndpointSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything of `listening.toml`."""

    microphone: MicrophoneSettings
    speech: SpeechSettings
    background: BackgroundSettings
    sound: SoundSettings
    overhearing: OverhearSettings

    def __post_init__(self) -> None:
        if self.microphone.dead_after <= self.speech.ends_after_silence:
            raise ValueError("microphone.dead_after は speech.ends_after_silence より長くしてください")


def load_settings(path: Path = PACKAGED) -> EndpointSettings:
    """Read a listening file; raise `Refused` with the line that is wrong."""
    return read_toml(path, EndpointSettings)


def in_samples(length: Duration) -> int:
    """A length of time as a number of samples at `RATE`."""
    return round(length.total_seconds() * RATE)
