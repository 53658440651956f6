"""How well a few words are heard and understood: accuracy, help recall, false emergencies, dangerous errors.

As text the whole independent set is asked, each half apart. Aloud, a sample of it is said in several voices, paces,
rooms and noises and goes through the real ear; the same sample as text is the ceiling, what perfect hearing would give.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
from msgspec import Struct

from bench.aloud import PACES, PITCHES, Condition, Engine, Manner, RoomMicrophone, manners, plain, say
from bench.noises import Noise, make
from bench.report import Report, machine, rounds
from bench.scores import Answer, Score, confusion, score
from bench.utterances import KINDS, Utterance, independent_sets, read_set, sample
from contract.events import Intent
from contract.places import cache_folder, models_folder
from demo.acoustics import Acoustics, Sound, to_sound
from device.listen.choose import load_recognizer
from device.listen.ear import Ear
from device.listen.hearing import Understander, acts_at_once
from device.listen.microphone import Samples
from device.listen.recognizer import Recognizer
from device.listen.settings import EndpointSettings, load_settings
from device.listen.voice_activity import SileroDetector

Watch = Callable[[int, str], Iterable[int]]
"""Counts from 1 with a progress bar, where somebody watches; `bench.report.rounds`."""


class Aloud(Struct, frozen=True, kw_only=True):
    """What is said aloud, and how."""

    rows: int = 100
    engines: Sequence[Engine] = (Engine.openjtalk, Engine.kokoro)
    paces: Sequence[float] = PACES
    conditions: Sequence[Condition] = (
        Condition(noise=Noise.clean),
        Condition(noise=Noise.music, snr_db=10.0),
        Condition(noise=Noise.white, snr_db=10.0),
        Condition(noise=Noise.babble, snr_db=10.0),
    )
    seed: int = 1


def conditions(noises: Sequence[Noise], snrs_db: Sequence[float]) -> list[Condition]:
    """Every noise at every level; a clean room is one condition."""
    clean = [Condition(noise=Noise.clean)] if Noise.clean in noises else []
    noisy = [noise for noise in noises if noise is not Noise.clean]
    return clean + [Condition(noise=noise, snr_db=snr) for snr in snrs_db for noise in noisy]


def ask(understanding: Understander, utterances: Iterable[Utterance]) -> list[Answer]:
    """Have every utterance understood as text, one at a time as in a home."""
    answers = []
    for utterance in utterances:
        begun = time.perf_counter()
        meaning = understanding.understand(utterance.text)
        spent = (time.perf_counter() - begun) * 1000
        answers.append(Answer(utterance, meaning.intent, meaning.certain, spent))
    return answers


def sets(files: Sequence[Path]) -> dict[str, list[Utterance]]:
    """The named files, or the independent halves where none is named."""
    paths = {path.stem: path for path in files} or independent_sets()
    return {name: read_set(path) for name, path in paths.items()}


def as_text(
    parts: Mapping[str, Sequence[Utterance]], understanding: Understander
) -> tuple[Report, list[Answer]]:
    """The figures of each part, of all together, and by kind; and every answer."""
    answers = {name: ask(understanding, part) for name, part in parts.items()}
    everything = [one for part in answers.values() for one in part]
    figures: dict[str, Any] = {name: score(part) for name, part in answers.items()}
    figures |= {
        "all": score(everything),
        "kinds": _apart(everything, lambda one: one.utterance.kind, KINDS),
        "confusion": confusion(everything),
        "rss_mb": _rss_mb(),
    }
    parameters = {"mode": "text", **{name: len(part) for name, part in parts.items()}}
    made = Report(name="understanding", parameters=parameters, figures=figures, machine=machine())
    return made, everything


def aloud(
    parts: Mapping[str, Sequence[Utterance]],
    understanding: Understander,
    how: Aloud,
    watch: Watch = rounds,
) -> tuple[Report, list[Answer]]:
    """The figures of a sample said aloud, for each condition and of all; and every answer."""
    spoken = {
        name: [one for one in part if one.kind != "garb"]  # a recognizer's misspelling cannot be said
        for name, part in parts.items()
    }
    whole = sum(len(part) for part in spoken.values())
    chosen = [
        one
        for name, part in spoken.items()
        for one in sample(
            part, round(how.rows * len(part) / whole) if how.rows < whole else len(part), how.seed
        )
    ]
    said = manners(chosen, how.engines, how.paces, how.seed)
    sounds = say(
        [(one.text, manner) for one, manner in zip(chosen, said, strict=True)],
        cache_folder() / "voices",
        lambda count: iter(watch(count, "speaking")),
    )
    recognizer = load_recognizer(models_folder())
    hearing = Hearing(recognizer, understanding, load_settings())
    noises = {
        noise: make(noise, np.random.default_rng(how.seed), _talk(parts))
        for noise in dict.fromkeys(condition.noise for condition in how.conditions)
    }
    turns = [(condition, at) for condition in how.conditions for at in range(len(chosen))]
    heard: dict[str, list[Answer]] = {condition.name: [] for condition in how.conditions}
    for number in watch(len(turns), "listening"):
        condition, at = turns[number - 1]
        answer = hearing.hear(
            chosen[at], sounds[at], said[at], noises[condition.noise], condition.snr_db, seed=how.seed + at
        )
        heard[condition.name].append(answer)
    everything = [one for part in heard.values() for one in part]
    engine_of = {one.text: manner.engine.value for one, manner in zip(chosen, said, strict=True)}
    figures: dict[str, Any] = {name: score(part) for name, part in heard.items()}
    figures |= {
        "all": score(everything),
        "voices": _apart(
            everything, lambda one: engine_of[one.utterance.text], [each.value for each in Engine]
        ),
        "kinds": _apart(everything, lambda one: one.utterance.kind, KINDS),
        "confusion": confusion(everything),
        "rss_mb": _rss_mb(),
    }
    made = Report(
        name="understanding",
        parameters={
            "mode": "aloud",
            "rows": len(chosen),
            "of": {name: len(part) for name, part in spoken.items()},
            "voices": [each.value for each in how.engines],
            "paces": list(how.paces),
            "conditions": [condition.name for condition in how.conditions],
            "seed": how.seed,
            "recognizer": recognizer.name,
        },
        figures=figures,
        ceiling={"all": score(ask(understanding, chosen))},
        machine=machine(),
    )
    return made, everything


class Hearing:
    """The real ear and the real understanding on one answer after the other."""

    def __init__(
        self, recognizer: Recognizer, understanding: Understander, settings: EndpointSettings
    ) -> None:
        self._recognizer = recognizer
        self._understanding = understanding
        self._settings = settings
        self._detector = SileroDetector()

    def hear(
        self, utterance: Utterance, said: Samples, how: Manner, noise: Sound, snr_db: float, seed: int
    ) -> Answer:
        """Say it into a room, and take what the speaker makes of it."""
        microphone = RoomMicrophone(
            said,
            how,
            noise,
            snr_db,
            opens_after_s=self._settings.microphone.open_after_prompt.total_seconds(),
            paced_s=self._settings.speech.ends_after_silence.total_seconds() + 0.5,
            seed=seed,
        )
        listening = Ear(microphone, self._recognizer, self._settings, self._detector).listen()
        heard = listening.heard
        words = heard.text if heard else ""
        meaning = self._understanding.understand(words, heard.others) if heard and words else None
        return Answer(
            utterance,
            meaning.intent if meaning else Intent.unrelated,
            meaning is not None and acts_at_once(listening, meaning),
            (time.perf_counter() - microphone.handed_out_at) * 1000,
            words if heard else None,
        )


def _talk(parts: Mapping[str, Sequence[Utterance]]) -> Callable[[int], list[Sound]]:
    """What the people in the background say: every sixth of what is no answer."""
    talk = [one.text for part in parts.values() for one in part if one.intent is Intent.unrelated]

    def talker(number: int) -> list[Sound]:
        how = Manner(
            engine=Engine.openjtalk,
            voice=f"{PITCHES[number % len(PITCHES)] + number // 3:g}",
            pace=0.9 + 0.05 * number,
            room=Acoustics(),
            delay_s=0.0,
        )
        return [to_sound(plain(text, how)) for text in talk[number::6][:8]]

    return talker


def _apart(
    answers: Sequence[Answer], what: Callable[[Answer], str], names: Iterable[str]
) -> dict[str, Score]:
    found = {name: [one for one in answers if what(one) == name] for name in names}
    return {name: score(part) for name, part in found.items() if part}


def _rss_mb() -> int:
    """Of this process, with everything loaded: ear, recognizer, Open JTalk, understanding."""
    rss: int = psutil.Process().memory_info().rss
    return round(rss / 1e6)


def errors(answers: Iterable[Answer]) -> Iterator[str]:
    """One line for each that was misread."""
    for one in answers:
        if one.intent is not one.utterance.intent:
            heard = "" if one.heard is None else f"  heard {msgspec.json.encode(one.heard).decode()}"
            doubt = "" if one.certain else " ?"
            yield f"{one.utterance.intent} -> {one.intent}{doubt}  {one.utterance.text}{heard}"
