"""The box: everything a speaker is made of, wired together, and the loop that asks what is due."""

import queue
import threading
from collections import deque
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

import structlog

from contract.commands import Config
from contract.envelope import Event
from contract.events import Body, CheckIn, Outcome
from contract.ids import uuid7
from contract.time import Clock, SystemClock
from contract.topics import Channel
from device.abandoned import Abandoned
from device.agreement import Agreement
from device.asker import Asker
from device.config import DeviceConfig
from device.faults import Faults, Part
from device.fittings import Fittings
from device.health.vitals import WRITE_SECONDS, Organ
from device.house import House
from device.line.link import About, FromHub, LineUp, Link
from device.line.outbox import Outbox
from device.line.post import Post
from device.line.second_copy import SecondCopies
from device.memory import Memory
from device.orders import Orders
from device.speak.loudspeaker import Loudspeaker
from device.speak.voice import Voice
from device.steps import AskingEnded, OnStep, Step, ignore
from device.store import Store
from device.talk.announcements import Announcements
from device.talk.dialogue import Dialogue
from device.talk.hearing import Listener
from device.talk.interpreter import Interpreter, Understander
from device.talk.mouth import Mouth
from device.talk.prompts import load_prompts
from device.talk.recall import load_recall_words
from device.talk.turns import Prompt
from device.timekeeper import NetworkTime, Timekeeper, kernel_synchronized
from device.upkeep import Upkeep
from device.vigil import Vigil
from device.waking import left_open

log = structlog.get_logger()

TICK_SECONDS = 0.5
"""How often the wall clock is looked at. Nothing is counted down, so a clock may jump as it likes."""

News = FromHub | LineUp | None


