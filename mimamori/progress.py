"""A progress bar for what takes long, on the terminal."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn, track

T = TypeVar("T")


def over(items: Sequence[T], what: str) -> Iterator[T]:
    """Go over `items` with a bar that says how far it is; on something that is no terminal, without one."""
    console = Console(stderr=True)
    yield from track(items, what, console=console, transient=True, disable=not console.is_terminal)


class StageWatcher:
    """Shows how far the stages of something long have come; on something that is no terminal, nothing."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def start(self, words: str, size: int) -> None:
        """A stage of `size` bytes begins; the one before is done."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(words, total=size)

    def moved(self, here: int) -> None:
        """`here` bytes of it are done."""
        if self._task is not None:
            self._progress.update(self._task, completed=here)


class TerminalWatcher(StageWatcher):
    """Shows how much of a model has arrived; on something that is no terminal, only the sentences."""

    def start(self, words: str, size: int) -> None:
        """A model of `size` bytes is being fetched."""
        if not self._console.is_terminal:
            self._console.print(
                f"{words} を取得しています ({size / 1e6:.0f} MB)", soft_wrap=True, highlight=False
            )
        super().start(words, size)

    def say(self, sentence: str) -> None:
        """A line for the person who waits."""
        self._console.print(sentence, soft_wrap=True, highlight=False)
