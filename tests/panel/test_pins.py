"""The wires, by gpiozero's mock pins: what is decided elsewhere reaches the light, and what is pressed gets there."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.refusal import Refused
from device.assembly import wired_panel
from device.config import PanelConfig, read_config
from device.faults import Part
from device.panel.lights import LightState
from device.panel.panel import Panel
from device.panel.pins import GpioPins, NoPanel
from device.panel.press import Sign
from device.panel.settings import Light, load_panel_settings
from tests.device.home import eventually

WIRED = PanelConfig(button=17, mute_switch=27, motion_sensor=22, light=(5, 6, 13))


@pytest.fixture
def factory() -> Iterator[Any]:
    from gpiozero.pins.mock import MockFactory

    made = MockFactory()
    yield made
    made.reset()


class FrontDesk:
    """Notes what the panel says."""

    def __init__(self, pins: GpioPins) -> None:
        self.panel = Panel(pins, load_panel_settings())
        self.signs: list[Sign] = []
        self.moved = threading.Event()
        self.state = LightState.idle
        self.panel.start(self.signs.append, lambda busy: None, self.moved.set, lambda: self.state)


@pytest.fixture
def desk(factory: Any) -> Iterator[FrontDesk]:
    at_work = FrontDesk(GpioPins(WIRED, factory))
    yield at_work
    at_work.panel.stop()


def colors(factory: Any) -> tuple[bool, ...]:
    return tuple(bool(factory.pin(pin).state) for pin in (5, 6, 13))


def test_a_press_of_the_real_button_is_a_sign(desk: FrontDesk, factory: Any) -> None:
    pause = threading.Event()
    factory.pin(17).drive_low()
    pause.wait(0.1)
    factory.pin(17).drive_high()
    assert eventually(lambda: desk.signs == [Sign.fine], 5.0)


def test_the_switch_mutes(desk: FrontDesk, factory: Any) -> None:
    before = desk.panel.muted
    factory.pin(27).drive_low()
    assert (before, desk.panel.muted) == (False, True)


def test_the_motion_sensor_tells(desk: FrontDesk, factory: Any) -> None:
    def walked_by() -> bool:
        # gpiozero looks ten times a second, and its first look tells it nothing.
        factory.pin(22).drive_low()
        desk.moved.wait(0.15)
        factory.pin(22).drive_high()
        return desk.moved.wait(0.15)

    assert eventually(walked_by, 10.0)


def test_the_light_follows_the_state(desk: FrontDesk, factory: Any) -> None:
    desk.state = LightState.listening
    assert eventually(lambda: colors(factory) == (False, False, True), 5.0)
    desk.state = LightState.delivered
    assert eventually(lambda: colors(factory) == (False, True, False), 5.0)


def test_a_rhythm_goes_on_and_off(factory: Any) -> None:
    from contract.datafile import Duration

    pins = GpioPins(WIRED, factory)
    pins.show(Light(color="red", on=Duration(seconds=0.02), off=Duration(seconds=0.02)))
    assert eventually(lambda: colors(factory) == (True, False, False), 5.0)
    assert eventually(lambda: colors(factory) == (False, False, False), 5.0)
    pins.close()


def test_what_is_not_wired_is_not_there(factory: Any) -> None:
    pins = GpioPins(PanelConfig(button=17), factory)
    assert not pins.muted
    pins.show(Light(color="red"))
    pins.watch(lambda: None, lambda: None, lambda: None)
    pins.close()


def test_a_machine_without_pins_is_no_panel_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "native")
    with pytest.raises(NoPanel, match=r"ボタンとランプの配線を使えません.*確かめてください。"):
        GpioPins(WIRED)


def test_a_panel_that_cannot_be_used_is_noted_and_the_box_starts_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "native")
    broken: dict[Part, str] = {}
    assert wired_panel(WIRED, broken) is None
    assert list(broken) == ["panel"]
    assert wired_panel(PanelConfig(), broken) is None


@pytest.mark.parametrize(
    ("written", "what"),
    [("button = 28", "27"), ("button = 5\nlight = [5, 6, 13]", "二度使われて"), ("buton = 17", "buton")],
)
def test_wrong_wiring_is_refused_with_its_line(tmp_path: Path, written: str, what: str) -> None:
    path = tmp_path / "device.toml"
    path.write_text(
        f'device = "sato-1"\ndata = "data"\n[broker]\nhost = "h"\n[panel]\n{written}\n', encoding="utf-8"
    )
    with pytest.raises(Refused, match=what) as refusal:
        read_config(path)
    assert " 行目 (panel" in str(refusal.value)
