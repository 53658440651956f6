"""The loudspeaker on a real sound card."""

import threading
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from device.soundcard import DRIVER, POLL_SECONDS, NoSoundCard, Pause, find_card, port_audio
from device.speak.loudspeaker import CutShort, SpeakerFault
from device.speak.voice import Clip

BLOCK = 4096
"""Frames a write; smaller blocks crackle on a slow machine."""
PAD_SECONDS = 0.3
"""Silence after the last word. A stream that is stopped drops what it has not played yet (measured on PulseAudio:
0.75 s), so it is stopped in the middle of this."""
PATIENCE_SECONDS = 2.0
"""A card that takes no more sound for so long plays nothing."""


class PyAudioLoudspeaker:
    """Plays on the card called `name` ("" is the system's choice), which is looked for anew at every clip.

    Setting `cut` ends a clip at once.
    """

    def __init__(self, name: str = "", pause: Pause = time.sleep, cut: threading.Event | None = None) -> None:
        self._name = name
        self._pause = pause
        self._cut = cut or threading.Event()

    def play(self, clip: Clip) -> None:
        """Play the whole clip and return when it has ended.

        Raises `SpeakerFault` when it cannot have been heard, `CutShort` when `cut` was set meanwhile.
        """
        if not clip.samples.size:
            raise ValueError("an empty clip cannot be heard")
        try:
            with port_audio() as audio:
                with DRIVER:
                    stream, rate = _open(audio, find_card(audio, "output", self._name), clip.rate)
                try:
                    pad = max(round(PAD_SECONDS * rate), 2 * BLOCK)
                    self._write(stream, _padded(clip, rate, pad), pad)
                finally:
                    with DRIVER:
                        stream.close()
        except NoSoundCard as missing:
            raise SpeakerFault(str(missing)) from missing
        except OSError as error:
            raise SpeakerFault(f"the sound card stopped: {error}") from error

    def _write(self, stream: Any, samples: npt.NDArray[np.int16], pad: int) -> None:
        capacity = stream.get_write_available()
        room = min(BLOCK, capacity) or BLOCK
        for start in range(0, samples.size, room):
            self._wait_for(stream, room)
            stream.write(samples[start : start + room].tobytes())
        self._wait_for(stream, capacity - pad // 2)

    def _wait_for(self, stream: Any, room: int) -> None:
        """Wait until so many frames of the card's buffer are free, which is until they have been played."""
        before, waited = stream.get_write_available(), 0.0
        if self._cut.is_set():
            raise CutShort
        while (free := stream.get_write_available()) < room:
            if waited >= PATIENCE_SECONDS:
                raise SpeakerFault("the sound card takes no more sound")
            self._pause(POLL_SECONDS)
            if self._cut.is_set():
                raise CutShort
            waited = 0.0 if free > before else waited + POLL_SECONDS
            before = free


def _open(audio: Any, card: dict[str, Any], rate: int) -> tuple[Any, int]:
    """An output stream and its rate: the clip's if the card can, else the card's own."""
    import pyaudio

    options = {"format": pyaudio.paInt16, "channels": 1, "output": True, "frames_per_buffer": BLOCK}
    options["output_device_index"] = card["index"]
    try:
        return audio.open(rate=rate, **options), rate
    except OSError:
        own = int(card["defaultSampleRate"])
        return audio.open(rate=own, **options), own


def _padded(clip: Clip, rate: int, pad: int) -> npt.NDArray[np.int16]:
    samples = clip.samples
    if rate != clip.rate:
        resampled = soxr.resample(samples.astype(np.float32), clip.rate, rate)
        samples = np.clip(np.rint(resampled), -32767, 32767).astype(np.int16)
    return np.concatenate([samples, np.zeros(pad, dtype=np.int16)])
