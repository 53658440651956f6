"""The panel's wires, by gpiozero. Nothing is decided here."""

from collections.abc import Callable
from typing import Any, Protocol

import structlog

from device.config import PanelConfig
from device.panel.settings import Light

log = structlog.get_logger()

BOUNCE_SECONDS = 0.02
"""A contact springs for a few milliseconds."""
COLORS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "yellow": (1, 1, 0),
    "white": (1, 1, 1),
    "off": (0, 0, 0),
}

Act = Callable[[], None]


class NoPanel(Exception):
    """There are no pins to use; the message is one Japanese sentence that says what to do."""


class Pins(Protocol):
    """Whoever knows button, switch, sensor and light."""

    @property
    def muted(self) -> bool:
        """Whether the microphone's switch is off."""

    def watch(self, down: Act, up: Act, motion: Act) -> None:
        """Call these from now on, on whatever thread sees it."""

    def show(self, light: Light) -> None:
        """Show this light until told otherwise."""

    def close(self) -> None:
        """Let go of everything, light out."""


class GpioPins:
    """A Raspberry Pi's header; `factory` is gpiozero's choice when None. What has no pin is not there."""

    def __init__(self, config: PanelConfig, factory: Any = None) -> None:
        """Raise `NoPanel` when this machine has no such pins, or somebody else holds them."""
        try:
            import gpiozero
        except ImportError as error:
            raise NoPanel(
                "gpiozero がないためボタンとランプを使えません。mimamori[device] を入れ直してください。"
            ) from error
        self._parts: list[Any] = []
        try:
            self._button = self._part(config.button, gpiozero.Button, factory, bounce_time=BOUNCE_SECONDS)
            self._switch = self._part(config.mute_switch, gpiozero.Button, factory)
            self._motion = self._part(config.motion_sensor, gpiozero.MotionSensor, factory)
            self._light = None
            if config.light is not None:
                red, green, blue = config.light
                self._light = gpiozero.RGBLED(red, green, blue, pwm=False, pin_factory=factory)
                self._parts.append(self._light)
        except (gpiozero.GPIOZeroError, OSError, RuntimeError) as error:
            self.close()
            raise NoPanel(
                f"ボタンとランプの配線を使えません ({error})。[panel] のピン番号と配線を確かめてください。"
            ) from error

    @property
    def muted(self) -> bool:
        """A closed switch mutes."""
        return bool(self._switch and self._switch.is_pressed)

    def watch(self, down: Act, up: Act, motion: Act) -> None:
        """Edges come on gpiozero's own thread."""
        if self._button:
            self._button.when_pressed, self._button.when_released = down, up
        if self._motion:
            self._motion.when_motion = motion

    def show(self, light: Light) -> None:
        """The rhythm runs on a thread of gpiozero's own."""
        if not self._light:
            return
        color = COLORS[light.color]
        if light.on:
            self._light.blink(light.on.total_seconds(), light.off.total_seconds(), on_color=color)
        else:
            self._light.color = color

    def close(self) -> None:
        """Let go of every pin."""
        for part in self._parts:
            part.close()
        self._parts.clear()

    def _part(self, pin: int | None, kind: Any, factory: Any, **options: Any) -> Any:
        if pin is None:
            return None
        part = kind(pin, pin_factory=factory, **options)
        self._parts.append(part)
        return part
