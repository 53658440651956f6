"""Our voices as drivers of pyttsx3, for programs that speak through it: `pyttsx3.init("openjtalk")` after `register`.

pyttsx3 looks for a module of that name; ours has no file. Its loop is fed before it runs, and from the second
`runAndWait` on `endLoop` comes before `startLoop`, so a driver drains its queue in `startLoop` whatever came before.
"""

import sys
import types
import wave
from collections import deque
from collections.abc import Callable
from typing import Any

from device.speak.loudspeaker import CutShort, Loudspeaker, SpeakerFault
from device.speak.voice import RATE_OF_SPEECH, Voice

WORDS_PER_MINUTE = 200.0
"""pyttsx3's usual rate; here it is a voice's own pace."""

Driver = Any
"""What pyttsx3 calls; it has no types of its own."""


def register(voices: dict[str, Callable[[], Voice]], loudspeaker: Loudspeaker) -> None:
    """Make each voice known to pyttsx3 under its key, speaking through `loudspeaker`."""
    for name, make in voices.items():
        module = types.ModuleType(f"pyttsx3.drivers.{name}")
        module.__dict__["buildDriver"] = lambda proxy, make=make: VoiceDriver(proxy, make(), loudspeaker)
        sys.modules[module.__name__] = module


class VoiceDriver:
    """pyttsx3's side of one voice. The names of the methods are pyttsx3's."""

    def __init__(self, proxy: Driver, voice: Voice, loudspeaker: Loudspeaker) -> None:
        self._proxy = proxy
        self._voice = voice
        self._loudspeaker = loudspeaker
        self._waiting: deque[tuple[str, str | None]] = deque()
        self._properties: dict[str, object] = {
            "rate": WORDS_PER_MINUTE * RATE_OF_SPEECH,
            "volume": 1.0,
            "voice": voice.name,
            "voices": [voice.name],
        }
        self._stopped = False

    def say(self, text: str) -> None:
        """Take one sentence; it is spoken in the loop."""
        self._waiting.append((text, None))

    def save_to_file(self, text: str, filename: str) -> None:
        """Take one sentence for a wav file; it is written in the loop."""
        self._waiting.append((text, filename))

    def stop(self) -> None:
        """Say nothing more of what waits; called before each `endLoop` too, which takes it back."""
        self._stopped = True

    def startLoop(self) -> None:
        """Speak everything that waits, then return."""
        self._proxy.setBusy(False)  # hands over what was queued while no loop ran
        if self._stopped:
            self._waiting.clear()
            self._stopped = False
        while self._waiting:
            text, filename = self._waiting.popleft()
            self._speak(text, filename)

    def endLoop(self) -> None:
        """Nothing runs once `startLoop` has returned."""
        self._stopped = False

    def iterate(self) -> Any:
        """One sentence a turn, for a loop of the caller's."""
        while True:
            if self._waiting:
                self._speak(*self._waiting.popleft())
            yield

    def getProperty(self, name: str) -> object:
        """A property's value; KeyError when there is no such one."""
        return self._properties[name]

    def setProperty(self, name: str, value: object) -> None:
        """Set rate (words a minute) or volume (0 to 1); KeyError when there is no such property."""
        if name not in self._properties:
            raise KeyError(f"unknown property {name}")
        if name in ("rate", "volume"):
            self._properties[name] = value

    def destroy(self) -> None:
        """Nothing is held."""

    def _speak(self, text: str, filename: str | None) -> None:
        self._proxy.notify("started-utterance")
        completed = True
        try:
            rate = float(str(self._properties["rate"])) / WORDS_PER_MINUTE
            clip = self._voice.render(text, min(2.0, max(0.5, rate)))
            clip = clip.at_volume(min(1.0, max(0.0, float(str(self._properties["volume"])))))
            if filename is None:
                self._loudspeaker.play(clip)
            else:
                with wave.open(filename, "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(clip.rate)
                    file.writeframes(clip.samples.tobytes())
        except (ValueError, OSError, SpeakerFault, CutShort) as error:
            completed = False
            self._proxy.notify("error", exception=error)
        self._proxy.notify("finished-utterance", completed=completed)
