"""Sound cards without a sound card: PulseAudio with two sinks that go nowhere, and ALSA names for their ends.

What is played on `speaker_out` can be recorded from its monitor, and what a resident plays on `resident_mouth` is what
the speaker's microphone `watch_mic` hears.
"""

import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

ALSA = """
pcm.watch_mic { type pulse device "resident_mouth.monitor" }
pcm.resident_out { type pulse device "resident_mouth" }
pcm.speaker_out { type pulse device "speaker" }
pcm.speaker_heard { type pulse device "speaker.monitor" }
pcm.default { type pulse }
"""


def why_not() -> str | None:
    """What this machine lacks for virtual sound cards; None when it lacks nothing."""
    if importlib.util.find_spec("pyaudio") is None:
        return "PyAudio is not installed (it needs portaudio19-dev; then: pip install -r lock/sound.txt)"
    if shutil.which("pulseaudio") is None:
        return "pulseaudio is not installed (apt-get install pulseaudio libasound2-plugins)"
    return None


class VirtualCards:
    """A PulseAudio of our own; `environment` lets PortAudio see its cards and no others."""

    def __init__(self, folder: Path, *, one_room: bool = False) -> None:
        folder.mkdir()
        self._one_room = one_room
        (folder / "asound.conf").write_text(ALSA)
        for name in ("run", "pulse", "state"):
            (folder / name).mkdir(mode=0o700)
        self._folder = folder
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "PULSE_RUNTIME_PATH": str(folder / "pulse"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }

    def __enter__(self) -> "VirtualCards":
        self.start()
        return self

    def start(self) -> None:
        """Plug all cards in."""
        (self._folder / "pulse" / "native").unlink(missing_ok=True)
        (self._folder / "pulse" / "pid").unlink(missing_ok=True)
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"]
        command += [
            "--realtime=no",
            "--high-priority=no",
            "-L",
            "module-native-protocol-unix auth-anonymous=1",
        ]
        for sink in ("resident_mouth rate=16000", "speaker rate=48000"):
            # Without norewinds half of all recordings are wrecked (measured).
            command += ["-L", f"module-null-sink sink_name={sink} channels=1 format=s16le norewinds=1"]
        if self._one_room:
            # What the loudspeaker says is heard by the microphone, as in a home.
            command += ["-L", "module-loopback source=speaker.monitor sink=resident_mouth latency_msec=50"]
        with (self._folder / "pulse.log").open("w") as log:
            environment = os.environ | self.environment
            self._server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        for _ in range(500):
            if (self._folder / "pulse" / "native").exists():
                return
            if self._server.poll() is not None:
                break
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"pulseaudio did not start: {(self._folder / 'pulse.log').read_text()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take all cards away at once."""
        self._server.kill()
        self._server.wait()
