"""The button in a running home: help at once and whatever is going on, 「元気です」 as an answer, a test that alarms nobody."""

import threading
from collections.abc import Callable, Iterator

import pytest

from contract.commands import Config, SlotPlan
from contract.envelope import Event
from contract.events import Activity, CheckIn, Fault, Intent, Outcome, Sos, TestPress
from device.fittings import Fittings
from device.panel.lights import LightState
from device.panel.panel import Panel
from device.panel.presses import Pressed, Presses
from device.panel.settings import Light, load_panel_settings
from device.speak.interject import SharedLoudspeaker
from device.speak.loudspeaker import CutShort
from device.speak.voice import Clip
from device.steps import Asked, AskingEnded, ConfigTaken, Connected, EventAcked, Said
from tests.clock import office
from tests.device.conftest import Box
from tests.device.home import Loudspeaker, eventually
from tests.device.hub_stand_in import HubStandIn

MORNING = Config(revision=1, call_name="佐藤さん", slots=[SlotPlan(name="morning", at="08:00")])
PANEL = load_panel_settings()


class Finger:
    """The pins, without wires: presses as long as it likes in no time at all."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.muted = False
        self.lights: list[Light] = []
        self.down: Callable[[], None] = lambda: None
        self.up: Callable[[], None] = lambda: None
        self.motion: Callable[[], None] = lambda: None

    def watch(self, down: Callable[[], None], up: Callable[[], None], motion: Callable[[], None]) -> None:
        self.down, self.up, self.motion = down, up, motion

    def show(self, light: Light) -> None:
        self.lights.append(light)

    def close(self) -> None:
        self.lights.append(Light(color="off"))

    def press(self, seconds: float) -> None:
        self.down()
        self.seconds += seconds
        self.up()

    def short(self) -> None:
        self.seconds += 60.0  # whatever was begun before is over
        self.press(0.3)

    def long(self) -> None:
        self.press(1.5)

    def hold(self) -> None:
        self.press(4.0)


class Interruptible(Loudspeaker):
    """A loudspeaker that a held button can interrupt."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = threading.Event()
        self.is_cut = threading.Event()

    def play(self, clip: Clip) -> None:
        super().play(clip)
        if self.cut.is_set():
            self.is_cut.set()
            raise CutShort


class PanelBox(Box):
    """A box whose resident can press while she is asked: the ear gives way as the real microphone does."""

    finger: Finger
    presses: Presses
    cuttable: Interruptible

    def wire(self) -> None:
        self.finger, self.presses = Finger(), Presses()
        self.fittings = Fittings(
            presses=self.presses,
            panel=Panel(self.finger, PANEL, lambda: self.finger.seconds),
        )
        self.loudspeaker = self.cuttable = Interruptible()
        self.shared = SharedLoudspeaker(self.cuttable, self.cuttable.cut)

    def press_while_listening(self, press: Callable[[], None]) -> None:
        """The next listening is broken off by this press."""

        def pressing() -> None:
            self.resident.before_answering = lambda: None
            press()
            assert eventually(lambda: self.presses.waiting)
            raise Pressed

        self.resident.before_answering = pressing


@pytest.fixture
def home(box: Box, hub: HubStandIn) -> Iterator[PanelBox]:
    wired = PanelBox(box.config, box.resident, box.loudspeaker, box.voice, box.clock, box.watcher)
    wired.wire()
    hub.configure("sato-1", MORNING)
    wired.switch_on()
    wired.watcher.wait_for(ConfigTaken)
    yield wired
    wired.switch_off()


def of(hub: HubStandIn, kind: type) -> list[Event]:
    return [event for event in hub.stored() if isinstance(event.body, kind)]


def test_a_held_button_calls_for_help_and_tells_when_it_got_through(home: PanelBox, hub: HubStandIn) -> None:
    home.finger.hold()
    (event,) = hub.wait_for(1)
    assert event.body == Sos(trigger="button")
    assert home.watcher.wait_for(Said).text.startswith("伝わりました。")


def test_help_goes_out_although_the_speaker_is_busy_and_the_asking_is_settled_once(
    home: PanelBox, hub: HubStandIn
) -> None:
    blocked, go_on = threading.Event(), threading.Event()

    def stuck() -> None:
        home.loudspeaker.while_playing = lambda: None
        blocked.set()
        go_on.wait(20)

    home.loudspeaker.while_playing = stuck
    home.clock.travel(office("2026-11-24 08:00"))
    assert blocked.wait(20)
    home.finger.hold()
    (event,) = hub.wait_for(1)
    assert event.body == Sos(trigger="button")
    go_on.set()
    ended = home.watcher.wait_for(AskingEnded).check_in
    assert (ended.outcome, ended.intent) == (Outcome.answered, Intent.emergency)
    assert home.watcher.wait_for(Said).text.startswith("伝わりました。")
    hub.wait_for(2)
    assert len(of(hub, CheckIn)) == len(of(hub, Sos)) == 1


def test_help_while_the_resident_is_listened_to_ends_the_question(home: PanelBox, hub: HubStandIn) -> None:
    home.press_while_listening(home.finger.hold)
    home.clock.travel(office("2026-11-24 08:00"))
    ended = home.watcher.wait_for(AskingEnded).check_in
    assert (ended.outcome, ended.intent) == (Outcome.answered, Intent.emergency)
    assert home.watcher.wait_for(Said).text.startswith("伝わりました。")
    hub.wait_for(2)
    assert [event.body for event in of(hub, Sos)] == [Sos(trigger="button")]


