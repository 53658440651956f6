"""The voiced households: who they are, what they say to which question, and how their morning should end."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contract.datafile import Duration, line_of, read_toml
from contract.events import Intent
from contract.refusal import Refused
from demo.acoustics import Acoustics, Noise
from demo.townsfolk import Relation
from demo.voices import NAMES, Utterance
from hub.vocabulary import Lane, ReasonCode, Severity, SlotState


class Part(StrEnum):
    """What a voiced household does."""

    speaks = "speaks"
    silent = "silent"
    line_cut = "line_cut"
    """Its line is cut before the question; it answers all the same, and nobody hears of it."""
    away = "away"


class ReplyRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody says when certain words are in the question."""

    when: Annotated[str, Meta(min_length=1)]
    say: Annotated[list[str], Meta(min_length=1)]
    """In the order of asking; the last one is said from then on."""


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the morning should end. What is None is not looked at."""

    slot: SlotState | None = None
    intents: list[Intent] | None = None
    queue: bool | None = None
    """Whether the household stands in the outreach queue."""
    lane: Lane | None = None
    severity: Severity | None = None
    """At least so severe."""
    reason: ReasonCode | None = None
    climbs: bool | None = None
    """The case has left the first step of its ladder by itself."""
    away: bool | None = None
    """The slot says that nobody was at home."""
    outbox: bool | None = None
    """Events wait in the speaker for the line to come back."""


class Household(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One voiced household: one resident, one speaker, one room."""

    key: Annotated[str, Meta(pattern=r"^[a-z]{1,20}$")]
    name: str
    kana: str
    call_name: str
    district: str
    address: str
    phone: str
    birth_date: date
    sex: Literal["f", "m"]
    risk_class: str
    after: Duration
    behaviour: Part
    expected: Expected
    said: str
    """What the table shows in the column of what was said."""
    voice: str = NAMES[0]
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    noise: Noise = Noise.quiet
    snr_db: float = 25.0
    distance_m: float = 1.5
    delay_s: Annotated[float, Meta(ge=0.0, le=9.0)] = 1.0
    replies: list[ReplyRule] = []
    contacts: list[Relation] = []

    @property
    def device(self) -> str:
        """The speaker's id."""
        return f"{self.key}-1"

    @property
    def resident_id(self) -> str:
        """On the roster."""
        return f"R-{self.key}"

    @property
    def household_id(self) -> str:
        """On the roster."""
        return f"H-{self.key}"

    @property
    def acoustics(self) -> Acoustics:
        """The room."""
        return Acoustics(noise=self.noise, snr_db=self.snr_db, distance_m=self.distance_m)

    def utterances(self) -> Iterator[Utterance]:
        """Everything this resident may say."""
        for rule in self.replies:
            for words in rule.say:
                yield Utterance(words, self.voice, self.speed)


class Cast(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`demo/households.toml`."""

    households: Annotated[list[Household], Meta(min_length=1)]


def load_cast(path: Path | None = None) -> Sequence[Household]:
    """Read the households, the packaged ones by default; `Refused` names the line that is wrong."""
    if path is None:
        with resources.as_file(resources.files("demo") / "households.toml") as packaged:
            return load_cast(packaged)
    cast = read_toml(path, Cast).households
    for number, household in enumerate(cast):
        where = f"households[{number}]"
        if household.voice not in NAMES:
            _refuse(
                path,
                f"{where}.voice",
                f"声「{household.voice}」はありません。使えるのは {'、'.join(NAMES)} です",
            )
        if household.behaviour in (Part.speaks, Part.line_cut) and not household.replies:
            _refuse(path, where, f"{household.name}さんの replies がありません。答えを書いてください")
        if household.key in [other.key for other in cast[:number]]:
            _refuse(path, f"{where}.key", f"key「{household.key}」が二度あります")
    return cast


def _refuse(path: Path, key: str, what: str) -> None:
    line = line_of(path.read_text(encoding="utf-8"), key)
    raise Refused(f"{path} {line} 行目 ({key}): {what}。")
