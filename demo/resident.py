"""Somebody who lives in a room: hears what the speaker said, and answers by the household's rules."""

import threading
from collections.abc import Callable, Mapping

from demo.cast import Household
from demo.room import Reply
from demo.voices import Utterance
from device.listen.microphone import Samples
from device.steps import Asked, Said, Step


class Resident:
    """Answers the last thing that was said; silence where no rule fits."""

    def __init__(
        self,
        household: Household,
        voices: Mapping[Utterance, Samples],
        on_reply: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._household = household
        self._voices = voices
        self._on_reply = on_reply
        self._heard = ""
        self._times: dict[str, int] = {}
        self._lock = threading.Lock()

    def watch(self, step: Step) -> None:
        """Follow what left the loudspeaker; everything else is not heard."""
        if isinstance(step, Asked | Said):
            with self._lock:
                self._heard = step.text

    def answer(self) -> Reply | None:
        """What to say now that the speaker listens."""
        with self._lock:
            rule = next((each for each in self._household.replies if each.when in self._heard), None)
            if rule is None:
                return None
            times = self._times.get(rule.when, 0)
            self._times[rule.when] = times + 1
        words = rule.say[min(times, len(rule.say) - 1)]
        self._on_reply(words)
        said = self._voices[Utterance(words, self._household.voice, self._household.speed)]
        return Reply(said, self._household.delay_s)
