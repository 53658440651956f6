"""The mouth's other work: says what was announced and what is to be remembered, when no question is open.

Nothing is dropped silently: each ends in one `announced` event. Each is said once; one that a power cut caught in
mid-sentence may have been heard, and two doses are worse than none, so it is reported and not said again (防災 is).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from contract.commands import Command, Config
from contract.envelope import Event
from contract.events import Announced, AnnouncementKind
from contract.time import Clock
from device.memory import Memory
from device.store import Work
from device.talk.announcing import (
    GOOD_FOR,
    Waiting,
    agree,
    next_to_say,
    occurrences,
    worth_remembering,
)
from device.talk.dialogue import Dialogue
from device.talk.prompts import Prompts
from device.talk.turns import SpeakFailed, Spoken

MOST_WAITING = 50
"""More than a town has to say in a day; what comes on top is reported as expired."""
TRY_AGAIN_AFTER = timedelta(minutes=1)
"""After the loudspeaker gave nothing."""

log = structlog.get_logger()

Send = Callable[[Announced, Work], Event]


class Announcements:
    """Called from the speaker's loop, between questions."""

    def __init__(
        self, memory: Memory, dialogue: Dialogue, clock: Clock, prompts: Prompts, send: Send
    ) -> None:
        self._memory = memory
        self._dialogue = dialogue
        self._clock = clock
        self._prompts = prompts
        self._send = send
        self._notes = memory.announcements
        self._config: Config | None = None
        self._not_before: dict[str, datetime] = {}

    def wake_up(self) -> None:
        """Settle what the last run was saying when it ended."""
        begun, self._notes.begun = self._notes.begun, ""
        for each in self._notes.waiting:
            if each.name == begun and each.kind is not AnnouncementKind.disaster:
                self._over(each, "not_played")
                return

    def agreed(self, config: Config) -> None:
        """The hub's configuration in force."""
        self._config = config
        agreed = agree(self._notes.agreed, config, self._clock.now())
        if agreed != self._notes.agreed:
            self._notes.agreed = agreed
            self._memory.keep_announcements(self._notes)

    def put(self, command: Command, text: str) -> None:
        """Staff want this said; a repeat of a known command changes nothing."""
        if self._notes.knows(command.id):
            return
        now = self._clock.now()
        kind = command.announce
        self._take(
            Waiting(
                name=command.id,
                kind=kind,
                text=text,
                at=now,
                expires_at=command.expires_at or now + GOOD_FOR[kind],
            )
        )

    def tick(self, now: datetime) -> None:
        """One look: take in what has come due, give up what has had its time, say at most one thing."""
        config, notes = self._config, self._notes
        come = occurrences(notes.agreed, config.paused_until if config else None, now)
        for each in sorted(come, key=lambda one: one.at):
            if not notes.knows(each.name):
                self._take(self._worded(each))
        for each in [one for one in notes.waiting if now >= one.expires_at]:
            self._over(each, "not_played" if each.tried else "expired")
        for each in next_to_say(notes.waiting, config.quiet if config else None, now):
            if now >= self._not_before.get(each.name, now):
                self._say(each, now)
                return

    def _worded(self, occurrence: Waiting) -> Waiting:
        """With its sentence out of the prompts file, where the reminder names one."""
        name = occurrence.name.partition("/")[2]
        reminder = next(one.reminder for one in self._notes.agreed if one.reminder.name == name)
        if not reminder.prompt:
            return occurrence
        text = self._prompts.text(reminder.prompt, self._config.call_name if self._config else "")
        return msgspec.structs.replace(occurrence, text=text)

    def _take(self, waiting: Waiting) -> None:
        self._notes.waiting.append(waiting)
        if len(self._notes.waiting) > MOST_WAITING:
            self._over(waiting, "expired")
            return
        self._memory.keep_announcements(self._notes)

    def _say(self, each: Waiting, now: datetime) -> None:
        self._notes.begun = each.name
        self._memory.keep_announcements(self._notes)
        match self._dialogue.read_out(each.text):
            case Spoken():
                self._over(each, "played")
            case SpeakFailed(hopeless=True):
                self._over(each, "not_played")
            case SpeakFailed():
                self._not_before[each.name] = now + TRY_AGAIN_AFTER
                tried = msgspec.structs.replace(each, tried=True)
                self._notes.waiting = [tried if one is each else one for one in self._notes.waiting]
                self._notes.begun = ""
                self._memory.keep_announcements(self._notes)

    def _over(self, each: Waiting, outcome: str) -> None:
        now = self._clock.now()
        notes = self._notes
        notes.begun = ""
        notes.waiting = [one for one in notes.waiting if one.name != each.name]
        notes.done = {name: at for name, at in notes.done.items() if worth_remembering(at, now)}
        notes.done[each.name] = now
        self._not_before.pop(each.name, None)
        log.info("announced", name=each.name, kind=str(each.kind), outcome=outcome)
        body = msgspec.convert({"name": each.name, "kind": each.kind, "outcome": outcome}, Announced)
        self._send(body, self._memory.announcements_are(notes))
