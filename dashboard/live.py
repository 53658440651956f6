"""One rendering for everybody: the board is made once per change and kind of viewer, and sent to all who watch.

What a change costs does not depend on how many watch: after a commit the pages fall out of date, and the first
watcher who needs one has it made while the others wait for the same result. On every connect the whole board is
sent, so that after a break a page equals the store; in between a beat tells that the page is still alive.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.sse import format_sse_event

from contract.time import Clock
from hub.store.database import Store

BEAT_SECONDS = 3.0
"""At least this often a page hears that it is alive. Its banner comes after `STALE_SECONDS` without."""
STALE_SECONDS = 10.0
QUIET_SECONDS = 0.2
"""Changes within this time go out together."""
SHARE, LONGEST_PAUSE_SECONDS = 5, 1.0
"""A rendering is followed by a pause of so many times its own length, so that a large town's does not take a core."""


@dataclass(frozen=True)
class Scope:
    """What a kind of viewer sees: everybody with the same scope shares one rendering."""

    fields: str
    district: str | None
    may_act: bool


@dataclass(frozen=True)
class Rendered:
    """A page as of one revision of the store and one minute."""

    revision: int
    minute: int
    html: str
    residents: frozenset[str]
    """Whose data is on it, for the access log."""
    message: bytes
    """The server-sent event that carries it."""
    digest: str


Render = Callable[[Scope], tuple[str, frozenset[str]]]
"""Makes the page of a scope and names the residents on it; runs in a worker thread."""
Beat = Callable[[], Mapping[str, Any]]
"""What a beat tells; runs in a worker thread."""


class Live:
    """The pages being watched. Start it within the server's event loop, close it before the server stops."""

    def __init__(self, store: Store, clock: Clock, render: Render, beat: Beat) -> None:
        self._store = store
        self._clock = clock
        self._render = render
        self._beat = beat
        self._pages: dict[Scope, Rendered] = {}
        self._locks: dict[Scope, asyncio.Lock] = {}
        self._last_cost = self._last_made = 0.0
        self._generation = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.closed = False
        self.renderings = 0
        """How many were made; for tests and for curiosity."""

    async def start(self) -> None:
        """Begin to listen to the store."""
        self._loop = asyncio.get_running_loop()
        self._dirty = asyncio.Event()
        self._news = asyncio.Condition()
        self._unsubscribe = self._store.on_change(self._changed)
        self._task = asyncio.create_task(self._announce(), name="board-announcer")

    async def stop(self) -> None:
        """Stop listening and end the streams."""
        self._unsubscribe()
        self.closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with self._news:
            self._news.notify_all()

    def close_soon(self) -> None:
        """End every stream; from any thread, before the server is asked to stop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_streams)

    def _end_streams(self) -> None:
        self.closed = True
        self._dirty.set()

    def _changed(self, revision: int) -> None:  # noqa: ARG002 - the store's callback names it
        """From the writer thread, after a commit."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._dirty.set)

    async def _announce(self) -> None:
        """Wake the watchers, once per burst of changes."""
        while True:
            await self._dirty.wait()
            if not self.closed:
                owed = min(SHARE * self._last_cost, LONGEST_PAUSE_SECONDS)
                await asyncio.sleep(max(QUIET_SECONDS, self._last_made + owed - time.perf_counter()))
            self._dirty.clear()
            async with self._news:
                self._generation += 1
                self._news.notify_all()

    async def page(self, scope: Scope) -> Rendered:
        """The page as the store stands now; made anew only if the store or the minute moved on."""
        async with self._locks.setdefault(scope, asyncio.Lock()):
            revision, minute = self._store.changed(), int(self._clock.now().timestamp()) // 60
            kept = self._pages.get(scope)
            if kept is not None and (kept.revision, kept.minute) == (revision, minute):
                return kept
            began = time.perf_counter()
            html, residents = await asyncio.to_thread(self._render, scope)
            self._last_made = time.perf_counter()
            self._last_cost = self._last_made - began
            self.renderings += 1
            made = Rendered(
                revision=revision,
                minute=minute,
                html=html,
                residents=residents,
                message=format_sse_event(data_str=html),
                digest=hashlib.sha256(html.encode()).hexdigest(),
            )
            self._pages[scope] = made
            return made

    async def watch(self, scope: Scope) -> AsyncGenerator[Rendered | None]:
        """The page now and whenever it changes; None for a beat in between."""
        sent = ""
        while not self.closed:
            seen = self._generation
            page = await self.page(scope)
            if page.digest != sent:
                sent = page.digest
                yield page
            yield None
            await self._wait(seen)

    async def _wait(self, seen: int) -> None:
        """Until the next announcement, at most one beat."""
        try:
            async with asyncio.timeout(BEAT_SECONDS), self._news:
                await self._news.wait_for(lambda: self._generation != seen or self.closed)
        except TimeoutError:
            return

    async def beat(self) -> bytes:
        """The event that says the page is alive, with the server's time."""
        told = {"now": self._clock.now().isoformat(), **await asyncio.to_thread(self._beat)}
        return format_sse_event(event="beat", data_str=json.dumps(told, ensure_ascii=False))
