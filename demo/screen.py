"""What the visitor sees in the terminal: a live picture, or plain lines where there is no terminal."""

import threading
from collections import deque
from types import TracebackType
from typing import IO, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from demo.morning import Phase, View
from demo.picture import (
    Welcome,
    clock_time,
    counts_line,
    districts_grid,
    households_table,
    news_panel,
    phase_line,
    preparing_bar,
    title,
    welcome_box,
    welcome_lines,
)
from demo.record import News

_KEPT_NEWS = 200
_PLAIN_COUNTS_EVERY = 25
"""Views between two lines of counts on a plain output: about five seconds."""


class Screen(Protocol):
    """Somebody who shows what happens."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def preparing(self, what: str, done: int, of: int) -> None:
        """Something is loaded or made."""

    def welcome(self, welcome: Welcome) -> None:
        """The pages can be opened now."""

    def news(self, news: News) -> None:
        """Something happened in a voiced household; may be called from any thread."""

    def show(self, view: View) -> None:
        """How it stands now."""


class PlainScreen:
    """Lines, for a file, a pipe or a test."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._prepared = ""
        self._phase: Phase | None = None
        self._views = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def preparing(self, what: str, done: int, of: int) -> None:  # noqa: ARG002 - the live screen's bar needs them
        """A line when something new begins."""
        if what != self._prepared:
            self._prepared = what
            self._line(f"準備 {what}")

    def welcome(self, welcome: Welcome) -> None:
        """Where to look."""
        for line in welcome_lines(welcome):
            self._line(line.plain)

    def news(self, news: News) -> None:
        """One line."""
        self._line(f"{clock_time(news)} {news.who}  {news.what}")

    def show(self, view: View) -> None:
        """A line when the phase changes, and now and then the town's counts."""
        if view.phase is not self._phase:
            self._phase = view.phase
            self._line(f"== {view.phase.value}")
        elif self._views % _PLAIN_COUNTS_EVERY == 0:
            self._line(f"町 {counts_line(view).plain}")
        self._views += 1

    def _line(self, text: str) -> None:
        with self._lock:
            print(text, file=self._out, flush=True)


class LiveScreen:
    """One picture that is redrawn."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._news: deque[News] = deque(maxlen=_KEPT_NEWS)
        self._welcome: Welcome | None = None
        self._preparing = ("準備を始めます", 0, 1)
        self._view: View | None = None
        self._live = Live(self, console=console, refresh_per_second=5, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def preparing(self, what: str, done: int, of: int) -> None:
        """Move the bar."""
        self._preparing = (what, done, of)

    def welcome(self, welcome: Welcome) -> None:
        """Show the box at the top from now on."""
        self._welcome = welcome

    def news(self, news: News) -> None:
        """Show it at the bottom."""
        self._news.append(news)

    def show(self, view: View) -> None:
        """Take the newest view; drawn at the next refresh."""
        self._view = view

    def __rich__(self) -> RenderableType:
        """The whole picture, as high as the terminal."""
        parts: list[RenderableType] = [title()]
        if self._welcome:
            parts.append(welcome_box(self._welcome))
        if self._view is None:
            parts.append(preparing_bar(*self._preparing))
            return Group(*parts)
        parts += [phase_line(self._view), Text(), districts_grid(self._view), Text()]
        parts += [households_table(self._view), Text()]
        used = 11 + (5 if self._welcome else 0) + len(self._view.homes)
        room = max(3, self._console.height - used - 1)
        parts.append(news_panel(list(self._news)[-room:], room))
        return Group(*parts)
