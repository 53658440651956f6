"""The topics of one device, `mimamori/1/{device}/{channel}`, and back again.

No segment ever holds a dot: NATS maps `/` to `.` and refuses topics that already have one.
"""

import re
from enum import StrEnum

from contract import VERSION

ROOT = f"mimamori/{VERSION}"

_DEVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")


class Channel(StrEnum):
    """The last segment of a topic."""

    event = "event"
    """Device to hub, QoS 1: everything that must not be lost."""
    sos = "sos"
    """Device to hub, QoS 1: a call for help, on its own path ahead of the outbox."""
    state = "state"
    """Device to hub, retained: the birth, and the will that says `lost`."""
    telemetry = "telemetry"
    """Device to hub, QoS 0: levels and temperatures, which may be lost."""
    ack = "ack"
    """Hub to device, QoS 0: ids that are stored; only then does the outbox delete them."""
    config = "config"
    """Hub to device, retained: name, slots, retries, voice."""
    command = "command"
    """Hub to device, QoS 1: ask now, say, self-test, update, locate."""


FROM_DEVICE = (Channel.event, Channel.sos, Channel.state, Channel.telemetry)


CHANNELS = {str(channel): channel for channel in Channel}
"""By the last part of a topic."""


class BadTopic(ValueError):
    """A topic that is none of ours."""


def check_device(device: str) -> str:
    """Return `device` unchanged if it can be a device id, else raise `BadTopic` saying what is allowed."""
    if not _DEVICE.fullmatch(device):
        raise BadTopic(
            f"device id {device!r}: use 1 to 48 of a-z, 0-9 and '-', starting with a letter or digit"
        )
    return device


def topic(device: str, channel: Channel) -> str:
    """The full topic of one channel of one device."""
    return f"{ROOT}/{check_device(device)}/{channel}"


def every_device(channel: Channel) -> str:
    """The subscription that hears one channel of all devices."""
    return f"{ROOT}/+/{channel}"


def parse(name: str) -> tuple[str, Channel]:
    """Split a topic into device id and channel; raise `BadTopic` if it is not one of ours."""
    prefix, _, rest = name.partition(f"{ROOT}/")
    device, slash, channel = rest.partition("/")
    known = CHANNELS.get(channel)
    if prefix or not slash or known is None:
        raise BadTopic(f"topic {name!r} is not {ROOT}/DEVICE/{'|'.join(Channel)}")
    return check_device(device), known
