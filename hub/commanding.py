"""What each speaker is told about its home: when it is told, and with which revision.

A speaker's configuration gets the next revision when what it says has changed, and is published retained. All of
them are published again whenever the line to the broker was gone, because nobody knows what the broker kept.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy import Connection, bindparam, func, or_, select, update

from contract.commands import Config, encode
from contract.time import Clock
from contract.topics import Channel, topic
from hub.homes import MANY, configurations
from hub.policy import InForce
from hub.speaking import Speaking
from hub.speaking import load as load_speaking
from hub.store import tables as t
from hub.store.database import Store

Publish = Callable[[str, bytes], bool]
"""Sends a retained message; False when there is no line."""

log = structlog.get_logger(__name__)


class _Home(NamedTuple):
    """A speaker, whose it is, and what it was told last."""

    device: str
    resident_id: str | None
    revision: int
    digest: str | None


class _Look(NamedTuple):
    """What one look at the store found."""

    homes: list[_Home]
    wanted: dict[str, Config]
    read_to: int
    """The last row of the history that was looked at."""
    at: datetime
    next_absence: datetime | None


class Commander:
    """Keeps the speakers' configurations true. `step` is one look; `hub.service` calls it when something changed."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policy: InForce,
        publish: Publish,
        speaking: Speaking | None = None,
    ) -> None:
        """`speaking` is the packaged one when absent."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self._speaking = self._told_from = speaking or load_speaking()
        self._publish = publish
        self._last: _Look | None = None

    def forget(self) -> None:
        """The line was gone: at the next `step` every speaker is told again."""
        self._last = None

    def say(self, speaking: Speaking) -> None:
        """Homes are asked and told something else from now on; any thread may call this."""
        self._speaking = speaking

    def next_at(self) -> datetime | None:
        """When an absence begins that is known already: look again then."""
        return self._last.next_absence if self._last else None

    def step(self) -> int:
        """Publish what has changed since the last step; return how many speakers were told.

        1. Whom may it concern: everybody after `forget` or `say`, else whoever has a new row in the history, and whoever's
           absence has begun.
        2. What should they be told? What differs gets the next revision, on disk before it is published.
        3. Publish. If the line goes meanwhile, everybody is told again when it is back.
        """
        last, now, speaking = self._last, self._clock.now(), self._speaking
        concerned = last if speaking is self._told_from else None
        with self._store.read() as conn:
            look = self._look(conn, now, concerned, speaking)
        digests = {device: _digest(config) for device, config in look.wanted.items()}
        changed = {home.device for home in look.homes if home.digest != digests[home.device]}
        if changed:
            self._store.write(lambda conn: _write(conn, {device: digests[device] for device in changed}))
        self._last, self._told_from = look, speaking
        told = 0
        for home in look.homes:
            if last is None or home.device in changed:
                revision = home.revision + (home.device in changed)
                config = msgspec.structs.replace(look.wanted[home.device], revision=revision)
                if not self._publish(topic(home.device, Channel.config), encode(config)):
                    self.forget()
                    break
                told += 1
        if told:
            log.info("homes.told", told=told, changed=len(changed))
        return told

    def _look(self, conn: Connection, now: datetime, last: _Look | None, speaking: Speaking) -> _Look:
        latest = conn.scalar(select(func.max(t.transition.c.id))) or 0
        homes = self._homes(conn, *_touched(conn, last, now)) if last else self._homes(conn)
        begins = t.absence.c.starts_at
        known = select(func.min(begins)).where(begins > now, t.absence.c.ended_at.is_(None))
        policy = self._policy.at(now)
        wanted = configurations(
            conn, {home.device: home.resident_id for home in homes}, now, policy, speaking
        )
        return _Look(homes, wanted, latest, now, conn.scalar(known))

    def _homes(
        self, conn: Connection, devices: Sequence[str] | None = None, residents: Sequence[str] = ()
    ) -> list[_Home]:
        """The speakers with these names or of these residents; all of them when that would be a long list."""
        columns = (
            t.device.c.id,
            t.device.c.resident_id,
            t.device.c.config_revision,
            t.device.c.config_digest,
        )
        wanted = select(*columns).order_by(t.device.c.id)
        if devices is not None and len(devices) + len(residents) <= MANY:
            wanted = wanted.where(or_(t.device.c.id.in_(devices), t.device.c.resident_id.in_(residents)))
        return [_Home(*row) for row in conn.execute(wanted)]


def _touched(conn: Connection, last: _Look, now: datetime) -> tuple[list[str], list[str]]:
    """Speakers that changed hands, and residents about whom something was written down, since `last`."""
    rows = conn.execute(
        select(t.transition.c.subject_kind, t.transition.c.subject)
        .distinct()
        .where(t.transition.c.id > last.read_to)
        .where(
            or_(
                t.transition.c.subject_kind.in_(["resident", "absence"]),
                t.transition.c.new.in_(["assigned", "unassigned"]),
            )
        )
    ).all()
    of_kind: dict[str, list[str]] = {"resident": [], "absence": [], "device": []}
    for kind, subject in rows:
        of_kind[kind].append(subject)
    absent = select(t.absence.c.resident_id)
    residents = set(of_kind["resident"])
    if of_kind["absence"]:
        residents |= set(conn.scalars(absent.where(t.absence.c.id.in_(of_kind["absence"]))))
    if last.next_absence is not None and last.next_absence <= now:
        begun = t.absence.c.starts_at.between(last.next_absence, now)
        residents |= set(conn.scalars(absent.where(begun)))
    return of_kind["device"], sorted(residents)


def _write(conn: Connection, digests: dict[str, str]) -> None:
    conn.execute(
        update(t.device)
        .where(t.device.c.id == bindparam("device"))
        .values(config_revision=t.device.c.config_revision + 1, config_digest=bindparam("digest")),
        [{"device": device, "digest": digest} for device, digest in digests.items()],
    )


def _digest(config: Config) -> str:
    """Of what a configuration says, whatever its revision."""
    return hashlib.sha256(encode(msgspec.structs.replace(config, revision=1))).hexdigest()
