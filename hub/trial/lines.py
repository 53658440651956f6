"""The lines of one district under one policy: which losses would have been cases of their own, which an outage.

The rules are those of `hub.watch.states` and `hub.watch.areas`, walked along what really was lost and came back.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from hub.policy import Policy
from hub.trial.boxes import Box, Key, Loss


class Standing(NamedTuple):
    """A trouble that would have stood in the repair lane."""

    at: datetime
    over_at: datetime
    key: Key


class Lines(NamedTuple):
    """What would have come of all losses of a district."""

    single: dict[str, list[Standing]]
    """By resident: losses that would have been cases of their own."""
    gathered: dict[Key, datetime]
    """When each loss would have come on the list of an outage."""
    outages: list[datetime]
    """When each outage would have been told."""


class _What(IntEnum):
    """What happens to a line, in the order in which it counts at one instant."""

    back = 0
    lost = 1
    deadline = 2
    """A question's deadline finds the line down."""
    fact = 3
    held = 4
    """Back for long enough to have told what was stored."""


def replay_lines(boxes: Sequence[Box], speakers: int, policy: Policy, until: datetime) -> Lines:
    """Walk the losses of one district, in which so many speakers stand."""
    district = _District(policy, policy.outage.many(speakers))
    for at, what, resident_id, loss in sorted(_events(boxes, policy, until)):
        match what:
            case _What.back:
                district.down.pop(loss.device_id, None)
            case _What.lost:
                district.down[loss.device_id] = (resident_id, loss)
            case _What.deadline:
                district.deadline(at, resident_id, loss)
            case _What.fact:
                district.fact(at, resident_id, loss)
            case _What.held:
                district.held(at, resident_id)
    return district.end(until)


def _events(boxes: Sequence[Box], policy: Policy, until: datetime) -> list[tuple[datetime, _What, str, Loss]]:
    watch = policy.watch
    found: list[tuple[datetime, _What, str, Loss]] = []
    for box in boxes:
        mine = box.home.resident_id
        deadlines = [policy.deadline(opens_at) for opens_at in box.unreached]
        following = {
            one.device_id: [other.at for other in box.losses if other.device_id == one.device_id]
            for one in box.losses
        }
        for loss in box.losses:
            over = loss.back_at or until
            fact = loss.at + watch.device_lost_after
            found.append((loss.at, _What.lost, mine, loss))
            found += [(at, _What.deadline, mine, loss) for at in deadlines if loss.at <= at < over]
            if fact < over:
                found.append((fact, _What.fact, mine, loss))
            if loss.back_at is not None:
                found.append((loss.back_at, _What.back, mine, loss))
                held = loss.back_at + watch.device_settle
                if not any(loss.back_at <= at < held for at in following[loss.device_id]):
                    found.append((held, _What.held, mine, loss))
    return [one for one in found if one[0] < until]


class _District:
    """One district on its way through the losses."""

    def __init__(self, policy: Policy, many: int | None) -> None:
        self._limits = policy.outage
        self._many = many
        self.down: dict[str, tuple[str, Loss]] = {}
        """The lines that are down, in the order in which they went."""
        self._alone: dict[str, tuple[datetime, Loss]] = {}
        self._outage: dict[str, tuple[Loss, bool]] | None = None
        """Who is in the outage that goes on, and who of them is back."""
        self._lines = Lines({}, {}, [])

    def deadline(self, at: datetime, resident_id: str, loss: Loss) -> None:
        """A question ends without an answer because the line is down: that is known at once."""
        if not self._out(resident_id):
            self._stands(at, resident_id, loss)

    def fact(self, at: datetime, resident_id: str, loss: Loss) -> None:
        """The line did not come back in time: an outage, or a case of its own."""
        if self._outage is None:
            together = self._together(loss.at)
            if not together:
                self._stands(at, resident_id, loss)
                return
            self._outage = {}
            self._lines.outages.append(at)
            for one, lost in together:
                self._join(at, one, lost)
        self._join(at, resident_id, loss)

    def held(self, at: datetime, resident_id: str) -> None:
        """The line is back to stay; with enough of them the outage is over, and whoever is not back stands alone."""
        self._over(at, resident_id)
        if self._outage is None or not self._out(resident_id):
            return
        self._outage[resident_id] = (self._outage[resident_id][0], True)
        gone = [(one, loss) for one, (loss, back) in self._outage.items() if not back]
        if 1 - len(gone) / len(self._outage) >= self._limits.over_share:
            self._outage = None
            for one, loss in gone:
                self._stands(at, one, loss)

    def end(self, until: datetime) -> Lines:
        """The records end here."""
        for resident_id in list(self._alone):
            self._over(until, resident_id)
        return self._lines

    def _out(self, resident_id: str) -> bool:
        return self._outage is not None and self._outage.get(resident_id, (None, True))[1] is False

    def _join(self, at: datetime, resident_id: str, loss: Loss) -> None:
        self._over(at, resident_id)
        self._lines.gathered.setdefault(loss.key(resident_id), at)
        if self._outage is not None:
            self._outage[resident_id] = (loss, False)

    def _stands(self, at: datetime, resident_id: str, loss: Loss) -> None:
        self._alone.setdefault(resident_id, (at, loss))

    def _over(self, at: datetime, resident_id: str) -> None:
        if resident_id in self._alone:
            since, loss = self._alone.pop(resident_id)
            one = Standing(since, at, loss.key(resident_id))
            self._lines.single.setdefault(resident_id, []).append(one)

    def _together(self, not_before: datetime) -> list[tuple[str, Loss]]:
        """The lines that went down together, if they are many enough; see `hub.watch.losses.together_in`."""
        if self._many is None:
            return []
        down = list(self.down.values())
        best: list[tuple[str, Loss]] = []
        first = 0
        for last, (_, loss) in enumerate(down):
            while loss.at - down[first][1].at > self._limits.within:
                first += 1
            if loss.at >= not_before and last - first + 1 >= max(self._many, len(best) + 1):
                best = down[first : last + 1]
        return best
