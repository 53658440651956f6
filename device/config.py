"""What one speaker is told by the file it starts from; everything about the resident comes from the hub."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from contract.datafile import Duration, line_of, read_toml
from contract.events import Device
from contract.refusal import Refused

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class ClockSource(StrEnum):
    """What the person who set the box up knows about its clock."""

    auto = "auto"
    """Ask the kernel whether network time has set it."""
    synced = "synced"
    """Always set by something we cannot ask, a virtual machine's host for example."""
    rtc = "rtc"
    """A battery-backed clock is fitted."""


class BrokerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the broker is, and who we are there."""

    host: Name
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    user: Name | None = None
    """The device id when absent."""
    password: str | None = None
    password_file: Path | None = None
    """First line is the password; read at every connection, so that a new one needs no restart."""
    ca_file: Path | None = None
    """TLS when given: who signed the broker's certificate."""
    certificate_file: Path | None = None
    key_file: Path | None = None
    keepalive: Duration = Duration(seconds=30)


class SoundConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sound cards by name, or a part of it; numbers change when something is plugged in. Empty: the system's own."""

    microphone: str = ""
    loudspeaker: str = ""


class RecognizerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which recognizer, and where its model lies."""

    models: Path | None = None
    """`contract.places.models_folder()` when absent."""
    prefer: str | None = None


Pin = Annotated[int, Meta(ge=0, le=27)]
"""A GPIO number of a Raspberry Pi's header, as in "GPIO17"; not the place on the header."""


class PanelConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which pins the panel is wired to. What is not named is not there."""

    button: Pin | None = None
    """Closes to ground while pressed."""
    mute_switch: Pin | None = None
    """Closes to ground while the microphone is to be deaf."""
    motion_sensor: Pin | None = None
    """High while something moves."""
    light: tuple[Pin, Pin, Pin] | None = None
    """Red, green and blue of one light; high is on."""
    settings: Path | None = None
    """A panel file of the box's own; the packaged one when absent."""

    def __post_init__(self) -> None:
        pins = [self.button, self.mute_switch, self.motion_sensor, *(self.light or ())]
        used = [pin for pin in pins if pin is not None]
        if len(set(used)) < len(used):
            raise ValueError("同じピンが二度使われています")

    @property
    def wired(self) -> bool:
        """Whether anything is connected at all."""
        return any(
            part is not None for part in (self.button, self.mute_switch, self.motion_sensor, self.light)
        )


class PrivacyConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of answers, for residents who agreed to that in writing; nothing otherwise."""

    audio_recipient: Name | None = None
    """Public key (`age1…`) that answers are encrypted to; without one no sound is ever kept."""
    keep_audio_for: Duration = Duration(days=7)


class DeviceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    device: Device
    broker: BrokerConfig
    data: Path
    """Folder of what must survive a power cut: events not yet acknowledged, what was asked, the last configuration."""
    clock: ClockSource = ClockSource.auto
    prompts: Path | None = None
    """A prompts file of the city's own; the packaged one when absent."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    sound: SoundConfig = SoundConfig()
    recognizer: RecognizerConfig = RecognizerConfig()
    panel: PanelConfig = PanelConfig()
    privacy: PrivacyConfig = PrivacyConfig()


def read_config(path: Path) -> DeviceConfig:
    """Read a device's file; relative paths in it count from its folder. Raise `Refused` naming the wrong line."""
    config = read_toml(path, DeviceConfig)
    base = path.parent
    broker = config.broker
    if broker.password is not None and broker.password_file is not None:
        _refuse(path, "broker.password_file", "password と password_file はどちらか一つにしてください")
    if (broker.certificate_file is None) != (broker.key_file is None):
        _refuse(path, "broker", "certificate_file と key_file は両方そろえて書いてください")
    if broker.certificate_file is not None and broker.ca_file is None:
        _refuse(path, "broker.certificate_file", "証明書を使うときは ca_file も書いてください")
    return msgspec.structs.replace(
        config,
        data=base / config.data,
        prompts=_under(base, config.prompts),
        broker=msgspec.structs.replace(
            broker,
            password_file=_under(base, broker.password_file),
            ca_file=_under(base, broker.ca_file),
            certificate_file=_under(base, broker.certificate_file),
            key_file=_under(base, broker.key_file),
        ),
        recognizer=msgspec.structs.replace(config.recognizer, models=_under(base, config.recognizer.models)),
        panel=msgspec.structs.replace(config.panel, settings=_under(base, config.panel.settings)),
    )


def _under(base: Path, path: Path | None) -> Path | None:
    return None if path is None else base / path


def _refuse(path: Path, key: str, what: str) -> None:
    line = line_of(path.read_text(encoding="utf-8"), key)
    raise Refused(f"{path} {line} 行目 ({key}): {what}。")
