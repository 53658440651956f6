"""The post room: makes an event of what happened, and sees it off. Committed first, then sent."""

import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from contract.envelope import Event
from contract.events import Body, Sos, type_of
from contract.ids import uuid7
from device.line.outbox import Outbox
from device.memory import Memory
from device.steps import EventMade, OnStep
from device.store import Work, nothing
from device.timekeeper import Timekeeper

NewId = Callable[[datetime], str]


class Sender(Protocol):
    """Whoever takes events from the outbox to the hub."""

    def nudge(self) -> None:
        """Something waits in the outbox."""

    def send_at_once(self, event_id: str) -> None:
        """Publish this waiting event now, from the caller's own thread, if there is a line."""


class Post:
    """Makes events, numbered within this run. Safe to use from any thread: the button does not wait for a dialogue."""

    def __init__(
        self,
        device: str,
        session: str,
        timekeeper: Timekeeper,
        memory: Memory,
        outbox: Outbox,
        sender: Sender,
        on_step: OnStep,
        new_id: NewId = uuid7,
    ) -> None:
        self._device = device
        self._session = session
        self._timekeeper = timekeeper
        self._memory = memory
        self._outbox = outbox
        self._sender = sender
        self._on_step = on_step
        self._new_id = new_id
        self._seq = 0
        self._making = threading.Lock()

    def send(self, body: Body, also: Work = nothing) -> Event:
        """Make an event of `body`, commit it together with what `also` writes, and send it."""
        with self._making:
            event, urgent = self._put(body, also)
        if urgent:
            self._sender.send_at_once(event.id)
        else:
            self._sender.nudge()
        self._on_step(EventMade(event))
        return event

    def _put(self, body: Body, also: Work) -> tuple[Event, bool]:
        now, quality = self._timekeeper.read()
        self._seq += 1
        event = Event(
            id=self._new_id(now),
            device=self._device,
            session=self._session,
            seq=self._seq,
            at=now,
            clock=quality,
            late=False,
            type=type_of(body),
            body=body,
        )
        floor = self._memory.floor_is(now)

        def together(db: sqlite3.Connection) -> None:
            also(db)
            floor(db)

        urgent = isinstance(body, Sos)
        self._outbox.put(event, urgent=urgent, also=together)
        return event, urgent
