"""Files that the city edits while the hub runs: read anew when they change, and taken over only when they are right."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from contract.refusal import Refused

T = TypeVar("T")
_State = tuple[tuple[int, int, int] | None, ...]

log = structlog.get_logger(__name__)


class Watched(Generic[T]):
    """What some files said when they were last right. `look` is one look at them, by one thread; `value` is for all.

    A file that changes is read when it looks the same twice in a row: an editor may be in the middle of writing it.
    """

    def __init__(
        self, paths: Sequence[str], load: Callable[[], T], take: Callable[[T], None] | None = None
    ) -> None:
        """Reads them now; `Refused` names what is wrong. A path that is empty stands for a packaged file.

        `take` carries what is new to where it is needed; it too may refuse, and then what was before stays.
        """
        self._paths = [Path(path) for path in paths if path]
        self._load = load
        self._take = take
        self._lock = threading.Lock()
        self._read = self._seen = self._state()
        self._value = load()
        self._fault: str | None = None

    @property
    def value(self) -> T:
        """What is in force."""
        return self._value

    @property
    def fault(self) -> str | None:
        """Why what stands in the files now is not in force, for people; None when it is."""
        return self._fault

    def look(self) -> bool:
        """Take over what has changed; False when nothing has, or when it is wrong. Other errors leave it for the next look."""
        with self._lock:
            state = self._state()
            settled, self._seen = state == self._seen, state
            if state == self._read or not settled:
                return False
            try:
                value = self._load()
                if value != self._value and self._take is not None:
                    self._take(value)
            except Refused as refused:
                self._read = state
                self._fault = f"{refused} 直すまで、前の内容のまま動きます。"
                log.error("file.refused", files=[path.name for path in self._paths], why=str(refused))
                return False
            changed = value != self._value
            self._read, self._value, self._fault = state, value, None
            if changed:
                log.info("file.taken_over", files=[path.name for path in self._paths])
            return changed

    def _state(self) -> _State:
        return tuple(_state(path) for path in self._paths)


def _state(path: Path) -> tuple[int, int, int] | None:
    """What tells that a file was written again; None while it is not there."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino
