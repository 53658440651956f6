"""The panel at work: one thread that turns edges of the button into signs, and shows the light it is told to."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Literal

from device.panel.lights import LightState
from device.panel.pins import Pins
from device.panel.press import PressReader, Sign
from device.panel.settings import PanelSettings

LIGHT_SECONDS = 0.25
"""How often it is looked what the light should show."""

Edge = tuple[Literal["down", "up"], float]


class Panel:
    """Runs from `start` to `stop`."""

    def __init__(
        self, pins: Pins, settings: PanelSettings, counter: Callable[[], float] = time.monotonic
    ) -> None:
        self._pins = pins
        self._counter = counter
        self._reader = PressReader(settings.button)
        self.settings = settings
        self._edges: queue.SimpleQueue[Edge | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def muted(self) -> bool:
        """Whether the microphone's switch is off."""
        return self._pins.muted

    def start(
        self,
        on_sign: Callable[[Sign], None],
        on_busy: Callable[[bool], None],
        on_motion: Callable[[], None],
        light: Callable[[], LightState],
    ) -> None:
        """Begin to watch. Signs come on the panel's own thread; `on_busy` says whether a press is under way.

        `light` is asked a few times a second what to show.
        """
        self._thread = threading.Thread(
            target=self._run, args=(on_sign, on_busy, light), name="panel", daemon=True
        )
        self._thread.start()
        self._pins.watch(
            lambda: self._edges.put(("down", self._counter())),
            lambda: self._edges.put(("up", self._counter())),
            on_motion,
        )

    def stop(self) -> None:
        """End the thread, light out."""
        self._edges.put(None)
        if self._thread:
            self._thread.join(2.0)
        self._pins.close()

    def _run(
        self,
        on_sign: Callable[[Sign], None],
        on_busy: Callable[[bool], None],
        light: Callable[[], LightState],
    ) -> None:
        shown: LightState | None = None
        while True:
            look_at = self._reader.look_at
            patience = LIGHT_SECONDS if look_at is None else max(0.0, look_at - self._counter())
            try:
                edge = self._edges.get(timeout=min(LIGHT_SECONDS, patience))
            except queue.Empty:
                signs = self._reader.tick(self._counter())
            else:
                if edge is None:
                    return
                kind, at = edge
                signs = self._reader.down(at) if kind == "down" else self._reader.up(at)
            for sign in signs:
                on_sign(sign)
            on_busy(self._reader.busy)
            state = light()
            if state is not shown:
                shown = state
                self._pins.show(getattr(self.settings.lights, state))
