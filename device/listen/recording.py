"""A recording instead of a room: sound files read as the microphone would have heard them."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from device.listen.microphone import FRAME, RATE, Samples

READ_SECONDS = 60.0
"""More than the ear ever listens to; a file of hours must not fill the memory."""

HISS = 8.0
"""Standard deviation of the noise that stands for the room where a file is exactly silent, on the int16 scale.

-72 dB of full scale, far below speech. Without it the end of a file would look like a dead microphone.
"""
LOUDEST_HISS = 60.0
"""-55 dB: the room after the end of a noisy recording. Louder, it could keep the endpointer from hearing the end."""


class BadRecording(Exception):
    """The file cannot be listened to; the message is one Japanese sentence."""


def shown(path: Path) -> str:
    """A file's name as text that can be printed and put into JSON, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def read_recording(path: Path) -> Samples:
    """Read a wav or flac file of any rate and number of channels as mono at `RATE`, shape (n,), n > 0.

    Raises `BadRecording`.
    """
    try:
        if path.stat().st_size == 0:
            raise BadRecording(f"{shown(path)} は中身が空 (0 バイト) です。録音し直してください。")
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            sound = file.read(round(READ_SECONDS * rate), dtype="float32", always_2d=True)
    except FileNotFoundError:
        raise BadRecording(f"{shown(path)} がありません。ファイルの場所を確かめてください。") from None
    except OSError as error:
        raise BadRecording(
            f"{shown(path)} を読めません ({error.strerror})。場所と権限を確かめてください。"
        ) from error
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise BadRecording(
            f"{shown(path)} は音声ファイルとして読めません。wav か flac にしてください。"
        ) from error
    if not len(sound):
        raise BadRecording(f"{shown(path)} の長さは 0 秒です。録音し直してください。")
    if not np.isfinite(sound).all():
        raise BadRecording(f"{shown(path)} には数でない値が入っています。録音し直してください。")
    return _as_heard(sound.mean(axis=1), rate, path)


def _as_heard(sound: npt.NDArray[np.float32], rate: int, path: Path) -> Samples:
    if np.ptp(sound) * 32768.0 < 1.0:
        raise BadRecording(
            f"{shown(path)} には音が入っていません (ずっと無音です)。マイクを確かめて録音し直してください。"
        )
    if rate != RATE:
        sound = soxr.resample(sound, rate, RATE)
    if not sound.size:
        raise BadRecording(f"{shown(path)} は短すぎます。録音し直してください。")
    samples: Samples = np.clip(np.rint(sound * 32768.0), -32768, 32767).astype(np.int16)
    return samples


class FileMicrophone:
    """Gives a recording frame by frame, as fast as it is asked for, and then a quiet room without end."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._at = 0
        self._noise = np.random.default_rng(0)
        self._hiss = hiss_of(samples)

    @property
    def muted(self) -> bool:
        """Never: a recording has no switch."""
        return False

    def open(self) -> None:
        """Go to the beginning."""
        self._at = 0

    def close(self) -> None:
        """Nothing to let go of."""

    def frame(self) -> Samples:
        """The next `FRAME` samples. Exact silence is given the hiss of a room."""
        frame = np.zeros(FRAME, dtype=np.int16)
        here = self._samples[self._at : self._at + FRAME]
        frame[: here.size] = here
        self._at += FRAME
        if np.ptp(frame) == 0:
            hiss = HISS if here.size else self._hiss
            frame = np.rint(self._noise.normal(0.0, hiss, FRAME)).astype(np.int16)
        return frame


def hiss_of(samples: Samples) -> float:
    """How much a recording's room hisses: the quietest tenth of its frames, within `HISS` and `LOUDEST_HISS`."""
    whole = samples[: samples.size - samples.size % FRAME].reshape(-1, FRAME).astype(np.float64)
    if not len(whole):
        return HISS
    quiet = float(np.percentile(np.sqrt(np.mean(np.square(whole), axis=1)), 10))
    return min(LOUDEST_HISS, max(HISS, quiet))
