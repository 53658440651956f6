"""A cluster while parts of it are killed: whether everything that a speaker was told is safe is stored, and once.

Three NATS nodes with one replicated log, PostgreSQL, and `mimamori hub --role ingest` as so many processes. Homes publish
over MQTT to all three nodes and, as speakers do, say again what was not acknowledged. In the middle one worker is killed,
then the node that leads the log; both with SIGKILL. At the end every acknowledged event must be one row. Test presses
are counted by their effect in the history, which shows an effect that happened twice.
"""

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.nodes import HOMES, HUB, NODES, Cluster
from bench.postgres import PostgresServer
from bench.report import Report, machine, medians, rounds
from bench.town import Town, at_second, device
from bench.wire import Wire
from contract.envelope import Event, encode_event
from contract.events import Activity, ClockQuality, TestPress, type_of
from contract.refusal import Refused
from contract.time import SystemClock
from contract.topics import Channel, topic
from hub import sight
from hub.store import tables as t
from hub.store.database import Store

CHUNK = 100
"""Events a home sends before it waits for what is acknowledged."""
HOMES_AT_ONCE = 6
PATIENCE_SECONDS = 300.0


def measure(events: int, workers: int, runs: int = 1, *, kill: bool = True) -> Report:
    """Medians of the speed; lost and duplicated added up over the runs."""
    made = [_run(events, workers, kill=kill) for _ in rounds(runs, "cluster")]
    figures: dict[str, Any] = dict(medians(made))
    figures |= {name: sum(one[name] for one in made) for name in ("lost", "duplicated", "missing_effects")}
    return Report(
        name="cluster",
        parameters={
            "events": events,
            "workers": workers,
            "nodes": NODES,
            "replicas": NODES,
            "killed": ["worker", "stream leader"] if kill else [],
            "store": "postgres",
            "runs": runs,
        },
        figures=figures,
        machine=machine(),
    )


