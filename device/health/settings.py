"""The numbers of the box's own health, from `health.toml`."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.commands import OfficeTime
from contract.datafile import Duration, read_toml

PACKAGED = Path(__file__).with_name("health.toml")

Hertz = Annotated[float, Meta(ge=100.0, le=4000.0)]
Decibels = Annotated[float, Meta(ge=-100.0, le=100.0)]


class SelfTestSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the tones are played, and when they count as heard."""

    before_first_slot: Duration
    again_after: Duration
    tones_hz: Annotated[list[Hertz], Meta(min_length=1, max_length=4)]
    each: Duration
    quiet: Duration
    volume: Annotated[float, Meta(gt=0.0, le=1.0)]
    above_room_db: Decibels
    at_least_dbfs: Decibels


class TelemetrySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often numbers are sent."""

    every: Duration


class FaultSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a fault may be said aloud."""

    said_from: OfficeTime
    said_until: OfficeTime
    line_down: Duration


class HealthSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything of `health.toml`."""

    selftest: SelfTestSettings
    telemetry: TelemetrySettings
    faults: FaultSettings


def load_health_settings(path: Path = PACKAGED) -> HealthSettings:
    """Read a health file; raise `Refused` with the line that is wrong."""
    return read_toml(path, HealthSettings)
