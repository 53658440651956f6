"""A month of a home in travelled time: every slot ends, every reminder is said, and the box has not grown."""

import threading
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import psutil
import pytest

from contract.commands import Config, Reminder, SlotPlan
from contract.events import Announced, AnnouncementKind, CheckIn
from contract.time import office_instant
from device import app
from device.app import Speaker
from device.steps import AskingEnded, EventAcked, EventMade, Step
from provisioning.broker import Broker
from tests.clock import TravellingClock
from tests.device.home import Beeper, Loudspeaker, PhraseBook, Resident, config
from tests.device.hub_stand_in import HubStandIn

DAYS = 30
WARM = 5
FIRST = date(2026, 11, 24)
MOST_GROWTH_MB = 12.0
"""A leak of one prompt (0.1 MB) an asking would be 15; from the fifth to the last day 0.1 was measured."""
AGREED = Config(
    revision=1,
    call_name="佐藤さん",
    slots=[SlotPlan(name="morning", at="08:00"), SlotPlan(name="evening", at="18:00")],
    extras=["slept", "ate"],
    reminders=[
        Reminder(name="medicine", at="12:00", kind=AnnouncementKind.medicine, prompt="medicine_time"),
    ],
)


class Counts:
    """Counts steps and keeps none: it must not be what grows."""

    def __init__(self) -> None:
        self.ended: Counter[str] = Counter()
        self.announced = self.made = self.acked = 0
        self._changed = threading.Condition()

    def __call__(self, step: Step) -> None:
        with self._changed:
            match step:
                case AskingEnded(check_in):
                    self.ended[str(check_in.intent or check_in.outcome)] += 1
                case EventMade(event):
                    self.made += 1
                    self.announced += isinstance(event.body, Announced)
                case EventAcked():
                    self.acked += 1
                case _:
                    return
            self._changed.notify_all()

    def wait(self, askings: int, announced: int) -> None:
        """Until so many askings and announcements are over, and the hub has them."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: (
                    self.ended.total() >= askings and self.announced >= announced and self.acked == self.made
                ),
                60.0,
            ), (self.ended, self.announced, self.made, self.acked)


def test_a_month_asks_every_day_tells_everything_and_the_box_has_not_grown(
    broker: Broker, hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "TICK_SECONDS", 0.002)
    hub.configure("sato-1", AGREED)
    resident, counts = Resident(), Counts()
    loudspeaker = Loudspeaker()
    clock = TravellingClock(office_instant(FIRST, timedelta(hours=7)))
    speaker = Speaker(
        config(tmp_path, broker.port),
        ear=resident,
        voice=Beeper(),
        loudspeaker=loudspeaker,
        understanding=PhraseBook(),
        clock=clock,
        on_step=counts,
        network_time=lambda: False,
    )
    thread = threading.Thread(target=speaker.run)
    thread.start()
    memory_mb: dict[int, float] = {}
    askings = reminders = 0
    try:
        for day in range(DAYS):
            silent = day % 6 == 5
            for hour, minute, asks in (
                (8, 0, True),
                (8, 10, silent),
                (8, 30, silent),
                (12, 0, False),
                (18, 0, True),
            ):
                if asks and not (silent and hour == 8):
                    resident.lines.extend(["元気です", "はい", "はい"])
                askings += asks
                reminders += hour == 12
                clock.travel(
                    office_instant(FIRST + timedelta(days=day), timedelta(hours=hour, minutes=minute))
                )
                counts.wait(askings, reminders)
            loudspeaker.clips.clear()
            hub.arrivals.clear()
            memory_mb[day] = psutil.Process().memory_info().rss / 1e6
    finally:
        speaker.stop(10.0)
        thread.join(20.0)
    silent_days = DAYS // 6
    assert counts.ended == {"fine": 2 * DAYS - silent_days, "no_sound": 3 * silent_days}
    assert counts.announced == DAYS
    stored = [event.body for event in hub.stored()]
    slots = {body.slot for body in stored if isinstance(body, CheckIn)}
    assert len(slots) == 2 * DAYS, "every slot ended"
    assert len(stored) == len({event.id for event in hub.stored()})
    assert memory_mb[DAYS - 1] - memory_mb[WARM] < MOST_GROWTH_MB, memory_mb
