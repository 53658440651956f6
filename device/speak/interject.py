"""Words that cannot wait: what the held button is about to do is said over whatever is being said."""

import threading
from collections.abc import Callable
from contextlib import suppress

from device.speak.loudspeaker import CutShort, Loudspeaker, SpeakerFault
from device.speak.voice import Clip


class SharedLoudspeaker:
    """A loudspeaker for two: who interjects cuts the other's sentence short, and that one is told so.

    `cut` is the flag that the real loudspeaker looks at while it plays.
    """

    def __init__(self, loudspeaker: Loudspeaker, cut: threading.Event) -> None:
        self._loudspeaker = loudspeaker
        self._cut = cut
        self._playing = threading.Lock()
        self._changed = threading.Condition()
        self._hushed = False

    def play(self, clip: Clip) -> None:
        """Play the whole clip; raise `CutShort` when somebody interjected, `SpeakerFault` when it was not heard."""
        with self._changed:
            if self._hushed:
                self._changed.wait_for(lambda: not self._hushed)
                raise CutShort
        with self._playing:
            self._loudspeaker.play(clip)

    def hush(self) -> None:
        """End what is being played, and keep the floor until `interject`, or `give_way` if there is nothing to say."""
        with self._changed:
            self._hushed = True
            self._cut.set()

    def give_way(self) -> None:
        """There was nothing to say after all."""
        with self._changed:
            self._hushed = False
            self._cut.clear()
            self._changed.notify_all()

    def interject(self, clip: Clip) -> None:
        """Play this in the place that `hush` made; raise `CutShort` when the next one could not wait."""
        with self._playing:
            self._cut.clear()
            self._loudspeaker.play(clip)


class Interjections:
    """Says the newest of what it is given, on a thread of its own: whoever watches a button must not wait for it."""

    def __init__(self, loudspeaker: SharedLoudspeaker) -> None:
        self._loudspeaker = loudspeaker
        self._changed = threading.Condition()
        self._next: Callable[[], Clip | None] | None = None
        self._ended = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="interjections", daemon=True)
        self._thread.start()

    def say(self, clip: Callable[[], Clip | None]) -> None:
        """Say what `clip` gives, now; a sentence of this kind that is not over yet gives way."""
        with self._changed:
            if not self._ended:
                self._next = clip
                self._loudspeaker.hush()
                self._changed.notify_all()

    def stop(self) -> None:
        """Say no more."""
        with self._changed:
            self._ended = True
            self._next = None
            self._changed.notify_all()
        if self._thread:
            self._thread.join(2.0)

    def _run(self) -> None:
        try:
            self._speak()
        finally:
            # Whatever ended this thread, the other sentences must not wait for it.
            with self._changed:
                self._ended = True
                self._loudspeaker.give_way()

    def _speak(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next or self._ended)
                make, self._next = self._next, None
            if make is None:
                return
            clip = make()
            if clip:
                # Nobody waits for these words, and the next real sentence reports a loudspeaker that is broken.
                with suppress(CutShort, SpeakerFault):
                    self._loudspeaker.interject(clip)
            with self._changed:
                if self._next is None:
                    self._loudspeaker.give_way()
