"""`mimamori device`, as a process of its own."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.commands import Command, CommandKind, Config
from contract.events import CheckIn, Fault, Outcome
from contract.places import models_folder
from contract.state import Presence
from provisioning.broker import Broker
from tests.device.home import eventually
from tests.device.hub_stand_in import HubStandIn

MIMAMORI = [sys.executable, "-m", "mimamori", "device", "--config"]


def write(folder: Path, port: int) -> Path:
    path = folder / "device.toml"
    path.write_text(
        f"""device = "sato-1"
data = "data"
clock = "synced"
[broker]
host = "127.0.0.1"
port = {port}
password_file = "password"
[sound]
microphone = "no such microphone"
loudspeaker = "no such loudspeaker"
[recognizer]
models = "{models_folder()}"
prefer = "whisper"
""",
        encoding="utf-8",
    )
    (folder / "password").write_text("sato-1\n")
    return path


PATIENCE = 130.0
"""Seconds; only a failure takes so long."""


@pytest.fixture
def running(tmp_path: Path, broker: Broker) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [*MIMAMORI, str(write(tmp_path, broker.port))], stdout=subprocess.DEVNULL, stderr=errors
        )
    yield process
    process.kill()
    process.wait()


@pytest.mark.models
def test_without_sound_cards_it_runs_says_so_and_reports_every_question_as_not_played(
    hub: HubStandIn, running: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    hub.wait_for_state(1, PATIENCE)
    hub.configure("sato-1", Config(revision=1, call_name="佐藤さん"))
    hub.order("sato-1", Command(id="c1", kind=CommandKind.ask_now))
    stored = hub.wait_for(3, 60.0)
    faults = {event.body.part: event.body.state for event in stored if isinstance(event.body, Fault)}
    assert faults == {"microphone": "broken", "speaker": "broken"}
    (check_in,) = [event.body for event in stored if isinstance(event.body, CheckIn)]
    assert check_in.outcome is Outcome.not_played
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
    assert hub.wait_for_state(2).presence is Presence.offline
    printed = (tmp_path / "stderr").read_text(encoding="utf-8")
    assert "Traceback" not in printed
    assert "佐藤" not in printed
    assert "再生できませんでした" in printed


@pytest.mark.models
def test_without_a_broker_it_keeps_trying_and_says_so_once(
    running: subprocess.Popen[bytes], broker: Broker, tmp_path: Path
) -> None:
    broker.stop()
    errors = tmp_path / "stderr"
    # Before it says anything it loads its models, which a cold disk may take a minute for.
    tried = eventually(lambda: "つながりません" in errors.read_text(encoding="utf-8"), PATIENCE)
    assert tried, (running.poll(), errors.read_text(encoding="utf-8"))
    broker.start()
    assert eventually(lambda: "につながりました" in errors.read_text(encoding="utf-8"), PATIENCE)
    assert len(re.findall("つながりません", errors.read_text(encoding="utf-8"))) == 1


def test_a_wrong_value_is_one_sentence_with_its_line_and_1(tmp_path: Path) -> None:
    path = write(tmp_path, 1883)
    path.write_text(path.read_text(encoding="utf-8").replace("port = 1883", "port = 99999"), encoding="utf-8")
    done = subprocess.run([*MIMAMORI, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "6 行目 (broker.port)" in done.stderr
