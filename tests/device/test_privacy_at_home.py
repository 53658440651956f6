"""P8: sound is nowhere, words are nowhere but in events with consent, and what consent allows is sealed and ends."""

import io
import os
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyrage
import pytest
import soundfile

from contract.commands import Config, SlotPlan
from contract.events import CheckIn
from contract.refusal import Refused
from device.fittings import Fittings
from device.listen.kept_audio import AudioArchive, KeepingRecognizer
from device.steps import AskingEnded, ConfigTaken, EventAcked, Said
from tests.clock import TravellingClock, office
from tests.device.conftest import Box
from tests.device.home import MEANINGS
from tests.device.hub_stand_in import HubStandIn, changed
from tests.listening.doubles import Notebook

SECRET = "ゆんべ、ひみつの電話があった"
HOME = Config(revision=1, call_name="佐藤さん", slots=[SlotPlan(name="morning", at="08:00")])
KEY = pyrage.x25519.Identity.generate()


def on_disk(*folders: Path) -> bytes:
    return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def test_after_a_morning_neither_words_nor_names_nor_sound_are_on_the_disk_or_in_the_logs(
    hub: HubStandIn,
    box: Box,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    hub.configure("sato-1", HOME)
    box.resident.lines.extend([SECRET, SECRET, SECRET, "助けて、倒れた"])
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(AskingEnded)
    box.clock.travel(office("2026-11-24 08:10"))
    box.watcher.wait_for(AskingEnded, 2)
    box.watcher.wait_for(EventAcked, 3)
    box.switch_off()
    printed = capsys.readouterr()
    logged = printed.out + printed.err
    kept = on_disk(box.config.data, temporary)
    for word in (SECRET, "ひみつ", "助けて、倒れた"):
        assert word.encode() not in kept
        assert word not in logged
    assert "佐藤" not in logged
    assert "command" in logged or "line_up" in logged, "nothing was logged at all"
    assert list(temporary.iterdir()) == []
    assert {path.name for path in box.config.data.iterdir()} <= {
        "store.db",
        "store.db-wal",
        "store.db-shm",
        "lock",
        "sos",
    }
    assert "ひみつ".encode() not in (tmp_path / "hub.db").read_bytes()


@pytest.mark.parametrize("consent", [False, True])
def test_words_leave_the_home_only_with_consent(
    hub: HubStandIn, box: Box, consent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEANINGS, SECRET, MEANINGS["えらいで、ちょっと寝とる"])
    hub.configure("sato-1", changed(HOME, share_text=consent))
    box.resident.lines.append(SECRET)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(AskingEnded)
    box.watcher.wait_for(Said)
    (check_in,) = [event.body for event in hub.wait_for(1) if isinstance(event.body, CheckIn)]
    assert check_in.text == (SECRET if consent else None)


# ---- kept with consent ----------------------------------------------------------------------------------------


def archive(folder: Path, clock: TravellingClock) -> AudioArchive:
    return AudioArchive(folder / "kept", str(KEY.to_public()), timedelta(days=7), clock)


def answer(made: AudioArchive) -> None:
    utterance = KeepingRecognizer(Notebook("元気です"), made).utterance()
    for piece in np.split(np.arange(5120, dtype=np.int16), 10):
        utterance.accept(piece)
    utterance.finish()


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "kept").glob("*"))


def test_without_consent_nothing_is_kept(tmp_path: Path) -> None:
    clock = TravellingClock()
    made = archive(tmp_path, clock)
    answer(made)
    made.tick(False, clock.now())
    answer(made)
    assert kept(tmp_path) == []


def test_with_consent_an_answer_is_sealed_for_the_office_and_for_nobody_else(tmp_path: Path) -> None:
    clock = TravellingClock()
    made = archive(tmp_path, clock)
    made.tick(True, clock.now())
    answer(made)
    (path,) = kept(tmp_path)
    sealed = path.read_bytes()
    assert b"fLaC" not in sealed
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [pyrage.x25519.Identity.generate()])
    sound, rate = soundfile.read(io.BytesIO(pyrage.decrypt(sealed, [KEY])), dtype="int16")
    assert rate == 16_000
    assert np.array_equal(sound, np.arange(5120))


def test_what_was_kept_ends_after_its_days(tmp_path: Path) -> None:
    clock = TravellingClock()
    made = archive(tmp_path, clock)
    made.tick(True, clock.now())
    answer(made)
    clock.forward(days=3)
    answer(made)
    made.tick(True, clock.now())
    assert len(kept(tmp_path)) == 2
    clock.forward(days=4, minutes=1)
    made.tick(True, clock.now())
    assert len(kept(tmp_path)) == 1


def test_a_consent_taken_back_takes_everything_along(tmp_path: Path) -> None:
    clock = TravellingClock()
    made = archive(tmp_path, clock)
    made.tick(True, clock.now())
    answer(made)
    made.tick(False, clock.now())
    assert kept(tmp_path) == []


def test_a_disk_that_takes_no_sound_keeps_nobody_from_being_heard(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file in the way")
    clock = TravellingClock()
    made = archive(tmp_path, clock)
    made.tick(True, clock.now())
    answer(made)


def test_a_key_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="audio_recipient"):
        AudioArchive(tmp_path, "age1nope", timedelta(days=1), TravellingClock())


def test_the_hubs_tick_decides_in_a_running_home(hub: HubStandIn, box: Box) -> None:
    made = archive(box.config.data, box.clock)
    box.fittings = Fittings(archive=made)
    hub.configure("sato-1", changed(HOME, keep_audio=True))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    hub.order("sato-1", b'{"id": "c1", "kind": "locate"}')
    box.watcher.wait_for(Said)
    answer(made)
    assert len(kept(box.config.data)) == 1
    hub.configure("sato-1", changed(changed(HOME)))
    box.watcher.wait_for(ConfigTaken, 2)
    hub.order("sato-1", b'{"id": "c2", "kind": "locate"}')
    box.watcher.wait_for(Said, 2)
    assert kept(box.config.data) == []


# ---- core dumps -----------------------------------------------------------------------------------------------

FALLS = """
import ctypes, resource
from device.privacy import forbid_core_dumps
forbid_core_dumps()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True)
ctypes.string_at(0)
"""


def test_a_process_that_falls_leaves_no_memory_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FALLS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONFAULTHANDLER": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGSEGV
    assert done.stdout.split() == ["0", "0"]
    assert list(tmp_path.iterdir()) == []
