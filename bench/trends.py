"""How often signs of change are told of people who did not change, and how soon of those who did.

`python -m bench.trends --residents 200 --days 365` prints one JSON object. Seeded: the same figures every time.
The residents are drawn, not real: how fast, how reliable and how steady each is lies within what the settings'
authors expect of a town, a quarter of them habitually silent.
"""

import argparse
import json
import random
from collections import Counter
from datetime import date, timedelta
from typing import NamedTuple

from hub.trends.judging import Measure, Record, calm, readings
from hub.trends.settings import Settings, load

FIRST = date(2026, 1, 5)


class Person(NamedTuple):
    """How somebody answers on a usual day."""

    delay_ms: float
    noise: float
    """Standard deviation of the logarithm of the delay."""
    mood: float
    """Part of that noise which a whole day shares."""
    missed: float
    again: float
    worse: float
    off_days: float
    """Chance that a spell of one to three poor days begins (a visitor, a bad night)."""
    service: int
    """Weekday of the day service: slower and oftener out."""


class Change(NamedTuple):
    """What becomes of somebody on a day."""

    after_days: int
    delay: float = 1.0
    missed: float = 0.0
    again: float = 0.0
    worse: float = 0.0


def draw(chance: random.Random) -> Person:
    """A person of the town."""
    silent = chance.random() < 0.24
    return Person(
        delay_ms=chance.lognormvariate(7.4, 0.4),
        noise=chance.uniform(0.25, 0.7),
        mood=chance.uniform(0.0, 0.6),
        missed=chance.uniform(0.25, 0.6) if silent else chance.uniform(0.0, 0.08),
        again=chance.uniform(0.02, 0.35),
        worse=chance.uniform(0.0, 0.12),
        off_days=chance.uniform(0.0, 0.02),
        service=chance.randint(1, 7),
    )


def live(person: Person, days: int, chance: random.Random, change: Change | None = None) -> list[Record]:
    """Two slots a day, for `days` days."""
    records, poor = [], 0
    for number in range(days):
        day = FIRST + timedelta(days=number)
        poor = max(poor - 1, 0) or (chance.randint(1, 3) if chance.random() < person.off_days else 0)
        mood = chance.gauss(0, person.noise * person.mood)
        other = change if change is not None and number >= change.after_days else Change(0)
        for slot, slow in (("morning", 1.2), ("evening", 1.0)):
            hard = 0.25 * (poor > 0) + 0.1 * (day.isoweekday() == person.service)
            if chance.random() < min(person.missed + hard + other.missed, 0.98):
                records.append(Record(day, slot, answered=False))
                continue
            level = person.delay_ms * slow * other.delay * (1.3 if poor else 1.0)
            noise = chance.gauss(0, person.noise * (1 - person.mood))
            records.append(
                Record(
                    day,
                    slot,
                    answered=True,
                    delay_ms=int(level * 2.718281828 ** (mood + noise)),
                    again=chance.random() < person.again + hard + other.again,
                    worse=chance.random() < person.worse + 0.2 * (poor > 0) + other.worse,
                )
            )
    return records


class Told(NamedTuple):
    """A sign of change that was told."""

    day: int
    """From the first day, 0."""
    measures: tuple[Measure, ...]


def follow(records: list[Record], days: int, settings: Settings) -> list[Told]:
    """What would have been told, day by day, nobody closing anything."""
    told: list[Told] = []
    standing: Told | None = None
    quiet_until = 0
    reach = timedelta(days=settings.reach_days)
    accepted = settings.course.accepted_after.days
    usual_from: date | None = None
    low = high = 0
    for number in range(days):
        today = FIRST + timedelta(days=number)
        while low < len(records) and records[low].day < today - reach:
            low += 1
        while high < len(records) and records[high].day <= today:
            high += 1
        known = records[low:high]
        if standing is not None:
            told_on = FIRST + timedelta(days=standing.day)
            if calm(known, today, settings, told_on, standing.measures):
                standing, quiet_until = None, number + settings.course.cool_down.days
            elif number - standing.day >= accepted:
                standing, usual_from = None, told_on
            continue
        if number < quiet_until:
            continue
        found = readings(known, today, settings, usual_from=usual_from)
        changed = tuple(one.measure for one in found.values() if one.changed)
        if changed:
            standing = Told(number, changed)
            told.append(standing)
    return told


CHANGES = {
    "twice as slow": Change(200, delay=2.0),
    "three times as slow": Change(200, delay=3.0),
    "a quarter more missed": Change(200, missed=0.25),
    "half missed": Change(200, missed=0.5),
    "oftener asked again": Change(200, again=0.4),
    "oftener unwell": Change(200, worse=0.35),
}


def stable(residents: int, days: int, seed: int = 2026) -> dict[str, object]:
    """Signs told of people who did not change."""
    settings = load()
    chance = random.Random(seed)
    told: list[Told] = []
    for _ in range(residents):
        told += follow(live(draw(chance), days, chance), days, settings)
    kinds = Counter(measure for one in told for measure in one.measures)
    return {
        "residents": residents,
        "days": days,
        "told": len(told),
        "per_person_year": round(len(told) / (residents * days / 365), 4),
        "by_measure": dict(kinds),
    }


def changed(residents: int, name: str, seed: int = 2026) -> dict[str, object]:
    """How many of those who changed were noticed within 60 days, and after how many days."""
    settings = load()
    change, chance = CHANGES[name], random.Random(seed)
    delays = []
    for _ in range(residents):
        days = change.after_days + 60
        told = follow(live(draw(chance), days, chance, change), days, settings)
        delays += [one.day - change.after_days + 1 for one in told if one.day >= change.after_days][:1]
    delays.sort()
    return {
        "noticed": round(len(delays) / residents, 3),
        "median_days": delays[len(delays) // 2] if delays else None,
        "p90_days": delays[int(len(delays) * 0.9)] if delays else None,
    }


def main() -> None:
    """Print the figures."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--residents", type=int, default=200)
    ask.add_argument("--days", type=int, default=365)
    ask.add_argument("--seed", type=int, default=2026)
    given = ask.parse_args()
    made = {
        "name": "trends",
        "stable": stable(given.residents, given.days, given.seed),
        "changed": {name: changed(max(given.residents // 4, 10), name, given.seed) for name in CHANGES},
    }
    print(json.dumps(made, indent=1))


if __name__ == "__main__":
    main()
