"""One run of a fleet: with the hub behind a given broker, or with a broker of its own and nobody behind it."""

import json
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from contract.commands import Config
from contract.refusal import Refused
from contract.time import Clock, SystemClock, office_date, office_instant
from demo.fleet import SHARES, Counts, Fleet, QuickClock, cost, habits, morning_at
from demo.fleet_home import Habit
from demo.fleet_office import Acknowledger
from device.config import BrokerConfig
from provisioning.broker import Broker, device_user, hub_user, new_password

LEAD = timedelta(seconds=3)
"""Of wall time between the last connection and the question, where there is no hub."""
_HUB = "mimamori-hub"


class Order(Struct, frozen=True, kw_only=True):
    """What to run."""

    homes: int
    shares: Mapping[Habit, float] = msgspec.field(default_factory=lambda: dict(SHARES))
    broker: str | None = None
    """host:port; a hub behind it configures the homes."""
    passwords: Path | None = None
    at: str = "08:00"
    speed: float = 1.0
    seconds: float = 120.0


def shares_of(text: str | None) -> Mapping[Habit, float]:
    """Read "answers=0.9,silent=0.1"; `Refused` says what is wrong with it."""
    if text is None:
        return SHARES
    found: dict[Habit, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        try:
            found[Habit(name.strip())] = float(share)
        except ValueError:
            known = "、".join(Habit)
            raise Refused(
                f"--shares の「{part}」を読めません。「answers=0.9,silent=0.1」のように書いてください ({known})。"
            ) from None
    if not any(share > 0 for share in found.values()) or min(found.values()) < 0:
        raise Refused("--shares の割合は 0 以上で、どれか一つは 0 より大きくしてください。")
    return found


PER_PROCESS = 100
"""paho waits with select(2), which knows no file above 1,023; a home has about seven open."""


class _Part(Struct, frozen=True, kw_only=True):
    """What one process drives."""

    homes: dict[str, Habit]
    brokers: dict[str, BrokerConfig]
    folder: Path
    clock: Clock
    morning: Config | None
    seconds: float


class Drive(Struct, frozen=True, kw_only=True):
    """What came of a part, or of all."""

    counts: Counts
    settled: bool
    connected_s: float
    """Until the last home was let in."""
    settled_s: float
    cpu_s: float
    memory_mb: float


def run(order: Order) -> dict[str, Any]:
    """Drive the fleet through its morning; return the figures."""
    living = habits(order.homes, order.shares)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mimamori-fleet-")))
        if order.broker is None:
            brokers = stack.enter_context(_own_broker(folder, list(living)))
            clock: Clock = _before(order.at, order.homes, order.speed)
            morning = morning_at(order.at)
        else:
            brokers = _given(order.broker, order.passwords, list(living))
            clock, morning = SystemClock(), None
        driven = drive(living, brokers, folder / "homes", clock, morning, order.seconds)
    figures: dict[str, Any] = msgspec.to_builtins(driven)
    return {**figures.pop("counts"), **figures}


def drive(
    living: Mapping[str, Habit],
    brokers: Mapping[str, BrokerConfig],
    folder: Path,
    clock: Clock,
    morning: Config | None,
    seconds: float,
) -> Drive:
    """Drive these homes, in as many processes as they need; `clock` must be one that can be handed to a process."""
    names = list(living)
    parts = [
        _Part(
            homes={name: living[name] for name in names[at : at + PER_PROCESS]},
            brokers={name: brokers[name] for name in names[at : at + PER_PROCESS]},
            folder=folder,
            clock=clock,
            morning=morning,
            seconds=seconds,
        )
        for at in range(0, len(names), PER_PROCESS)
    ]
    if len(parts) == 1:
        return _drive(parts[0])
    with ProcessPoolExecutor(len(parts), get_context("spawn"), initializer=_quiet) as pool:
        return _together(list(pool.map(_drive, parts)))


def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def _drive(part: _Part) -> Drive:
    cpu, _ = cost()
    begun = monotonic()
    fleet = Fleet(part.homes, part.brokers.__getitem__, part.folder, part.clock, morning=part.morning)
    try:
        fleet.start(part.seconds)
        connected_s = monotonic() - begun
        fleet.cut_lines()
        begun = monotonic()
        settled = fleet.settle(part.seconds)
        settled_s = monotonic() - begun
        cpu_after, memory = cost()
        return Drive(
            counts=fleet.counts(),
            settled=settled,
            connected_s=round(connected_s, 2),
            settled_s=round(settled_s, 2),
            cpu_s=round(cpu_after - cpu, 2),
            memory_mb=round(memory, 1),
        )
    finally:
        fleet.stop()


def _together(driven: list[Drive]) -> Drive:
    counts = [each.counts for each in driven]
    outcomes: Counter[str] = Counter()
    for each in counts:
        outcomes.update(each.outcomes)
    return Drive(
        counts=Counts(
            homes=sum(each.homes for each in counts),
            connected=sum(each.connected for each in counts),
            configured=sum(each.configured for each in counts),
            askings=sum(each.askings for each in counts),
            events=sum(each.events for each in counts),
            acknowledged=sum(each.acknowledged for each in counts),
            calls_for_help=sum(each.calls_for_help for each in counts),
            outcomes=dict(sorted(outcomes.items())),
            unsettled=tuple(name for each in counts for name in each.unsettled),
        ),
        settled=all(each.settled for each in driven),
        connected_s=max(each.connected_s for each in driven),
        settled_s=max(each.settled_s for each in driven),
        cpu_s=round(sum(each.cpu_s for each in driven), 2),
        memory_mb=round(sum(each.memory_mb for each in driven), 1),
    )


@contextmanager
def _own_broker(folder: Path, devices: list[str]) -> Iterator[dict[str, BrokerConfig]]:
    passwords = {device: new_password() for device in devices}
    hub = new_password()
    users = [*(device_user(device, password) for device, password in passwords.items()), hub_user(hub)]
    with Broker(folder / "broker", users) as broker:
        office = Acknowledger(broker.host, broker.port, _HUB, hub)
        office.start()
        try:
            yield {
                device: BrokerConfig(host=broker.host, port=broker.port, password=password)
                for device, password in passwords.items()
            }
        finally:
            office.stop()


def _given(address: str, passwords: Path | None, devices: list[str]) -> dict[str, BrokerConfig]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise Refused(f"--broker の「{address}」を読めません。「127.0.0.1:1883」のように書いてください。")
    known: dict[str, str] = {}
    if passwords is not None:
        try:
            known = msgspec.convert(json.loads(passwords.read_text(encoding="utf-8")), dict[str, str])
        except (OSError, ValueError) as error:
            raise Refused(f"パスワードのファイル {passwords} を読めません ({error})。") from error
        missing = [device for device in devices if device not in known]
        if missing:
            raise Refused(
                f"{passwords} に {missing[0]} など {len(missing)} 台のパスワードがありません。"
                "書き足すか、--homes を減らしてください。"
            )
    return {device: BrokerConfig(host=host, port=int(port), password=known.get(device)) for device in devices}


def _before(at: str, homes: int, speed: float) -> Clock:
    """A clock on which the question comes as soon as all homes can be connected."""
    wall = LEAD + timedelta(seconds=homes * 0.08)
    try:
        hours, minutes = (int(part) for part in at.split(":"))
        slot = office_instant(office_date(SystemClock().now()), timedelta(hours=hours, minutes=minutes))
    except ValueError:
        raise Refused(f"--at の「{at}」は時刻ではありません。「08:00」のように書いてください。") from None
    return QuickClock(slot - wall * speed, speed)
