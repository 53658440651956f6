"""The watch for calls for help in a running box: who may be listened to, when, and what a cry sets going."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from contract.commands import Config
from contract.events import Sos
from contract.time import Clock
from device.fittings import Fittings
from device.line.post import Post
from device.listen.settings import load_settings
from device.steps import EventMade, OnStep, Step
from device.talk.cry import Judge, load_help_words
from device.talk.dialogue import Dialogue
from device.talk.help_watch import HelpWatch
from device.talk.interpreter import Interpreter
from device.talk.overheard import Budget, Mode, Overheard

RECALL_WITHIN = timedelta(minutes=10)
"""So long after a call for help 「まちがい」 is listened for, and takes it back."""
SAME_CRY = timedelta(minutes=1)
"""Crying on is the same call."""


OFFER_AGAIN_AFTER = timedelta(minutes=10)
"""Nobody wants to be asked by a box all evening because of what is on."""


class Vigil:
    """A box without something to listen along with has one that does nothing."""

    def __init__(
        self,
        fittings: Fittings,
        interpreter: Interpreter,
        post: Post,
        dialogue: Dialogue,
        clock: Clock,
        on_step: OnStep,
        wake: Callable[[], None],
    ) -> None:
        self._presses = fittings.presses
        self._post = post
        self._dialogue = dialogue
        self._clock = clock
        self._wake = wake
        self._consent = False
        self._last_call: tuple[str, datetime] | None = None
        self._recall = False
        self._doubt = False
        self._offered: datetime | None = None
        self._watch: HelpWatch | None = None
        if fittings.overhearing and fittings.recognizer:
            along = load_settings().overhearing
            budget = Budget(along.works_at_most, along.works_at_once.total_seconds())
            judge = Judge(load_help_words())
            self._watch = HelpWatch(
                fittings.overhearing,
                Overheard(fittings.recognizer, interpreter, judge, budget),
                self._cried,
                self._doubted,
                self._mistaken,
                on_step,
            )

    def start(self) -> None:
        """Be ready to listen."""
        if self._watch:
            self._watch.start()

    def stop(self) -> None:
        """Let go of the microphone."""
        if self._watch:
            self._watch.stop()

    def rest(self) -> None:
        """Let go of the microphone until the next tick; returns when it is free."""
        if self._watch:
            self._watch.rest()

    @contextmanager
    def along(self, ours: str) -> Iterator[None]:
        """While the box says `ours`: in a dialogue, or with consent, listen; the microphone is free afterwards."""
        if not self._watch:
            yield
        elif self._dialogue.talking or self._consent:
            with self._watch.along(ours):
                yield
        else:
            self._watch.rest()
            yield

    def observe(self, step: Step) -> None:
        """Note the calls that are made; from any thread."""
        match step:
            case EventMade(event) if isinstance(event.body, Sos):
                self._last_call = (event.id, event.at)

    def tick(self, config: Config | None, now: datetime) -> None:
        """One look, between dialogues: attend to a cry and to a 「まちがい」, then listen for what may be listened for."""
        self._consent = config is not None and config.listen_for_help
        if calls := self._presses.take_calls():
            self._dialogue.follow_up(calls)
        doubt, self._doubt = self._doubt, False
        if doubt and self._consent and self._may_offer(now):
            self._offered = now
            self._dialogue.offer_help()
        recallable = self._recallable(now)
        mistaken, self._recall = self._recall, False
        if mistaken and recallable:
            if self._dialogue.take_back(recallable):
                self._last_call = None
            recallable = self._recallable(now)
        if self._watch:
            waiting = Mode.waiting if self._consent else Mode.off
            self._watch.listen_for(Mode.recall if recallable else waiting)

    def _may_offer(self, now: datetime) -> bool:
        return self._offered is None or not timedelta(0) <= now - self._offered < OFFER_AGAIN_AFTER

    def _recallable(self, now: datetime) -> str | None:
        if self._last_call and timedelta(0) <= now - self._last_call[1] < RECALL_WITHIN:
            return self._last_call[0]
        return None

    # ---- on the watch's thread ------------------------------------------------------------------------------

    def _cried(self) -> None:
        now, last = self._clock.now(), self._last_call
        if last and timedelta(0) <= now - last[1] < SAME_CRY:
            return
        call = self._post.send(Sos(trigger="voice", slot=self._dialogue.slot))
        self._presses.called_for_help(call.id)
        self._wake()

    def _doubted(self) -> None:
        self._doubt = True
        self._wake()

    def _mistaken(self) -> None:
        self._recall = True
        self._wake()
