"""The people of the town, made up from data: who lives where, and what will happen at their place this morning."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from importlib import resources
from pathlib import Path
from random import Random
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contract.datafile import Duration, read_toml

Name = Annotated[str, Meta(pattern=r"^\S+ [ァ-ヴー]+$")]
"""A name and its reading: "纐纈 コウケツ"."""


class Behaviour(StrEnum):
    """What happens at a home of the town."""

    well = "well"
    """Asked once, answers that all is well."""
    unclear = "unclear"
    """Not understood at first, answers the second time."""
    silent = "silent"
    """Asked as often as agreed, makes no sound."""
    unwell = "unwell"
    wants_talk = "wants_talk"
    never_seen = "never_seen"
    """Enrolled, and the speaker was never plugged in."""
    away = "away"
    """Registered as away; the speaker is on and asks nothing."""


_UNANSWERED = frozenset({Behaviour.silent, Behaviour.never_seen, Behaviour.away})


class Quarter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One district as the demonstration fills it."""

    name: str
    """As the hub's districts file spells it."""
    share: Annotated[float, Meta(gt=0.0)]
    address: str
    """With `{number}` where a made-up house number goes."""


class Names(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What names are put together from."""

    surnames: Annotated[list[Name], Meta(min_length=1)]
    women: Annotated[list[Name], Meta(min_length=1)]
    men: Annotated[list[Name], Meta(min_length=1)]


class TownPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`demo/town.toml`."""

    seed: int
    spread: Duration
    answer_after: tuple[Duration, Duration]
    silence_after: Duration
    behaviours: dict[Behaviour, Annotated[int, Meta(ge=0, le=100_000)]]
    districts: Annotated[list[Quarter], Meta(min_length=1)]
    names: Names


class Relation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody the ladder may ask about a resident."""

    role: Literal["family_contact", "helper", "welfare_commissioner"]
    name: str
    relation: str | None = None
    phone: str | None = None


class Home(Struct, frozen=True, kw_only=True):
    """One household of one resident with one speaker, as the roster wants to know it."""

    household: str
    resident: str
    device: str
    district: str
    """The district's name."""
    address: str
    phone: str
    name: str
    """姓 名."""
    kana: str
    call_name: str
    birth_date: date
    sex: str
    risk_class: str
    contacts: list[Relation]
    behaviour: Behaviour
    slot_after: timedelta
    """When this home is asked, counted from the first slot of the town."""


def load_plan(path: Path | None = None) -> TownPlan:
    """Read the town's file, the packaged one by default; `Refused` names the line that is wrong."""
    if path is not None:
        return read_toml(path, TownPlan)
    with resources.as_file(resources.files("demo") / "town.toml") as packaged:
        return read_toml(packaged, TownPlan)


def people(plan: TownPlan) -> list[Home]:
    """Everybody, the same for the same seed. Things happen in every part of town, not in one district."""
    random = Random(plan.seed)
    behaviours = [kind for kind, count in plan.behaviours.items() for _ in range(count)]
    random.shuffle(behaviours)
    quarters = _quarters(plan, len(behaviours))
    names = _names(plan.names, len(behaviours), random)
    homes = []
    commissioners = {each.name: _commissioner(plan, each, random) for each in plan.districts}
    for number, (behaviour, quarter, (name, kana, sex)) in enumerate(
        zip(behaviours, quarters, names, strict=True), start=1
    ):
        key = f"{number:04d}"
        homes.append(
            Home(
                household=f"H{key}",
                resident=f"R{key}",
                device=f"home-{key}",
                district=quarter.name,
                address=quarter.address.format(
                    number=f"{random.randint(1, 2400)}番地{random.randint(1, 30)}"
                ),
                phone=f"0573-00-{number:04d}",
                name=name,
                kana=kana,
                call_name=f"{name.split()[0]}さん",
                birth_date=date(1929, 1, 1) + timedelta(days=random.randrange(22 * 365)),
                sex=sex,
                risk_class="high" if random.random() < 0.15 else "standard",
                contacts=[_child(plan, name, number, random), commissioners[quarter.name]],
                behaviour=behaviour,
                # Where nobody answers, the deadline is what a visitor waits for: those homes are asked first.
                slot_after=timedelta(0)
                if behaviour in _UNANSWERED
                else timedelta(seconds=random.uniform(0.0, plan.spread.total_seconds())),
            )
        )
    return homes


def _child(plan: TownPlan, name: str, number: int, random: Random) -> Relation:
    """A grown-up son or daughter of the same surname."""
    givens, relation = random.choice(((plan.names.men, "長男"), (plan.names.women, "長女")))
    given = random.choice(givens).split(" ")[0]
    return Relation(
        role="family_contact",
        name=f"{name.split(' ')[0]} {given}",
        relation=relation,
        phone=f"090-0000-{number:04d}",
    )


def _commissioner(plan: TownPlan, quarter: Quarter, random: Random) -> Relation:
    """The 民生委員 of a district."""
    surname, given = (random.choice(each).split(" ")[0] for each in (plan.names.surnames, plan.names.women))
    position = plan.districts.index(quarter) + 1
    return Relation(role="welfare_commissioner", name=f"{surname} {given}", phone=f"0573-00-80{position:02d}")


def commissioner_of(homes: Sequence["Home"], district: str) -> Relation | None:
    """The 民生委員 of a district, as the homes there know them."""
    for home in homes:
        if home.district == district:
            return next(each for each in home.contacts if each.role == "welfare_commissioner")
    return None


def _quarters(plan: TownPlan, count: int) -> list[Quarter]:
    """A district for each home by share, at least one home in each while there are enough, in a fixed mix."""
    whole = sum(quarter.share for quarter in plan.districts)
    owed = {quarter.name: quarter.share / whole * count for quarter in plan.districts}
    given: list[Quarter] = []
    for _ in range(count):
        quarter = max(plan.districts, key=lambda each: owed[each.name])
        owed[quarter.name] -= 1.0
        given.append(quarter)
    empty = [each for each in plan.districts if each not in given]
    return [*given[: count - len(empty)], *empty][:count] if len(empty) < count else given


def _names(names: Names, count: int, random: Random) -> list[tuple[str, str, str]]:
    """`count` names with their reading and sex, each combination once while there are enough."""
    everybody = [
        (f"{surname} {given}", f"{surname_kana} {given_kana}", sex)
        for sex, givens in (("f", names.women), ("m", names.men))
        for surname, surname_kana in (each.split(" ") for each in names.surnames)
        for given, given_kana in (each.split(" ") for each in givens)
    ]
    random.shuffle(everybody)
    return [everybody[number % len(everybody)] for number in range(count)]
