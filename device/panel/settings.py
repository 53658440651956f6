"""The numbers of the panel, from `panel.toml`."""

from pathlib import Path
from typing import Literal

from msgspec import Struct

from contract.datafile import Duration, read_toml

PACKAGED = Path(__file__).with_name("panel.toml")
ZERO = Duration(0)


class ButtonSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long is short, long, and help."""

    ignore_below: Duration
    long_from: Duration
    help_from: Duration
    again_within: Duration
    early_answer: Duration
    at_most_every: Duration

    def __post_init__(self) -> None:
        if not ZERO <= self.ignore_below < self.long_from < self.help_from:
            raise ValueError("ignore_below、long_from、help_from は、この順に長くしてください")


class MotionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often movement is worth an event."""

    at_most_every: Duration


class Light(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One color, steady or in a rhythm."""

    color: Literal["red", "green", "blue", "yellow", "white", "off"]
    on: Duration = ZERO
    off: Duration = ZERO

    def __post_init__(self) -> None:
        if (self.on > ZERO) != (self.off > ZERO):
            raise ValueError("on と off は両方そろえて書いてください")


class LightSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A light for each state of `device.panel.lights`, the most pressing first."""

    help_under_way: Light
    listening: Light
    asking: Light
    muted: Light
    fault: Light
    not_delivered: Light
    delivered: Light
    attentive: Light
    idle: Light

    def __post_init__(self) -> None:
        names = self.__struct_fields__
        for position, name in enumerate(names):
            for other in names[:position]:
                if getattr(self, name) == getattr(self, other):
                    raise ValueError(
                        f"[lights.{other}] と [lights.{name}] が同じ光です。違う色か、違う点滅にしてください"
                    )


class PanelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything of `panel.toml`."""

    button: ButtonSettings
    motion: MotionSettings
    lights: LightSettings


def load_panel_settings(path: Path | None = None) -> PanelSettings:
    """Read a panel file (the packaged one by default); raise `Refused` with the line that is wrong."""
    return read_toml(path or PACKAGED, PanelSettings)
