"""Two voices: the second speaks when the first cannot, and that is never kept secret."""

import structlog

from device.speak.loudspeaker import SpeakerFault
from device.speak.voice import RATE_OF_SPEECH, Clip, Voice

log = structlog.get_logger()


class LastResort:
    """The voice that is wanted, and the one that is left. What the first rendered ahead is still played from its cache."""

    def __init__(self, wanted: Voice, left: Voice) -> None:
        self._wanted = wanted
        self._left = left
        self.broken: str | None = None
        """Why the wanted voice does not speak; None while it does."""

    @property
    def name(self) -> str:
        """The wanted voice's."""
        return self._wanted.name

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:
        """Speak `text`; ValueError when there is nothing to say, `SpeakerFault` when no voice is left."""
        try:
            clip = self._wanted.render(text, rate)
        except (ImportError, OSError, RuntimeError) as error:
            if self.broken is None:
                log.error("voice_broken", voice=self._wanted.name, why=str(error))
            self.broken = f"{self._wanted.name} does not speak ({error}); {self._left.name} does"
            return self._render_with_the_other(text, rate)
        self.broken = None
        return clip

    def _render_with_the_other(self, text: str, rate: float) -> Clip:
        try:
            return self._left.render(text, rate)
        except (ImportError, OSError, RuntimeError) as error:
            raise SpeakerFault(f"no voice is left: {error}") from error
