"""What a town says in a morning, in the order in which it says it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from bench.town import device
from contract.envelope import Event, encode_event
from contract.events import Activity, Body, CheckIn, ClockQuality, Intent, Outcome, type_of
from contract.topics import Channel, topic

Said = tuple[str, bytes]
"""Topic and payload."""

_ANSWERED = CheckIn(
    slot="-", outcome=Outcome.answered, intent=Intent.fine, confidence=0.93, answer_delay_ms=1400
)


def morning(slot: str, at: datetime, events: int, first_home: int = 0, seed: int = 0) -> list[Said]:
    """So many events, of as many homes as that takes.

    Of 100 homes 80 answer at once, 15 at the second asking and 5 not at all; 20 of them also move about, which is
    a sign of life. Ids are UUIDv7-shaped, and the same for the same `seed`.
    """
    return [
        _encoded(number, first_home + home, body, at, seed)
        for number, (home, body) in enumerate(islice(_said(slot), events))
    ]


def homes_of(events: int) -> int:
    """How many homes say so many events."""
    return 1 + max(home for home, _ in islice(_said("-"), events))


def _said(slot: str) -> Iterator[tuple[int, Body]]:
    block = 0
    while True:
        homes = range(block * 100, block * 100 + 100)
        first = [(home, _asking(slot, home, 1)) for home in homes]
        again = [(home, _asking(slot, home, 2)) for home in homes if home % 100 >= 80]
        last = [(home, _asking(slot, home, 3)) for home in homes if home % 100 >= 95]
        moved: list[tuple[int, Body]] = [(home, Activity(source="motion")) for home in homes if home % 5 == 0]
        yield from (*first, *again, *last, *moved)
        block += 1


def _asking(slot: str, home: int, attempt: int) -> Body:
    needs = 1 if home % 100 < 80 else 2 if home % 100 < 95 else 4
    if attempt < needs:
        return CheckIn(slot=slot, outcome=Outcome.no_sound, attempts=attempt)
    return CheckIn(
        slot=slot,
        outcome=_ANSWERED.outcome,
        intent=_ANSWERED.intent,
        confidence=_ANSWERED.confidence,
        answer_delay_ms=_ANSWERED.answer_delay_ms,
        attempts=attempt,
    )


def _encoded(number: int, home: int, body: Body, at: datetime, seed: int) -> Said:
    event = Event(
        id=f"019a{seed:08d}-0000-7000-8000-{number:012d}",
        device=device(home),
        session="s1",
        seq=number,
        at=at + timedelta(microseconds=number),
        clock=ClockQuality.synced,
        late=False,
        type=type_of(body),
        body=body,
    )
    return topic(event.device, Channel.event), encode_event(event)