def test_a_short_press_answers_the_open_question(home: PanelBox, hub: HubStandIn) -> None:
    home.press_while_listening(home.finger.short)
    home.clock.travel(office("2026-11-24 08:00"))
    ended = home.watcher.wait_for(AskingEnded).check_in
    assert (ended.outcome, ended.intent, ended.confidence, ended.text) == (
        Outcome.answered,
        Intent.fine,
        1.0,
        None,
    )


def test_a_press_during_the_question_answers_it(home: PanelBox, hub: HubStandIn) -> None:
    def press_once() -> None:
        home.loudspeaker.while_playing = lambda: None
        home.finger.short()
        assert eventually(lambda: home.presses.waiting)

    home.loudspeaker.while_playing = press_once
    home.clock.travel(office("2026-11-24 08:00"))
    assert home.watcher.wait_for(AskingEnded).check_in.intent is Intent.fine


def test_a_press_before_the_hour_is_the_early_answer_and_nobody_is_asked(
    home: PanelBox, hub: HubStandIn
) -> None:
    home.finger.short()  # 07:00, the question comes at 08:00
    (event,) = hub.wait_for(1)
    assert event.body == CheckIn(
        slot="2026-11-24/morning", outcome=Outcome.answered, intent=Intent.fine, confidence=1.0
    )
    home.watcher.wait_for(Said)
    home.clock.travel(office("2026-11-24 08:05"))
    hub.order("sato-1", b'{"id": "c1", "kind": "locate"}')
    home.watcher.wait_for(Said, 2)
    assert home.watcher.all(Asked) == []


def test_a_press_between_two_askings_answers_the_slot(home: PanelBox, hub: HubStandIn) -> None:
    home.clock.travel(office("2026-11-24 08:00"))
    home.watcher.wait_for(AskingEnded)
    home.clock.travel(office("2026-11-24 08:05"))
    home.finger.short()
    answer = home.watcher.wait_for(AskingEnded, 2).check_in
    assert (answer.slot, answer.attempts, answer.intent) == ("2026-11-24/morning", 1, Intent.fine)


def test_a_press_in_the_afternoon_is_a_sign_of_life_and_not_every_press_is_reported(
    home: PanelBox, hub: HubStandIn
) -> None:
    home.clock.travel(office("2026-11-24 15:00"))
    home.finger.short()
    home.watcher.wait_for(Said)
    home.finger.short()
    home.watcher.wait_for(Said, 2)
    assert [event.body for event in of(hub, Activity)] == [Activity(source="button")]


def test_two_long_presses_are_a_test_and_call_nobody(home: PanelBox, hub: HubStandIn) -> None:
    home.finger.long()
    home.finger.long()
    (event,) = hub.wait_for(1)
    assert event.body == TestPress()


def test_what_the_held_button_is_about_to_do_is_said_over_the_question(home: PanelBox) -> None:
    playing, held = threading.Event(), threading.Event()

    def while_playing() -> None:
        home.loudspeaker.while_playing = lambda: None
        playing.set()
        held.wait(20)

    home.loudspeaker.while_playing = while_playing
    home.clock.travel(office("2026-11-24 08:00"))
    assert playing.wait(20)
    home.finger.down()
    home.finger.seconds += 1.5
    assert eventually(home.cuttable.cut.is_set), "the question is not cut short"
    held.set()
    assert home.cuttable.is_cut.wait(20)
    words = "押し続けると、助けを呼びます。"
    assert eventually(lambda: any(clip.samples.size == len(words) for clip in home.loudspeaker.clips))
    home.finger.seconds += 0.1
    home.finger.up()
    home.finger.seconds += 60.0
    assert home.watcher.wait_for(AskingEnded).check_in.intent is Intent.fine


def test_the_motion_sensor_is_a_sign_of_life_twice_an_hour_at_most(home: PanelBox, hub: HubStandIn) -> None:
    for minutes in (0, 5, 20, 10, 1):
        home.clock.forward(minutes=minutes)
        home.finger.motion()
    hub.wait_for(2)
    home.finger.hold()
    stored = hub.wait_for(3)
    assert [event.body for event in stored] == [
        Activity(source="motion"),
        Activity(source="motion"),
        Sos(trigger="button"),
    ]


def test_the_switch_shows_in_the_retained_state_without_any_question(home: PanelBox, hub: HubStandIn) -> None:
    assert not hub.wait_for_state(1).muted
    home.finger.muted = True
    assert hub.wait_for_state(2).muted
    home.finger.muted = False
    assert not hub.wait_for_state(3).muted


def test_the_light_goes_from_help_to_delivered_and_shows_a_line_that_is_down(
    home: PanelBox, hub: HubStandIn
) -> None:
    def shown(state: LightState) -> bool:
        return eventually(lambda: getattr(PANEL.lights, state) in home.finger.lights)

    assert shown(LightState.idle)
    hub.acknowledging = False
    home.finger.hold()
    assert shown(LightState.help_under_way)
    (event,) = hub.wait_for(1)
    hub.acknowledge("sato-1", [event.id])
    home.watcher.wait_for(EventAcked)
    assert shown(LightState.delivered)


def test_a_panel_that_cannot_be_used_is_reported(box: Box, hub: HubStandIn) -> None:
    box.broken = {"panel": "no pins"}
    box.switch_on()
    box.watcher.wait_for(Connected)
    (event,) = hub.wait_for(1)
    assert event.body == Fault(part="panel", state="broken", detail="no pins")
