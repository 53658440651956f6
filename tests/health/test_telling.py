"""A fault is said once a day, by day, and only if the resident should know of it."""

import pytest

from contract.commands import Config, QuietHours
from device.faults import Faults
from device.health.settings import load_health_settings
from device.health.telling import to_say
from device.steps import Connected, Said
from device.talk.turns import Prompt
from tests.clock import office
from tests.device.conftest import Box
from tests.device.hub_stand_in import HubStandIn

SETTINGS = load_health_settings().faults
TEN = office("2026-11-24 10:00")


@pytest.mark.parametrize(
    ("broken", "line_down", "said"),
    [
        (set(), False, None),
        ({"microphone"}, False, Prompt.fault_microphone),
        ({"microphone", "panel"}, True, Prompt.fault_panel),
        ({"disk", "clock", "config", "speaker"}, False, None),
        (set(), True, Prompt.fault_line),
    ],
)
def test_what_the_resident_should_know(broken: set[str], line_down: bool, said: Prompt | None) -> None:
    assert to_say(broken, line_down, None, None, SETTINGS, TEN) == said


@pytest.mark.parametrize("hour", ["00:30", "05:00", "08:59", "19:00", "23:59"])
def test_never_at_night(hour: str) -> None:
    assert to_say({"panel"}, True, None, None, SETTINGS, office(f"2026-11-24 {hour}")) is None


def test_once_a_day_and_never_in_the_homes_quiet_hours() -> None:
    assert to_say({"panel"}, False, TEN.date(), None, SETTINGS, TEN) is None
    rest = Config(revision=1, quiet=QuietHours(begins="09:30", until="11:00"))
    assert to_say({"panel"}, False, None, rest, SETTINGS, TEN) is None


def test_a_box_without_its_button_says_so_once(box: Box, hub: HubStandIn) -> None:
    box.broken = {"panel": "no pins"}
    box.clock.travel(TEN)
    box.switch_on()
    box.watcher.wait_for(Connected)
    assert (
        box.watcher.wait_for(Said).text
        == "お知らせします。今、助けを呼ぶボタンが、使えません。お急ぎのときは、電話をお使いください。"
    )
    hub.order("sato-1", b'{"id": "c1", "kind": "locate"}')
    box.watcher.wait_for(Said, 2)
    box.switch_off()
    box.clock.forward(hours=3)
    box.switch_on()
    box.watcher.wait_for(Connected)
    hub.order("sato-1", b'{"id": "c2", "kind": "locate"}')
    assert box.watcher.wait_for(Said).text == "はい。ここにおります。"


def test_a_part_is_mended_when_everybody_who_found_it_broken_says_so(box: Box, hub: HubStandIn) -> None:
    speaker = box.switch_on()
    box.watcher.wait_for(Connected)
    faults: Faults = speaker._faults
    faults.broken("speaker", "no such card")
    faults.broken("speaker", "the tones were not heard", "selftest")
    faults.mended("speaker")
    assert faults.parts == {"speaker"}
    faults.mended("speaker", "selftest")
    assert faults.parts == frozenset()
    states = [event.body.state for event in hub.wait_for(2)]  # type: ignore[union-attr]
    assert states == ["broken", "mended"]
