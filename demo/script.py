"""What a home of the town says this morning: which events, how long after its slot."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from contract.events import CheckIn, Intent, Outcome
from demo.townsfolk import Behaviour, TownPlan

Line = tuple[timedelta, CheckIn]
"""An event and when it happens, counted from the slot's time."""

_SILENT_HOMES = frozenset({Behaviour.never_seen, Behaviour.away})


def script(
    behaviour: Behaviour,
    slot: str,
    retry_after: Sequence[timedelta],
    plan: TownPlan,
    random: Random,
) -> list[Line]:
    """The check-ins of one slot in order. `retry_after` is the agreed ladder at home, counted from the slot's time."""
    if behaviour in _SILENT_HOMES:
        return []
    askings = [timedelta(0), *retry_after]
    if behaviour is Behaviour.silent:
        return [
            (at + plan.silence_after, CheckIn(slot=slot, outcome=Outcome.no_sound, attempts=attempt))
            for attempt, at in enumerate(askings, start=1)
        ]
    lines: list[Line] = []
    answered_at, attempt = askings[0], 1
    if behaviour is Behaviour.unclear and len(askings) > 1:
        unclear = CheckIn(slot=slot, outcome=Outcome.not_understood, attempts=1)
        lines.append((_delay(plan, random), unclear))
        answered_at, attempt = askings[1], 2
    answer = CheckIn(
        slot=slot,
        outcome=Outcome.answered,
        intent=_intent(behaviour, random),
        confidence=round(random.uniform(0.72, 0.99), 2),
        attempts=attempt,
        answer_delay_ms=random.randint(700, 4_200),
    )
    lines.append((answered_at + _delay(plan, random), answer))
    return lines


def _delay(plan: TownPlan, random: Random) -> timedelta:
    shortest, longest = (each.total_seconds() for each in plan.answer_after)
    return timedelta(seconds=random.uniform(shortest, longest))


def _intent(behaviour: Behaviour, random: Random) -> Intent:
    match behaviour:
        case Behaviour.unwell:
            return random.choice((Intent.unwell, Intent.pain))
        case Behaviour.wants_talk:
            return Intent.wants_talk
        case _:
            return random.choice((Intent.fine, Intent.fine, Intent.as_usual))
