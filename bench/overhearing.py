"""Listening along between check-ins: how often a television calls for help, how often a person is heard.

The television is every utterance of the sets that is no call for help, and every sentence about somebody else's,
said one after the other in Open JTalk's voice. A person cries once, alone, in a quiet room. The pieces go through
the real voice detector, recognizer, understanding and judge; the time is the sound's.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random

import numpy as np

from bench.aloud import Engine, manners, say
from bench.utterances import Utterance
from contract.events import Intent
from contract.places import cache_folder
from device.listen.microphone import FRAME, RATE, MicrophoneFault, Samples
from device.listen.overhear import Overhearing, Piece
from device.listen.recognizer import Recognizer
from device.listen.settings import EndpointSettings
from device.talk.cry import LATELY_SECONDS, Judge, load_help_words
from device.talk.interpreter import Interpreter
from device.talk.overheard import Budget, Mode, Overheard, Verdict

ROOM_DB = -62.0
"""Hiss of a quiet room, decibels of full scale."""
LEVEL_DB = -26.0
"""Speech across the room."""


class Tape:
    """A microphone that gives a recording as fast as it is asked for, and is over at its end."""

    muted = False

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self.at = 0

    def open(self) -> None:
        """From the beginning."""

    def close(self) -> None:
        """Over."""

    def frame(self) -> Samples:
        """The next frame."""
        frame = self._sound[self.at : self.at + FRAME]
        if len(frame) < FRAME:
            raise MicrophoneFault("the tape is over")
        self.at += FRAME
        return frame


def spoken(utterances: Sequence[Utterance], seed: int) -> list[Samples]:
    """Every utterance as sound at `LEVEL_DB`, in one voice at several pitches and paces."""
    how = manners(utterances, [Engine.openjtalk], (0.85, 1.0), seed)
    sounds = say(
        [(one.text, manner) for one, manner in zip(utterances, how, strict=True)],
        cache_folder() / "voices",
        lambda count: iter(range(count)),
    )
    return [_at_level(sound) for sound in sounds]


def television(sounds: Sequence[Samples], random: Random) -> Samples:
    """One after the other, with the pauses of people who talk to each other."""
    pieces = [piece for sound in sounds for piece in (sound, _hiss(random.uniform(0.4, 1.6), random))]
    return np.concatenate([_hiss(2.0, random), *pieces, _hiss(2.0, random)])


def alone(sound: Samples, random: Random) -> Samples:
    """A cry in a quiet room."""
    return np.concatenate([_hiss(1.5, random), sound, _hiss(1.5, random)])


class Listener:
    """The pipeline of a home."""

    def __init__(self, recognizer: Recognizer, interpreter: Interpreter, settings: EndpointSettings) -> None:
        self._recognizer = recognizer
        self._interpreter = interpreter
        self.settings = settings

    def verdicts(self, sound: Samples, began: float = 0.0, *, budget: bool = True) -> Iterator[Verdict]:
        """What each piece of a recording was taken for; a new home each time."""
        along = self.settings.overhearing
        share = along.works_at_most if budget else 1.0
        overheard = Overheard(
            self._recognizer,
            self._interpreter,
            Judge(load_help_words()),
            Budget(share, along.works_at_once.total_seconds() if budget else 1e9),
        )
        tape = Tape(sound)
        pieces = Overhearing(tape, self.settings).pieces(lambda: True, lambda: None)
        while True:
            try:
                piece = next(pieces)
            except (MicrophoneFault, StopIteration):
                return
            yield self._consider(overheard, piece, began + tape.at / RATE)

    def _consider(self, overheard: Overheard, piece: Piece, now: float) -> Verdict:
        return overheard.consider(piece, Mode.waiting, "", now)


def cpu_share(sound: Samples, settings: EndpointSettings) -> float:
    """CPU seconds a second of sound takes to be cut into pieces, the recognizer not counted."""
    overhearing = Overhearing(Tape(sound), settings)
    began = time.process_time()
    with suppress(MicrophoneFault):
        for _ in overhearing.pieces(lambda: True, lambda: None):
            pass
    return (time.process_time() - began) / (len(sound) / RATE)


def figures(
    listener: Listener, others: Sequence[Utterance], cries: Sequence[Utterance], seed: int
) -> dict[str, object]:
    """False calls in an hour of talk, with and without the budget; the share of people who were heard."""
    random = Random(seed)
    talk = television(spoken(others, seed), random)
    hours = len(talk) / RATE / 3600
    unlimited = list(listener.verdicts(talk, budget=False))
    limited = list(listener.verdicts(talk))
    taken = [
        set(listener.verdicts(alone(sound, random), 2 * LATELY_SECONDS)) for sound in spoken(cries, seed)
    ]
    heard = [Verdict.cry in each for each in taken]
    asked = [bool(each & {Verdict.cry, Verdict.doubt}) for each in taken]
    return {
        "quiet_cpu_share": round(cpu_share(_hiss(60.0, random), listener.settings), 4),
        "talk_cpu_share": round(cpu_share(talk[: 60 * RATE], listener.settings), 4),
        "talk_minutes": round(hours * 60, 1),
        "pieces": len(unlimited),
        "false_calls": limited.count(Verdict.cry),
        "false_calls_without_budget": unlimited.count(Verdict.cry),
        "false_calls_per_hour_without_budget": round(unlimited.count(Verdict.cry) / hours, 2)
        if hours
        else None,
        "asked_back_without_budget": unlimited.count(Verdict.doubt),
        "pieces_skipped": limited.count(Verdict.skipped),
        "cries": len(heard),
        "heard_at_once_share": round(sum(heard) / len(heard), 3) if heard else None,
        "heard_or_asked_back_share": round(sum(asked) / len(asked), 3) if asked else None,
    }


def is_cry(one: Utterance) -> bool:
    """Whether the resident calls for help with it."""
    return one.intent is Intent.emergency


def _at_level(sound: Samples) -> Samples:
    power = float(np.sqrt(np.mean(np.square(sound.astype(np.float64))))) or 1.0
    scaled = sound.astype(np.float64) * (10 ** (LEVEL_DB / 20) * 32768 / power)
    return np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)


def _hiss(seconds: float, random: Random) -> Samples:
    rng = np.random.default_rng(random.getrandbits(32))
    noise = rng.standard_normal(round(seconds * RATE)) * 10 ** (ROOM_DB / 20) * 32768
    return np.rint(noise).astype(np.int16)
