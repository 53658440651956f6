"""What the speaker remembers between two starts: what was asked, the hub's configuration, orders, faults, the floor.

Everything is held in memory too and written through, so that a dead disk costs the memory of a restart and no more.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

import msgspec
import structlog

from contract.commands import Config, MalformedCommand, decode, encode
from contract.events import CheckIn
from device.schedule import Asking, worth_remembering
from device.seal import Broken, sealed, unsealed
from device.store import Store, Work, nothing
from device.talk.announcing import Notes

log = structlog.get_logger()

COMMANDS = 200
"""How many orders are remembered: a repeat comes within minutes."""


class Memory:
    """Reads all at the start, writes every change through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.read("SELECT slot, attempts, asked_at, answered, open, starts FROM asking")
        self._askings = {asking.slot: asking for row in rows if (asking := _asking(row))}
        self._facts: dict[str, bytes] = {}
        for key, value in store.read("SELECT key, value FROM fact"):
            try:
                self._facts[str(key)] = unsealed(value if isinstance(value, bytes) else str(value).encode())
            except Broken:
                # The hub sends its configuration again; what cannot be asked for again is better gone than wrong.
                log.error("stored_fact_damaged", key=str(key))
        self._commands = [str(row[0]) for row in store.read("SELECT id FROM command ORDER BY position")]

    # ---- askings ---------------------------------------------------------------------------------------

    @property
    def askings(self) -> Mapping[str, Asking]:
        """By slot."""
        return MappingProxyType(self._askings)

    def begin(self, slot: str, attempt: int, now: datetime) -> None:
        """One asking begins; from here on a power cut leaves it open."""
        before = self._askings.get(slot)
        again = before is not None and before.open and before.attempts == attempt
        asking = Asking(
            slot=slot,
            attempts=attempt,
            asked_at=now,
            answered=before is not None and before.answered,
            open=True,
            starts=before.starts + 1 if before and again else 1,
        )
        self._store.write(self._put(asking))

    def ended(self, slot: str, *, answered: bool) -> Work:
        """One asking is over; what is returned is to be written together with its event."""
        asking = self._askings[slot]
        over = self._put(replace(asking, open=False, answered=asking.answered or answered))
        nothing_kept = self._facts_are({"kept": b""}) if self._facts.get("kept") else nothing

        def work(db: sqlite3.Connection) -> None:
            over(db)
            nothing_kept(db)

        return work

    @property
    def kept(self) -> CheckIn | None:
        """The check-in that an open asking would have come to, had the power not been cut."""
        raw = self._facts.get("kept")
        if not raw:
            return None
        try:
            return msgspec.json.decode(raw, type=CheckIn)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            log.warning("kept_check_in_unreadable")
            return None

    def keep(self, check_in: CheckIn) -> None:
        """Write it down; its event takes it away again."""
        self._store.write(self._facts_are({"kept": msgspec.json.encode(check_in)}))

    def forget(self, now: datetime) -> None:
        """Drop what is not worth remembering at `now`."""
        gone = [slot for slot, asking in self._askings.items() if not worth_remembering(asking, now)]
        if gone:
            self._askings = {slot: asking for slot, asking in self._askings.items() if slot not in gone}
            rows = [(slot,) for slot in gone]
            self._store.write(lambda db: db.executemany("DELETE FROM asking WHERE slot = ?", rows))

    def _put(self, asking: Asking) -> Work:
        self._askings[asking.slot] = asking
        row = (
            asking.slot,
            asking.attempts,
            asking.asked_at.isoformat(),
            asking.answered,
            asking.open,
            asking.starts,
        )
        return lambda db: db.execute(
            "INSERT OR REPLACE INTO asking(slot, attempts, asked_at, answered, open, starts) "
            "VALUES(?, ?, ?, ?, ?, ?)",
            row,
        )

    # ---- the hub's configuration -------------------------------------------------------------------------

    @property
    def config(self) -> Config | None:
        """The last good one."""
        raw = self._facts.get("config")
        if raw is None:
            return None
        try:
            return decode(raw, Config)
        except MalformedCommand:
            log.warning("stored_config_unreadable")
            return None

    @property
    def config_since(self) -> datetime | None:
        """When its slots were first agreed upon."""
        return self._instant("config_since")

    def keep_config(self, config: Config, since: datetime) -> None:
        """The hub's newest, and since when its slots stand."""
        facts = {"config": encode(config), "config_since": since.isoformat().encode()}
        self._store.write(self._facts_are(facts))

    # ---- announcements ---------------------------------------------------------------------------------

    @property
    def announcements(self) -> Notes:
        """What waits to be announced and what was."""
        raw = self._facts.get("announcements")
        try:
            return msgspec.json.decode(raw, type=Notes) if raw else Notes()
        except (msgspec.MsgspecError, UnicodeDecodeError):
            log.warning("stored_announcements_unreadable")
            return Notes()

    def keep_announcements(self, notes: Notes) -> None:
        """Write them down."""
        self._store.write(self.announcements_are(notes))

    def announcements_are(self, notes: Notes) -> Work:
        """The same, to be written together with an event."""
        return self._facts_are({"announcements": msgspec.json.encode(notes)})

    # ---- the rest ----------------------------------------------------------------------------------------

    @property
    def floor(self) -> datetime | None:
        """The last instant that was written down."""
        return self._instant("floor")

    def keep_floor(self, now: datetime) -> None:
        """Write the time down."""
        self._store.write(self.floor_is(now))

    def floor_is(self, now: datetime) -> Work:
        """The same, to be written together with an event."""
        return self._facts_are({"floor": now.isoformat().encode()})

    @property
    def broken(self) -> frozenset[str]:
        """The parts that were reported broken and not yet mended."""
        return frozenset(self._facts.get("broken", b"").decode().split())

    def broken_are(self, parts: frozenset[str]) -> Work:
        """Replace that set; to be written together with the event that says so."""
        return self._facts_are({"broken": " ".join(sorted(parts)).encode()})

    def write(self, work: Work) -> None:
        """Write what one of the `..._are` returned by itself."""
        self._store.write(work)

    def note(self, key: str) -> bytes:
        """What somebody noted under this key; empty when nothing."""
        return self._facts.get(f"note_{key}", b"")

    def keep_note(self, key: str, note: bytes) -> None:
        """Note something under a key."""
        self._store.write(self._facts_are({f"note_{key}": note}))

    def day(self, key: str) -> date | None:
        """The day on which something was done last."""
        try:
            return date.fromisoformat(self._facts.get(f"day_{key}", b"").decode())
        except ValueError:
            return None

    def keep_day(self, key: str, day: date) -> None:
        """It was done on this day."""
        self._store.write(self._facts_are({f"day_{key}": day.isoformat().encode()}))

    def first_time(self, command_id: str) -> bool:
        """Whether this order was not carried out yet; from now on it was."""
        if command_id in self._commands:
            return False
        self._commands = [*self._commands, command_id][-COMMANDS:]
        ids = list(enumerate(self._commands))

        def rewrite(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM command")
            db.executemany("INSERT INTO command(position, id) VALUES(?, ?)", ids)

        self._store.write(rewrite)
        return True

    def _instant(self, key: str) -> datetime | None:
        raw = self._facts.get(key)
        try:
            return None if raw is None else datetime.fromisoformat(raw.decode()).astimezone(UTC)
        except ValueError:
            log.warning("stored_instant_unreadable", key=key)
            return None

    def _facts_are(self, facts: dict[str, bytes]) -> Work:
        self._facts.update(facts)
        rows = [(key, sealed(value)) for key, value in facts.items()]
        return lambda db: db.executemany("INSERT OR REPLACE INTO fact(key, value) VALUES(?, ?)", rows)


def _asking(row: tuple[object, ...]) -> Asking | None:
    slot, attempts, asked_at, answered, is_open, starts = row
    try:
        return Asking(
            slot=str(slot),
            attempts=int(str(attempts)),
            asked_at=datetime.fromisoformat(str(asked_at)),
            answered=bool(answered),
            open=bool(is_open),
            starts=int(str(starts)),
        )
    except ValueError:
        # Saved out of a damaged file: one slot may be asked again, and that is all.
        log.warning("stored_asking_unreadable")
        return None
