"""The box looks after itself and its panel: one start, one stop, and one look at every tick of the speaker."""

from collections.abc import Callable
from datetime import datetime

from contract.events import Body, Event
from device.agreement import Agreement
from device.fittings import Fittings
from device.health.vitals import SCHEDULER_SECONDS, Organ
from device.health.watchdog import Notifier, Watchdog
from device.line.link import Link
from device.line.outbox import Outbox
from device.line.post import Post
from device.memory import Memory
from device.panel.attendant import Attendant
from device.speak.interject import Interjections, SharedLoudspeaker
from device.speak.loudspeaker import Loudspeaker
from device.steps import Step
from device.talk.dialogue import Dialogue
from device.talk.mouth import Mouth
from device.talk.prompts import Prompts
from device.timekeeper import Timekeeper
from device.upkeep import Upkeep


class House:
    """Everything about the box that is no conversation."""

    def __init__(
        self,
        fittings: Fittings,
        *,
        loudspeaker: Loudspeaker,
        mouth: Mouth,
        prompts: Prompts,
        clock: Timekeeper,
        memory: Memory,
        outbox: Outbox,
        post: Post,
        link: Link,
        upkeep: Upkeep,
        dialogue: Dialogue,
        emit: Callable[[Body], Event],
    ) -> None:
        self._fittings = fittings
        self._upkeep = upkeep
        self._dialogue = dialogue
        self._link = link
        self._emit = emit
        self._watchdog = Watchdog(Notifier(), fittings.vitals)
        self._attendant: Attendant | None = None
        microphone, panel = fittings.microphone, fittings.panel
        if panel:
            if not isinstance(loudspeaker, SharedLoudspeaker):
                raise TypeError("a box with a button needs a loudspeaker that can be interrupted")
            self._attendant = Attendant(
                panel,
                fittings.presses,
                Interjections(loudspeaker),
                post,
                mouth,
                prompts,
                clock,
                memory,
                outbox,
                (lambda: microphone.is_open) if microphone else (lambda: False),
            )

    def start(self) -> None:
        """Begin to look after the box."""
        self._alive()
        self._upkeep.start()
        if self._attendant:
            self._attendant.start()
        self._watchdog.start()

    def stop(self) -> None:
        """Let go."""
        self._watchdog.stop()
        if self._attendant:
            self._attendant.stop()

    def observe(self, step: Step) -> None:
        """One step of the speaker; from any thread."""
        if self._attendant:
            self._attendant.observe(step)

    def tick(self, now: datetime, agreement: Agreement) -> None:
        """One look, between dialogues."""
        self._alive()
        self._upkeep.tick(now)
        if self._attendant:
            self._attendant.attend(agreement.config, agreement.since, self._dialogue, self._emit)
        panel = self._fittings.panel
        self._link.say_muted(panel.muted if panel else self._dialogue.muted)

    def _alive(self) -> None:
        self._fittings.vitals.promise(Organ.scheduler, SCHEDULER_SECONDS)
