"""How loud to speak in this home: learned from 「聞こえない」, from the room, and from the hour. Pure but for its memory."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contract.commands import OfficeTime
from contract.datafile import read_toml
from contract.events import Intent, Outcome
from contract.time import OFFICE_ZONE
from device.steps import AskingEnded, Step, Understood

PACKAGED = Path(__file__).with_name("loudness.toml")

Gain = Annotated[float, Meta(ge=0.0, le=30.0)]


class LoudnessSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`loudness.toml`."""

    louder_by_db: Gain
    loudest_db: Gain
    softer_after: Annotated[int, Meta(ge=1)]
    quiet_room_dbfs: Annotated[float, Meta(ge=-100.0, le=0.0)]
    for_each_db: Annotated[float, Meta(ge=0.0, le=1.0)]
    for_the_room_db: Gain
    night_from: OfficeTime
    night_until: OfficeTime
    night_db: Annotated[float, Meta(ge=-30.0, le=0.0)]


class Learned(Struct, frozen=True, kw_only=True):
    """What survives a restart."""

    louder_db: float = 0.0
    answered: int = 0
    """Askings answered in a row without anybody asking to hear it again."""
    again: bool = False
    """Somebody did, in the asking that is going on."""


def load_loudness_settings(path: Path = PACKAGED) -> LoudnessSettings:
    """Read a loudness file; raise `Refused` with the line that is wrong."""
    return read_toml(path, LoudnessSettings)


def learn(learned: Learned, step: Step, settings: LoudnessSettings) -> Learned:
    """What is known after this step."""
    match step:
        case Understood(meaning) if meaning.intent is Intent.repeat:
            louder = min(settings.loudest_db, learned.louder_db + settings.louder_by_db)
            return Learned(louder_db=louder, answered=0, again=True)
        case AskingEnded(check_in) if check_in.outcome is Outcome.answered:
            if learned.again:
                return msgspec.structs.replace(learned, again=False)
            if learned.answered + 1 < settings.softer_after:
                return msgspec.structs.replace(learned, answered=learned.answered + 1)
            return Learned(louder_db=max(0.0, learned.louder_db - 1.0))
        case AskingEnded():
            return msgspec.structs.replace(learned, again=False)
    return learned


def gain_db(learned: Learned, room_dbfs: float | None, now: datetime, settings: LoudnessSettings) -> float:
    """Decibels on top of the hub's volume. `room_dbfs` is the room's quiet level, None when it is not known."""
    room = 0.0
    if room_dbfs is not None:
        above = max(0.0, room_dbfs - settings.quiet_room_dbfs)
        room = min(settings.for_the_room_db, above * settings.for_each_db)
    return learned.louder_db + room + (settings.night_db if is_night(now, settings) else 0.0)


def is_night(now: datetime, settings: LoudnessSettings) -> bool:
    """Whether it is a time to be softer."""
    clock = now.astimezone(OFFICE_ZONE).strftime("%H:%M:%S")
    begins, ends = settings.night_from, settings.night_until
    return begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
