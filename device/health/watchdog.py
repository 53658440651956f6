"""Tells systemd that the box lives, and only while it does (`Type=notify`, `WatchdogSec`); see sd_notify(3)."""

import os
import socket
import threading
from collections.abc import Mapping

import structlog

from device.health.vitals import Vitals

log = structlog.get_logger()

FEEDS = 3
"""How often within systemd's time it is fed."""


class Notifier:
    """A datagram to systemd's socket; nothing at all where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        # In another process's environment the time is not ours to keep.
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        micros = environment.get("WATCHDOG_USEC", "") if ours and self._address else ""
        self.watchdog_seconds: float | None = int(micros) / 1e6 if micros.isdigit() and int(micros) else None
        """Within which systemd wants to hear of us; None when it does not."""

    def tell(self, state: str) -> bool:
        """Send one state; whether somebody took it."""
        if not self._address:
            return False
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as there:
                there.connect(address)
                there.sendall(state.encode())
        except OSError as error:
            log.warning("notify_failed", why=error.strerror)
            return False
        return True


class Watchdog:
    """Feeds systemd's watchdog from a thread of its own while no part hangs."""

    def __init__(self, notifier: Notifier, vitals: Vitals) -> None:
        self._notifier = notifier
        self._vitals = vitals
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Say that the box is ready, and begin to feed if systemd asked for it."""
        self._notifier.tell("READY=1")
        if self._notifier.watchdog_seconds is not None:
            self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
            self._thread.start()

    def feed(self) -> bool:
        """One look; fed only when nothing hangs."""
        if hanging := self._vitals.hanging():
            log.error("hanging", parts=[str(organ) for organ in hanging])
            self._notifier.tell(f"STATUS=hanging: {', '.join(hanging)}")
            return False
        return self._notifier.tell("WATCHDOG=1")

    def stop(self) -> None:
        """The box is being switched off; that may take a moment, and is no reason to be killed."""
        self._ended.set()
        self._notifier.tell("STOPPING=1")
        if self._thread:
            self._thread.join(2.0)

    def _run(self) -> None:
        every = (self._notifier.watchdog_seconds or 30.0) / FEEDS
        while not self._ended.wait(every):
            self.feed()