class Speaker:
    """One speaker in one home. `run()` blocks until `stop()`; several may run in one process, a thread each."""

    def __init__(
        self,
        config: DeviceConfig,
        *,
        ear: Listener,
        voice: Voice,
        loudspeaker: Loudspeaker,
        understanding: Understander,
        clock: Clock | None = None,
        on_step: OnStep = ignore,
        recognizer: str = "",
        network_time: NetworkTime = kernel_synchronized,
        stopping: threading.Event | None = None,
        render_ahead: bool = False,
        broken: Mapping[Part, str] = MappingProxyType({}),
        fittings: Fittings | None = None,
    ) -> None:
        """Open what is remembered; raise `Refused` for a wrong prompts file or a data folder in use.

        `recognizer` is the name the hub shows. Steps come on the speaker's and on the link's thread. `stopping` is set
        by `stop`; a microphone that looks at it can end a listening early. `render_ahead` uses idle moments to render
        every sentence, for a voice that keeps them. `broken` is what was found not to work before the start. `fittings`
        are the panel and the rest of a real box.
        """
        prompts = load_prompts(config.prompts)
        self._prompts = prompts
        self._render_ahead = render_ahead
        self._to_render: deque[str] = deque()
        self._broken = dict(broken)
        recall_words = load_recall_words()
        machine_clock = clock or SystemClock()
        self._store = Store.open(config.data, f"{machine_clock.now():%Y%m%dT%H%M%SZ}")
        fittings = fittings or Fittings()
        vitals = fittings.vitals
        self._store.guard = lambda: vitals.during(Organ.outbox, WRITE_SECONDS)
        self._memory = Memory(self._store)
        self._clock = Timekeeper(machine_clock, config.clock, self._memory.floor, network_time)
        self._watcher = on_step
        on_step = self._on_step
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._stopping = stopping or threading.Event()
        self._running = threading.Event()
        self._ended = threading.Event()

        session = uuid7(self._clock.now())
        outbox = Outbox(self._store, copies=SecondCopies(config.data / "sos"))
        about = About(session, _version(), recognizer)
        self._outbox = outbox
        self._link = Link(config, about, outbox, self._clock, self._news.put, on_step)
        self._post = Post(config.device, session, self._clock, self._memory, outbox, self._link, on_step)
        self._faults = Faults(self._memory, self._post)
        upkeep = Upkeep(self._store, self._memory, outbox, self._clock, self._faults)
        self._mouth = Mouth(voice, loudspeaker)
        self._dialogue = Dialogue(
            self._mouth,
            ear,
            understanding,
            prompts,
            recall_words,
            outbox,
            self._link,
            self._faults,
            self._emit,
            self._memory.keep,
            on_step,
            self._stopping.is_set,
            fittings.presses,
        )
        self._house = House(
            fittings,
            loudspeaker=loudspeaker,
            mouth=self._mouth,
            prompts=prompts,
            clock=self._clock,
            memory=self._memory,
            outbox=outbox,
            post=self._post,
            link=self._link,
            upkeep=upkeep,
            faults=self._faults,
            data=config.data,
            rest=lambda: self._vigil.rest(),
            dialogue=self._dialogue,
            emit=self._emit,
        )
        self._vigil = Vigil(
            fittings,
            Interpreter(understanding, prompts, recall_words),
            self._post,
            self._dialogue,
            self._clock,
            on_step,
            lambda: self._news.put(None),
        )
        self._dialogue.along = self._vigil.along
        self._announcements = Announcements(
            self._memory, self._dialogue, self._clock, prompts, self._post.send
        )
        self._agreement = Agreement(self._memory, self._faults, self._clock, prompts, on_step, self._in_force)
        self._asker = Asker(self._agreement, self._memory, self._dialogue, self._clock, prompts)
        self._orders = Orders(
            self._memory,
            self._dialogue,
            self._clock,
            self._asker.ask_now,
            self._announcements.put,
            self._house.caretaker.order_selftest,
        )

    def run(self) -> None:
        """Connect, ask what is due, until `stop()`. A dead line or sound card is reported, never an end."""
        if self._stopping.is_set():
            return
        self._running.set()
        self._link.start()
        try:
            self._wake_up()
            while not self._stopping.is_set():
                self._tick()
                self._await_news()
        except Abandoned:
            log.info("asking_left_open")
        finally:
            self._vigil.stop()
            self._house.stop()
            self._link.stop(3.0)
            self._store.close()
            self._ended.set()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Say goodbye on the line and end `run()`; a question under way is asked again after the next start."""
        self._stopping.set()
        self._news.put(None)
        if not self._running.is_set():
            self._store.close()
        elif not self._ended.wait(timeout_seconds):
            # Still playing or listening: what is left is only to hear that out. The hub need not wait for it.
            self._link.stop(3.0)

    # ---- the loop ----------------------------------------------------------------------------------------

    def _wake_up(self) -> None:
        """Say what the last run left behind: a damaged file, a question cut off by a power cut."""
        self._house.start()
        self._vigil.start()
        for part, why in self._broken.items():
            self._faults.broken(part, why)
        self._announcements.wake_up()
        agreed = self._agreement
        for check_in in left_open(self._memory, agreed.config, agreed.since, self._clock.now()):
            self._emit(check_in)

    def _await_news(self) -> None:
        try:
            news = self._news.get(timeout=0 if self._to_render else TICK_SECONDS)
        except queue.Empty:
            if self._to_render:
                self._mouth.prepare(self._to_render.popleft())
            return
        match news:
            case FromHub(Channel.config, payload):
                self._agreement.offered(payload)
            case FromHub(Channel.command, payload):
                self._orders.received(payload)
            case LineUp(()):
                self._faults.mended("network")
            case LineUp(refused):
                self._faults.broken("network", f"the broker refuses our subscriptions: {', '.join(refused)}")

    def _tick(self) -> None:
        now = self._clock.now()
        self._house.tick(now, self._agreement)
        self._tell_of_late_delivery()
        if not self._asker.ask_due(now):
            self._announcements.tick(now)
        self._vigil.tick(self._agreement.config, self._clock.now())

    def _tell_of_late_delivery(self) -> None:
        """「まだ伝わっていません」 was the last word; when it got through after all, that is worth saying."""
        for event_id in list(self._dialogue.untold):
            if not self._outbox.holds(event_id) and self._dialogue.speak(Prompt.help_delivered):
                self._dialogue.untold.discard(event_id)

    # ---- what happened ------------------------------------------------------------------------------------

    def _emit(self, body: Body) -> Event:
        if not isinstance(body, CheckIn):
            return self._post.send(body)
        body = self._house.caretaker.truthful(body)
        answered = body.outcome is Outcome.answered
        event = self._post.send(body, also=self._memory.ended(body.slot, answered=answered))
        self._on_step(AskingEnded(body))
        return event

    def _on_step(self, step: Step) -> None:
        self._house.observe(step)
        self._vigil.observe(step)
        self._watcher(step)

    def _in_force(self, config: Config) -> None:
        self._dialogue.call_name = config.call_name
        self._mouth.rate = config.speech_rate
        self._mouth.volume = config.volume
        self._announcements.agreed(config)
        if self._render_ahead:
            self._to_render = deque(self._prompts.all_texts(config.call_name))


def _version() -> str:
    try:
        return version("mimamori")
    except PackageNotFoundError:
        return ""
