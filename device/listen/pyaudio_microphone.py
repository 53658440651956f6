"""The microphone on a real sound card."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
import soxr
import structlog

from device.listen.microphone import FRAME, RATE, MicrophoneFault, Samples
from device.listen.settings import MicrophoneSettings, load_settings
from device.soundcard import DRIVER, POLL_SECONDS, NoSoundCard, Pause, find_card, port_audio

log = structlog.get_logger()


def never_muted() -> bool:
    """For a box without a switch."""
    return False


class PyAudioMicrophone:
    """Captures from the card called `name` ("" is the system's choice).

    A card that vanishes is looked for again by its name, a few times with growing pauses, before it is a fault.
    """

    def __init__(
        self,
        name: str = "",
        settings: MicrophoneSettings | None = None,
        switch: Callable[[], bool] = never_muted,
        pause: Pause = time.sleep,
    ) -> None:
        self._name = name
        self._settings = settings or load_settings().microphone
        self._switch = switch
        self._pause = pause
        self._held = ExitStack()
        self._stream: Any = None
        self.overflows = 0
        """How often sound was lost because nobody fetched it in time, since this object was made."""
        self.reopened = 0
        """How often the card had to be opened anew in the middle of listening."""

    @property
    def muted(self) -> bool:
        """Whether the resident's switch is off."""
        return self._switch()

    def open(self) -> None:
        """Start to capture; raise `MicrophoneFault` when the card cannot be opened after all the pauses."""
        pauses = [length.total_seconds() for length in self._settings.reopen_after]
        for wait in (*pauses, None):
            try:
                with DRIVER:
                    self._open()
                return
            except (NoSoundCard, OSError) as error:
                self.close()
                if wait is None:
                    raise MicrophoneFault(str(error)) from error
            self._pause(wait)

    def close(self) -> None:
        """Stop to capture. Harmless when it is not open."""
        self._stream = None
        with DRIVER:
            self._held.close()

    def frame(self) -> Samples:
        """The next `FRAME` samples; raise `MicrophoneFault` when none come, and the card cannot be opened anew."""
        try:
            return self._frame()
        except OSError:
            log.warning("microphone_lost")
            self.close()
            self.open()
            self.reopened += 1
        try:
            return self._frame()
        except OSError as error:
            raise MicrophoneFault(str(error)) from error

    def _open(self) -> None:
        audio = self._held.enter_context(port_audio())
        import pyaudio

        card = find_card(audio, "input", self._name)
        options = {
            "format": pyaudio.paInt16,
            "channels": 1,
            "input": True,
            "input_device_index": card["index"],
        }
        try:
            self._rate = RATE
            self._stream = audio.open(rate=RATE, frames_per_buffer=FRAME, **options)
        except OSError:
            self._rate = int(card["defaultSampleRate"])  # some cards know one rate only
            block = FRAME * self._rate // RATE
            self._stream = audio.open(rate=self._rate, frames_per_buffer=block, **options)
        self._held.callback(self._stream.close)
        self._resample = (
            soxr.ResampleStream(self._rate, RATE, 1, dtype="int16") if self._rate != RATE else None
        )
        self._ready = np.zeros(0, dtype=np.int16)

    def _frame(self) -> Samples:
        if self._stream is None:
            raise MicrophoneFault("the microphone is not open")
        while self._ready.size < FRAME:
            self._ready = np.concatenate([self._ready, self._read()])
        frame, self._ready = self._ready[:FRAME], self._ready[FRAME:]
        return frame

    def _read(self) -> Samples:
        """What the card has next, at `RATE`. A card that falls silent without an error must not hold us for ever."""
        import pyaudio

        block = FRAME * self._rate // RATE
        waited, patience = 0.0, self._settings.silent_card_after.total_seconds()
        while self._stream.get_read_available() < block:
            if waited >= patience:
                raise OSError("the sound card gives nothing")
            self._pause(POLL_SECONDS)
            waited += POLL_SECONDS
        try:
            raw = self._stream.read(block, exception_on_overflow=True)
        except OSError as error:
            if error.errno != pyaudio.paInputOverflowed:
                raise
            self.overflows += 1
            raw = self._stream.read(block, exception_on_overflow=False)
        samples = np.frombuffer(raw, dtype=np.int16)
        if self._resample is None:
            return samples
        resampled: Samples = self._resample.resample_chunk(samples)
        return resampled
