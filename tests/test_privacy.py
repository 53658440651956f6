"""Nothing of what the speaker is made of tells its maker about a home (P8)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("first", ["device.speak.openjtalk", "device.understand", "demo.play"])
def test_the_neural_runtime_leaves_no_identifier_and_reports_nothing(tmp_path: Path, first: str) -> None:
    # What onnxruntime writes when it may report: `.ses` in TMPDIR, a device id and a queue of events under HOME.
    clean = {key: value for key, value in os.environ.items() if key not in ("ORT_DISABLE_TELEMETRY", "CI")}
    subprocess.run(
        [sys.executable, "-c", f"import {first}, onnxruntime"],
        env={**clean, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        check=True,
        timeout=120,
    )

    assert list(tmp_path.rglob("*")) == []
