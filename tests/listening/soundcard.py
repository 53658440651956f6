"""Sound cards without a sound card: PulseAudio with two sinks that go nowhere, and ALSA names for their ends.

What is played on `speaker_out` can be recorded from its monitor, and what a resident plays on `resident_mouth` is what
the speaker's microphone `watch_mic` hears.
"""

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def virtual_sound_cards(folder: Path) -> Iterator[dict[str, str]]:
    """Run a PulseAudio of our own in `folder` and give the environment in which PortAudio sees only its cards."""
    (folder / "asound.conf").write_text(ALSA)
    for name in ("run", "pulse", "state"):
        (folder / name).mkdir(mode=0o700)
    environment = {
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "PULSE_RUNTIME_PATH": str(folder / "pulse"),
        "PULSE_STATE_PATH": str(folder / "state"),
        "PULSE_SERVER": f"unix:{folder}/pulse/native",
        "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
    }
    sinks = ("resident_mouth rate=16000", "speaker rate=48000")
    command = [
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--disable-shm=yes",
        "--realtime=no",
    ]
    command += ["--high-priority=no", "-L", "module-native-protocol-unix auth-anonymous=1"]
    for sink in sinks:
        command += ["-L", f"module-null-sink sink_name={sink} channels=1 format=s16le norewinds=1"]
    with (folder / "pulse.log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        try:
            for _ in range(200):
                if (folder / "pulse" / "native").exists() or server.poll() is not None:
                    break
                time.sleep(0.02)
            else:
                raise RuntimeError(f"pulseaudio did not start: {(folder / 'pulse.log').read_text()}")
            yield environment
        finally:
            server.terminate()
            server.wait(timeout=10)
