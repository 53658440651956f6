"""Each part that can break ends in an outcome and a fault of its own; none of them is ever a silent resident (P2)."""

import pytest

from contract.commands import Config, SlotPlan
from contract.events import CheckIn, ClockQuality, Fault, Intent, Outcome, Sos
from device.config import ClockSource
from device.fittings import Fittings
from device.steps import Asked, AskingEnded, ConfigTaken, EventAcked, Said
from tests.clock import office
from tests.device.conftest import Box
from tests.device.home import eventually
from tests.device.hub_stand_in import HubStandIn

MORNING = Config(revision=1, slots=[SlotPlan(name="morning", at="08:00")])


def faults(hub: HubStandIn) -> list[tuple[str, str]]:
    bodies = [event.body for event in hub.stored()]
    return [(body.part, body.state) for body in bodies if isinstance(body, Fault)]


def switch_on(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)


@pytest.mark.parametrize(
    ("line", "outcome", "part", "said"),
    [
        ("mic_fault", Outcome.mic_fault, [("microphone", "broken")], "お声が聞こえません"),
        ("muted", Outcome.muted, [], "マイクが切ってあります"),
        ("no_sound", Outcome.no_sound, [], "また後で"),
    ],
)
def test_what_the_ear_finds_is_said_and_reported_by_its_name(
    hub: HubStandIn, box: Box, line: str, outcome: Outcome, part: list[tuple[str, str]], said: str
) -> None:
    box.resident.lines.append(line)
    switch_on(hub, box)
    box.clock.travel(office("2026-11-24 08:00"))
    assert box.watcher.wait_for(AskingEnded).check_in.outcome is outcome
    assert said in box.watcher.wait_for(Said).text
    hub.wait_for(1 + len(part))
    assert eventually(lambda: faults(hub) == part)


def test_no_loudspeaker_is_not_played(hub: HubStandIn, box: Box) -> None:
    box.loudspeaker.broken = True
    switch_on(hub, box)
    box.clock.travel(office("2026-11-24 08:00"))
    assert box.watcher.wait_for(AskingEnded).check_in.outcome is Outcome.not_played
    assert eventually(lambda: faults(hub) == [("speaker", "broken")])


def test_a_card_that_takes_no_more_keeps_no_answer_and_no_call_from_the_hub_and_is_a_fault(
    hub: HubStandIn, box: Box
) -> None:
    switch_on(hub, box)
    assert box.speaker
    box.speaker._store.read(
        "PRAGMA query_only = ON"
    )  # SQLite's word for a card that went read-only, or is full
    box.resident.lines.extend(["元気です"])
    box.clock.travel(office("2026-11-24 08:00"))
    ended = box.watcher.wait_for(AskingEnded).check_in
    assert ended.intent is Intent.fine
    box.resident.lines.append("助けて、倒れた")
    hub.order("sato-1", b'{"id": "c1", "kind": "ask_now"}')
    box.watcher.wait_for(AskingEnded, 2)
    assert eventually(lambda: any(isinstance(event.body, Sos) for event in hub.stored()))
    assert eventually(lambda: ended in [event.body for event in hub.stored()])
    assert eventually(lambda: faults(hub) == [("disk", "broken")])
    box.speaker._store.read("PRAGMA query_only = OFF")
    hub.order("sato-1", b'{"id": "c2", "kind": "ask_now"}')
    assert eventually(lambda: faults(hub) == [("disk", "broken"), ("disk", "mended")])


def test_a_clock_that_nothing_ever_set_asks_and_says_so_on_every_record(hub: HubStandIn, box: Box) -> None:
    import msgspec

    box.config = msgspec.structs.replace(box.config, clock=ClockSource.auto)
    box.resident.lines.append("元気です")
    switch_on(hub, box)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(AskingEnded)
    box.watcher.wait_for(EventAcked, 2)
    stored = hub.wait_for(2)
    assert {event.clock for event in stored} == {ClockQuality.unknown}
    # Nobody is wished a good morning in the evening.
    assert box.watcher.wait_for(Asked).text == "失礼いたします。お変わりありませんか。"
    assert faults(hub) == [("clock", "broken")]
    assert any(isinstance(event.body, CheckIn) for event in stored)


def test_a_model_or_a_panel_that_was_missing_at_the_start_is_reported(hub: HubStandIn, box: Box) -> None:
    box.broken = {"panel": "no pins", "microphone": "no card"}
    box.fittings = Fittings()
    switch_on(hub, box)
    assert eventually(lambda: faults(hub) == [("panel", "broken"), ("microphone", "broken")])
