"""A second copy of every call for help, in a small file of its own beside the database, until the hub has it.

A torn page can take a database; it does not take a neighbouring file along. Each file is written whole or not at all
(written aside, synced, renamed, folder synced), before the database hears of the event.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import structlog

from contract.envelope import Event, MalformedEvent, decode_event, encode_event
from device.seal import Broken, sealed, unsealed

log = structlog.get_logger()

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")


class SecondCopies:
    """The files of one folder. A disk that takes none is logged and no more: the event is sent all the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, event: Event) -> bool:
        """Write one down; it is on disk when this returns True."""
        if not _NAME.fullmatch(event.id):
            return False
        path = self._folder / f"{event.id}.json"
        aside = path.with_suffix(".partial")
        try:
            self._folder.mkdir(exist_ok=True)
            with aside.open("wb") as file:
                file.write(sealed(encode_event(event)))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
            self._sync_folder()
        except OSError as error:
            log.error("second_copy_not_written", event_id=event.id, why=error.strerror)
            return False
        return True

    def drop(self, event_ids: Iterable[str]) -> None:
        """The hub has these. One that cannot be removed is sent once more after the next start, and counts once."""
        for event_id in event_ids:
            if _NAME.fullmatch(event_id):
                with suppress(OSError):
                    (self._folder / f"{event_id}.json").unlink(missing_ok=True)

    def left(self) -> list[Event]:
        """What the hub did not have when the last run ended, oldest first. A file that is none of ours is put aside."""
        try:
            paths = sorted(self._folder.glob("*.json"))
        except OSError:
            return []
        found = [self._read(path) for path in paths]
        return [event for event in found if event]

    def find(self, event_id: str) -> Event | None:
        """One of them."""
        path = self._folder / f"{event_id}.json"
        return self._read(path) if _NAME.fullmatch(event_id) and path.exists() else None

    def _read(self, path: Path) -> Event | None:
        try:
            return decode_event(unsealed(path.read_bytes()))
        except (OSError, MalformedEvent, Broken) as error:
            log.error("second_copy_unreadable", file=path.name, why=str(error))
            with suppress(OSError):
                path.rename(path.with_suffix(".unreadable"))
            return None

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
