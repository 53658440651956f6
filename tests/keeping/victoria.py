"""Debian's VictoriaMetrics, which speaks InfluxDB 2's write API, as a server of its own for a test."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from provisioning.ports import Port

PROGRAM = shutil.which("victoria-metrics")
PATIENCE_SECONDS = 60.0


class Victoria:
    """Start, stop, start again at the same port on the same data."""

    def __init__(self, folder: Path) -> None:
        self._port = Port()
        self.port = self._port.number
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [
                PROGRAM,
                f"-httpListenAddr=127.0.0.1:{self.port}",
                f"-storageDataPath={self._folder}",
                "-retentionPeriod=100y",
                "-memory.allowedBytes=64MB",
                "-loggerLevel=ERROR",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._get("/health")
                return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < until
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    def series(self) -> dict[tuple[str, str], list[tuple[int, float]]]:
        """Metric and device to its (milliseconds, value)."""
        self._get("/internal/force_flush")
        found: dict[tuple[str, str], list[tuple[int, float]]] = {}
        for line in self._get("/api/v1/export?match[]=%7B__name__!=%22%22%7D").splitlines():
            row: dict[str, Any] = json.loads(line)
            labels = row["metric"]
            assert set(labels) <= {"__name__", "device", "db"}
            found[labels["__name__"], labels["device"]] = list(
                zip(row["timestamps"], row["values"], strict=True)
            )
        return found

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_SECONDS) as answer:
            text: str = answer.read().decode()
            return text
