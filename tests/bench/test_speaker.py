"""What a speaker costs is counted over the time that really passed, and a speaker that cannot start says why."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.speaker import core_share, ready
from bench.speaker_process import speak
from contract.refusal import Refused
from mimamori.main import app


class Times(NamedTuple):
    user: float
    system: float


class Worked:
    """A process whose core seconds are told."""

    def __init__(self, *seconds: float) -> None:
        self._seconds: Iterator[float] = iter(seconds)

    def cpu_times(self) -> Times:
        return Times(next(self._seconds), 0.5)


def test_the_share_of_a_core_is_work_over_the_time_that_really_passed() -> None:
    watch = iter([100.0, 112.0])  # asked to wait 10 s, and the machine took 12
    assert core_share(Worked(3.0, 3.6), 10.0, lambda _: None, lambda: next(watch)) == pytest.approx(0.05)


def test_a_speaker_without_a_model_says_so_to_whoever_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIMAMORI_MODELS", str(tmp_path / "none"))
    ours, theirs = multiprocessing.Pipe()
    speak(theirs, tmp_path, 1, "", np.zeros(16, dtype=np.int16), 1.0)
    with pytest.raises(Refused, match="mimamori provision models"):
        ready(ours)


def test_a_speaker_that_died_is_refused_in_words() -> None:
    ours, theirs = multiprocessing.Pipe()
    theirs.close()
    with pytest.raises(Refused, match="始まる前に止まりました"):
        ready(ours)


@pytest.mark.parametrize("wrong", [["--check-ins", "0"], ["--seconds", "1"]])
def test_a_measurement_of_nothing_is_a_usage_error(wrong: list[str]) -> None:
    assert CliRunner().invoke(app, ["bench", "speaker", *wrong]).exit_code == 2
