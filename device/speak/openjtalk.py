"""Open JTalk: the Japanese voice whose dictionary and sound come in its wheel, quick enough for any Pi."""

import numpy as np
import numpy.typing as npt

from device.speak.voice import RATE_OF_SPEECH, Clip

LOUDEST = 32767
"""int16. The engine's floats reach 38,400 and would wrap round into a crack."""


class OpenJTalkVoice:
    """`pyopenjtalk-plus` with its bundled voice; `half_tone` moves the pitch, 0 is the voice's own."""

    def __init__(self, half_tone: float = 0.0) -> None:
        self._half_tone = half_tone

    @property
    def name(self) -> str:
        """Engine, voice and pitch."""
        return f"openjtalk-mei{self._half_tone:+g}"

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:
        """Speak `text`; `rate` 1.0 is the voice's own pace. ValueError when there is nothing to say."""
        import pyopenjtalk

        if not text.strip():
            raise ValueError("there is nothing to say")
        sound, samples_per_second = pyopenjtalk.tts(text, speed=rate, half_tone=self._half_tone)
        return Clip(samples=clipped(sound), rate=samples_per_second)


def clipped(sound: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    """Floats on the int16 scale as int16, what is too loud held at the loudest; shape unchanged."""
    return np.clip(np.rint(sound), -LOUDEST, LOUDEST).astype(np.int16)
