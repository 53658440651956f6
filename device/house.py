"""The box looks after itself and its panel: one start, one stop, and one look at every tick of the speaker."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from contract.envelope import Event
from contract.events import Body
from device.agreement import Agreement
from device.faults import Faults
from device.fittings import Fittings
from device.health.caretaker import Caretaker
from device.health.reporter import Reporter
from device.health.selftest import SelfTester
from device.health.settings import load_health_settings
from device.health.vitals import SCHEDULER_SECONDS, Organ
from device.health.watchdog import Notifier, Watchdog
from device.line.link import Link
from device.line.outbox import Outbox
from device.line.post import Post
from device.listen.settings import load_settings
from device.memory import Memory
from device.panel.attendant import Attendant
from device.speak.interject import Interjections, SharedLoudspeaker
from device.speak.loudspeaker import Loudspeaker
from device.speak.volume import HomeVolume
from device.steps import Asked, AskingEnded, HeardStep, NothingHeard, NotPlayed, Said, Step, Understood
from device.talk.dialogue import Dialogue
from device.talk.mouth import Mouth
from device.talk.prompts import Prompts
from device.timekeeper import Timekeeper
from device.upkeep import Upkeep

_OF_A_DIALOGUE = (Asked, Said, NotPlayed, HeardStep, NothingHeard, Understood, AskingEnded)
"""Steps that happen on the speaker's own thread: it comes round."""


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
        faults: Faults,
        data: Path,
        rest: Callable[[], None],
        dialogue: Dialogue,
        emit: Callable[[Body], Event],
    ) -> None:
        self._fittings = fittings
        self._upkeep = upkeep
        self._dialogue = dialogue
        self._link = link
        self._emit = emit
        self._faults = faults
        self._watchdog = Watchdog(Notifier(), fittings.vitals)
        health = load_health_settings()
        tester = None
        if fittings.microphone:
            listening = load_settings().microphone
            tester = SelfTester(fittings.microphone, loudspeaker, health.selftest, listening)
        self.caretaker = Caretaker(
            health,
            tester,
            Reporter(health.telemetry, data, outbox, fittings.microphone, link.tell_numbers, lambda: link.up),
            faults,
            memory,
            outbox,
            clock,
            dialogue,
            emit,
            rest,
        )
        self._volume = HomeVolume(mouth, memory, fittings.microphone)
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
        if isinstance(step, _OF_A_DIALOGUE):
            self._alive()
        self._volume.observe(step)
        self.caretaker.observe(step)
        if self._attendant:
            self._attendant.observe(step)

    def tick(self, now: datetime, agreement: Agreement) -> None:
        """One look, between dialogues."""
        self._alive()
        self._upkeep.tick(now)
        if self._attendant:
            self._attendant.attend(agreement.config, agreement.since, self._dialogue, self._emit)
        self._volume.tick(now)
        self.caretaker.tick(agreement.config, now)
        self._look_at_the_voice()
        if self._fittings.archive:
            self._fittings.archive.tick(bool(agreement.config and agreement.config.keep_audio), now)
        panel = self._fittings.panel
        self._link.say_muted(panel.muted if panel else self._dialogue.muted)

    def _look_at_the_voice(self) -> None:
        voice = self._fittings.voice
        if voice and voice.broken:
            self._faults.broken("model", voice.broken, "voice")
        else:
            self._faults.mended("model", "voice")

    def _alive(self) -> None:
        self._fittings.vitals.promise(Organ.scheduler, SCHEDULER_SECONDS)
