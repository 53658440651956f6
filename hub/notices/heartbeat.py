"""A sign of life to an outside watcher: while the hub hears and sweeps, and not otherwise.

The watcher (any "dead man's switch" service, or the city's own monitor) calls somebody when the signs stop. That a
sign could not be given is told here as well, so that a wrong address is noticed before it matters.
"""

import urllib.error
import urllib.request
from datetime import datetime

import structlog
from sqlalchemy import Connection

from hub import agenda, pulse
from hub.notices.settings import Proof

log = structlog.get_logger(__name__)


class Heartbeat:
    """`beat` when it is time; `fault` says what stood in the way the last time."""

    def __init__(self, proof: Proof, timeout_seconds: float = 10.0) -> None:
        self._proof = proof
        self._timeout = timeout_seconds
        self._last: datetime | None = None
        self.fault: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether a sign is to be given."""
        if not self._proof.heartbeat:
            return False
        return self._last is None or now - self._last >= self._proof.heartbeat_every

    def may(self, conn: Connection, now: datetime) -> bool:
        """Whether the hub hears its homes and watches its clock; without that, silence is the right sign."""
        swept = pulse.last(conn, pulse.LAST_SWEEP)
        fresh = swept is not None and now - swept < self._proof.heartbeat_every
        return fresh and agenda.blind_since(conn) is None

    def beat(self, now: datetime) -> None:
        """Ask the address; what comes of it stands in `fault`. May take as long as the timeout."""
        self._last = now
        try:
            with urllib.request.urlopen(self._proof.heartbeat, timeout=self._timeout):
                self.fault = None
        except (OSError, ValueError) as error:
            code = error.code if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            log.warning("heartbeat.failed", answer=code)
            self.fault = (
                f"外の見張り (heartbeat) に合図を送れません ({code})。notices.toml の番地を確かめてください。"
            )
