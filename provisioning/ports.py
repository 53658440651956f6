"""Ports of this machine for servers that have to be told theirs before they start, and keep it when they start again.

A port that was free a moment ago belongs to nobody: the system gives it to whoever asks next, and every outgoing
connection asks. So ours lie below those that the system gives away, and each is held by a name that no two programs can
have at once and that the kernel takes back when its holder dies. Names and ports belong to the same network namespace.
"""

import os
import random
import socket
import weakref
from collections.abc import Callable
from pathlib import Path

from contract.refusal import Refused

LOOPBACK = "127.0.0.1"
LOWEST = 15_000
HIGHEST = 32_000
"""Linux gives away those from 32,768 on unless it is told otherwise."""

_GIVEN_AWAY = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Port:
    """A TCP port of 127.0.0.1 at which nobody listens, kept from others who ask here for as long as this object lives."""

    def __init__(self) -> None:
        """Raise `Refused` when none is left."""
        candidates = list(_range())
        random.SystemRandom().shuffle(candidates)
        for number in candidates:
            name = _name(number)
            if name is not None:
                self.number = number
                """Between 1,024 and 65,535."""
                self.give_back: Callable[[], object] = weakref.finalize(self, name.close)
                """Let others have it already; safe to call twice."""
                return
        raise Refused("空いているポートがありません。ほかのプログラムを終えてから、始め直してください。")


def _name(number: int) -> socket.socket | None:
    """What holds the port, or None if somebody has it."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # A name that begins with a zero byte is no file: it lives as long as its socket.
        name.bind(f"\0mimamori-port-{number}")
    except OSError:
        name.close()
        return None
    if not _is_free(number):
        name.close()
        return None
    return name


def _is_free(number: int) -> bool:
    """Whether nobody listens there, and nobody did a minute ago."""
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, number))
        except OSError:
            return False
    return True


def _range() -> range:
    """Those below what the system gives away; where it gives nearly all of them away, some of those."""
    first_given = HIGHEST
    if os.access(_GIVEN_AWAY, os.R_OK):
        first_given = int(_GIVEN_AWAY.read_text(encoding="ascii").split()[0])
    return range(LOWEST, min(HIGHEST, first_given) if first_given > LOWEST + 1000 else HIGHEST)
