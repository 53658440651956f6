"""The mouth: sentences through voice and loudspeaker, at the resident's own pace and volume."""

import threading
from contextlib import suppress

import numpy as np

from device.speak.loudspeaker import Loudspeaker, SpeakerFault
from device.speak.voice import RATE_OF_SPEECH, Clip, Voice

PLAIN_RATE = 0.8
"""Times the usual rate, when the resident asked to hear it again."""
PLAIN_VOLUME = 1.25
"""Times the usual volume, up to the full one."""
QUIETEST = 0.05
"""A volume below this is no prompt anybody could hear (P2)."""


class Unspeakable(Exception):
    """The voice can make no sound of a text: only signs, only an emoji."""


class Mouth:
    """Speaks; `rate` and `volume` follow the hub's configuration."""

    def __init__(self, voice: Voice, loudspeaker: Loudspeaker) -> None:
        self._voice = voice
        self._loudspeaker = loudspeaker
        self._rendering = threading.Lock()
        self.rate = RATE_OF_SPEECH
        self.volume = 0.8
        self.gain_db = 0.0
        """What this home needs on top of that."""

    def say(self, texts: list[str], *, plainly: bool = False) -> None:
        """Speak them one after the other, slower and louder if `plainly`.

        Raises `SpeakerFault` when it cannot have been heard, `Unspeakable` when there is nothing to hear.
        """
        volume = min(1.0, self._volume * (PLAIN_VOLUME if plainly else 1.0))
        if volume < QUIETEST:
            raise SpeakerFault(f"the volume is {volume:.2f}")
        for text in texts:
            clip = self._render(text, self.rate * PLAIN_RATE if plainly else self.rate)
            self._loudspeaker.play(_louder(clip, volume))

    @property
    def _volume(self) -> float:
        """The hub's, as this home needs it; what the hub turned off stays off."""
        if self.volume < QUIETEST:
            return self.volume
        return float(np.clip(self.volume * 10.0 ** (self.gain_db / 20.0), QUIETEST, 1.0))

    def clip(self, text: str) -> Clip | None:
        """One sentence ready to play, for whoever has a way of its own to the loudspeaker; from any thread."""
        with suppress(Unspeakable, SpeakerFault):
            return _louder(self._render(text, self.rate), max(QUIETEST, self._volume))
        return None

    def prepare(self, text: str) -> None:
        """Render one sentence ahead, for a voice that keeps what it rendered."""
        with suppress(Unspeakable, SpeakerFault):
            self._render(text, self.rate)

    def _render(self, text: str, rate: float) -> Clip:
        try:
            with self._rendering:
                clip = self._voice.render(text, rate)
        except ValueError as error:
            raise Unspeakable(str(error)) from error
        if not clip.samples.size:
            raise Unspeakable("the clip is empty")
        return clip


def _louder(clip: Clip, volume: float) -> Clip:
    scaled = np.rint(clip.samples.astype(np.float32) * volume)
    return Clip(np.clip(scaled, -32768, 32767).astype(np.int16), clip.rate)
