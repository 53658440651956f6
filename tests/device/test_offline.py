"""P1: three days without a line. Every answer arrives afterwards, once, in order, dated by when it was given."""

from datetime import timedelta

import pytest

from contract.commands import Config, SlotPlan
from contract.events import CheckIn, Intent, Sos
from contract.state import Presence
from device.line import link
from device.steps import AskingEnded, ConfigTaken, Disconnected, EventMade, EventSent
from provisioning.broker import Broker
from tests.clock import office
from tests.device.conftest import Box
from tests.device.home import eventually
from tests.device.hub_stand_in import HubStandIn

TWICE_A_DAY = Config(
    revision=1,
    slots=[SlotPlan(name="morning", at="08:00"), SlotPlan(name="evening", at="18:00")],
    retry_after_seconds=[600.0],
)
HOURS = 72


def test_three_days_without_a_line_lose_nothing(
    hub: HubStandIn, box: Box, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "LONGEST_PAUSE_SECONDS", 0.2)
    hub.configure("sato-1", TWICE_A_DAY)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    birth = hub.wait_for_state(1)
    broker.stop()
    box.watcher.wait_for(Disconnected)

    box.resident.lines.extend(["元気です"] * 6)
    asked = 0
    for day in range(HOURS // 24):
        for hour in (8, 18):
            box.clock.travel(office("2026-11-24 00:00") + timedelta(days=day, hours=hour))
            asked += 1
            box.watcher.wait_for(AskingEnded, asked)
    box.resident.lines.append("助けて、倒れた")
    box.clock.travel(office("2026-11-27 08:00"))
    box.watcher.wait_for(AskingEnded, asked + 1)
    made = [step.event.id for step in box.watcher.all(EventMade)]

    broker.start()
    stored = hub.wait_for(len(made), 60.0)
    assert eventually(lambda: len(hub.stored()) == len(made))
    assert {event.id for event in stored} == set(made)
    assert all(event.late for event in stored)
    sent = [step.event_id for step in box.watcher.all(EventSent) if step.tries == 1]
    call = next(event.id for event in stored if isinstance(event.body, Sos))
    assert sent == [call, *(event_id for event_id in made if event_id != call)]
    # A broker keeps the order of a topic, not between topics; `seq` tells it to whoever needs it.
    check_ins = sorted(
        (event for event in stored if isinstance(event.body, CheckIn)), key=lambda event: event.seq
    )
    slots = [event.body.slot for event in check_ins if isinstance(event.body, CheckIn)]
    assert slots == [
        *(f"2026-11-{day}/{name}" for day in (24, 25, 26) for name in ("morning", "evening")),
        "2026-11-27/morning",
    ]
    assert check_ins[0].at == office("2026-11-24 08:00")
    intents = [event.body.intent for event in check_ins if isinstance(event.body, CheckIn)]
    assert intents == [Intent.fine] * 6 + [Intent.emergency]
    assert [event.body.trigger for event in stored if isinstance(event.body, Sos)] == ["voice"]
    again = hub.states[-1]
    assert (again.presence, again.session) == (Presence.online, birth.session)
