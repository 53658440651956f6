"""To a store that speaks InfluxDB 2: batched, bounded, never in anybody's way.

Only ids leave: the tag of a line is the speaker's id, and no line holds a name or a word.
"""

import re
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import structlog

from hub.config import TelemetryConfig
from hub.telemetry.rollup import Reading, finite

ROOM = 20_000
"""Readings that wait while the store is away: an hour and a half of 1,000 speakers that tell every five minutes."""
BATCH = 500
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
PATIENCE_SECONDS = 10.0
GOODBYE_SECONDS = 3.0
MEASUREMENT = "speaker"
_HOPELESS = (400, 413, 422)
"""Answers to what is in the lines: the same lines again would get the same answer."""

_SPECIAL = re.compile(r"[,= \r\n\\]")

log = structlog.get_logger(__name__)


class Sink:
    """One InfluxDB-2-compatible store, and the thread that writes to it."""

    def __init__(self, config: TelemetryConfig) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS

        self._config = config
        self._client: Any = InfluxDBClient(
            url=config.url, token=config.token, org=config.org, timeout=int(PATIENCE_SECONDS * 1000)
        )
        self._api: Any = self._client.write_api(write_options=SYNCHRONOUS)
        self._waiting: deque[Reading] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="telemetry-sink", daemon=True)
        self.sent = 0
        """Readings it has taken."""
        self.dropped = 0
        """Readings lost: no room while it was away, or refused by it."""
        self.fault: str | None = None
        """Why nothing gets through, one sentence; None when the last batch did."""

    def start(self) -> None:
        """Write in the background until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Try once more to get rid of what waits, for a few seconds; the rest is counted as lost."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(GOODBYE_SECONDS + PATIENCE_SECONDS)
        self.dropped += len(self._waiting)
        self._client.close()

    def offer(self, readings: Sequence[Reading]) -> None:
        """Take readings along; the oldest go when there is no room: the newest say how a speaker is."""
        with self._changed:
            self._waiting.extend(readings)
            while len(self._waiting) > ROOM:
                self._waiting.popleft()
                self.dropped += 1
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Readings not yet written."""
        return len(self._waiting)

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._waiting)
                if self._stopping and (not self._waiting or self.fault is not None):
                    return
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            again = self._write(batch)
            if not again:
                pause = FIRST_PAUSE_SECONDS
                continue
            with self._changed:
                self._waiting.extendleft(reversed(batch))
                self._changed.wait_for(lambda: self._stopping, pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _write(self, batch: Sequence[Reading]) -> bool:
        """Whether the batch must be brought again."""
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        try:
            self._api.write(
                bucket=self._config.bucket,
                org=self._config.org,
                record=[written for one in batch if (written := line(one))],
                write_precision="ms",
            )
        except ApiException as error:
            if error.status in _HOPELESS:
                log.error("telemetry.refused", status=error.status, readings=len(batch))
                self.fault = (
                    f"時系列データベース {self._config.url} が記録を受け付けません ({error.status})。"
                )
                # Counted last: whoever sees the count finds the reason.
                self.dropped += len(batch)
                return False
            hint = (
                "token を確かめてください。"
                if error.status in (401, 403)
                else "bucket と org を確かめてください。"
            )
            self._away(str(error.status), hint if error.status and error.status < 500 else "")
            return True
        except (HTTPError, OSError) as error:
            self._away(type(error).__name__, "動いているか確かめてください。")
            return True
        self.fault = None
        self.sent += len(batch)
        return False

    def _away(self, what: str, hint: str) -> None:
        if self.fault is None:
            log.warning("telemetry.cannot_write", error=what)
        self.fault = f"時系列データベース {self._config.url} に書けません ({what})。{hint}"


def line(reading: Reading) -> str:
    """One line of InfluxDB's line protocol, in milliseconds; empty for a reading without numbers."""
    numbers = finite(reading.numbers)
    fields = ",".join(f"{_SPECIAL.sub(_escaped, name)}={float(value)!r}" for name, value in numbers.items())
    return (
        f"{MEASUREMENT},device={reading.device} {fields} {int(reading.at.timestamp() * 1000)}"
        if fields
        else ""
    )


def _escaped(found: "re.Match[str]") -> str:
    return "_" if found[0] in "\r\n" else f"\\{found[0]}"