class Workers:
    """Ingest processes."""

    def __init__(self, folder: Path, address: str, cluster: Cluster) -> None:
        self._folder = folder
        self._config = folder / "hub.toml"
        servers = ", ".join(f'"{server}"' for server in cluster.servers)
        ports = cluster.mqtt_ports
        self._configs = []
        for node, port in enumerate(ports):
            config = folder / f"hub-{node}.toml"
            config.write_text(
                f'data = "data"\nlog_level = "warning"\n[store]\nurl = "{address}"\n'
                f'[broker]\nport = {port}\nusername = "{HUB[0]}"\npassword = "{HUB[1]}"\nnats = [{servers}]\n'
            )
            self._configs.append(config)
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, number: int) -> None:
        """Start worker `number`; it tells speakers by the node of the same number."""
        with (self._folder / f"worker-{number}.log").open("ab") as log:
            command = [sys.executable, "-m", "mimamori", "hub", "--role", "ingest", "--name", f"w{number}"]
            self._processes.append(
                subprocess.Popen(
                    [*command, "--config", self._configs[number % len(self._configs)]],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )

    def kill(self) -> None:
        """One of them, as a power cut would."""
        self._processes[0].kill()
        self._processes[0].wait()

    def stop(self) -> None:
        """All of them, politely."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self) -> str:
        """The end of what they wrote."""
        return "".join(path.read_text(errors="replace")[-400:] for path in self._folder.glob("worker-*.log"))


class Speakers(threading.Thread):
    """Some homes that speak over one connection, and say again what nobody acknowledged."""

    def __init__(
        self, cluster: Cluster, number: int, events: Sequence[tuple[str, tuple[str, bytes]]]
    ) -> None:
        super().__init__(name=f"speakers-{number}", daemon=True)
        self._cluster = cluster
        self._node = number
        self._events = events
        self.acknowledged: list[str] = []
        """Ids that the broker has answered for."""

    def run(self) -> None:
        """Until everything is acknowledged."""
        left = [self._events[start : start + CHUNK] for start in range(0, len(self._events), CHUNK)]
        give_up = time.monotonic() + PATIENCE_SECONDS
        while left and time.monotonic() < give_up:
            port = self._cluster.mqtt_ports[self._node % NODES]
            try:
                # A name that is not the one before: the node that had it may be the dead one.
                with Wire(
                    port, f"{HOMES[0]}", HOMES[1], client_id=f"speakers-{self._node}", patience=10
                ) as wire:
                    while left:
                        wire.publish([said for _, said in left[0]])
                        self.acknowledged += [id for id, _ in left.pop(0)]
            except (OSError, Refused):
                self._node += HOMES_AT_ONCE + 1
                time.sleep(0.2)


def _run(events: int, workers: int, *, kill: bool) -> dict[str, Any]:
    now = at_second(SystemClock().now())
    town = Town(homes=100, opens_at=now - timedelta(minutes=1))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(Cluster(folder / "nats"))
        server = stack.enter_context(PostgresServer())
        address = server.database()
        store = stack.enter_context(Store.open(address))
        town.fill(store, range(town.homes))
        hubs = Workers(folder, address, cluster)
        stack.callback(hubs.stop)
        for number in range(workers):
            hubs.start(number)
        _await(lambda: len(_hearing(store)) == workers, "働き手が聞き始めません", hubs)
        speakers = [
            Speakers(cluster, number, _said(range(number, events, HOMES_AT_ONCE), now))
            for number in range(HOMES_AT_ONCE)
        ]
        began = time.monotonic()
        for speaker in speakers:
            speaker.start()
        if kill:
            _await(lambda: _stored(store) > events * 0.2, "何も届きません", hubs)
            hubs.kill()
            _await(lambda: _stored(store) > events * 0.4, "働き手が倒れたあと、何も届きません", hubs)
            _await(cluster.kill_leader, "どのノードが記録を率いているか分かりません", hubs)
        for speaker in speakers:
            speaker.join()
        published = time.monotonic() - began
        acknowledged = {id for speaker in speakers for id in speaker.acknowledged}
        _await(lambda: _stored(store) >= len(acknowledged), "届いたはずの記録が揃いません", hubs, fatal=False)
        took = time.monotonic() - began
        return _verdict(store, acknowledged, events) | {
            "events_per_s": round(events / took, 1),
            "published_per_s": round(events / published, 1),
            "seconds": round(took, 2),
        }


def _verdict(store: Store, acknowledged: set[str], events: int) -> dict[str, int]:
    with store.read() as conn:
        rows = conn.execute(select(t.event.c.id, t.event.c.type)).all()
        presses = conn.scalar(select(func.count()).where(t.transition.c.new == "test_press")) or 0
        quarantined = conn.scalar(select(func.count()).select_from(t.quarantine)) or 0
    stored = {row.id for row in rows}
    expected = sum(row.type == "test_press" for row in rows)
    return {
        "unacknowledged": events - len(acknowledged),
        "lost": len(acknowledged - stored),
        "duplicated": len(rows) - len(stored) + max(0, presses - expected),
        "missing_effects": max(0, expected - presses) + quarantined,
    }


def _said(numbers: range, now: datetime) -> list[tuple[str, tuple[str, bytes]]]:
    chance = random.Random(numbers.start)
    made = []
    for number in numbers:
        event = Event(
            id=f"019a1111-0000-7000-8000-{number:012d}",
            device=device(chance.randrange(100)),
            session="s1",
            seq=number,
            at=now,
            clock=ClockQuality.synced,
            late=False,
            type=type_of(TestPress()) if number % 2 else "activity",
            body=TestPress() if number % 2 else Activity(source="motion"),
        )
        made.append((event.id, (topic(event.device, Channel.event), encode_event(event))))
    return made


def _stored(store: Store) -> int:
    with store.read() as conn:
        return conn.scalar(select(func.count()).select_from(t.event)) or 0


def _hearing(store: Store) -> list[str]:
    with store.read() as conn:
        return sight.workers(conn, SystemClock().now())


def _await(done: Any, words: str, hubs: Workers, *, fatal: bool = True) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > give_up:
            if fatal:
                raise Refused(f"{words}。{hubs.logs()}")
            return
        time.sleep(0.1)
