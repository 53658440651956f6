"""Three NATS servers as one cluster on this machine, as deploy/ sets them up on three: MQTT, JetStream, one log on all."""

import json
import re
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from contract.refusal import Refused
from contract.topics import Channel, every_device
from hub.stream import STREAM
from provisioning.broker import server_binary
from provisioning.ports import Port

NODES = 3
START_SECONDS = 60.0
STOP_SECONDS = 10.0
HUB = ("mimamori-hub", "hub")
HOMES = ("homes", "homes")


HUB_MAY = {
    # As deploy/nats/users.conf has it.
    "publish": ["$JS.API.>", "$JS.ACK.>", *(f"mimamori.1.*.{each}" for each in ("ack", "config", "command"))],
    "subscribe": ["_INBOX.>", "mimamori.1.*.telemetry"],
}


class Ports:
    """What one node listens on, also after it was killed and started again."""

    def __init__(self) -> None:
        self._held = [Port() for _ in range(4)]
        self.client, self.route, self.mqtt, self.monitor = (one.number for one in self._held)

    def give_back(self) -> None:
        """The node starts no more."""
        for one in self._held:
            one.give_back()


class Cluster:
    """`with` starts all nodes and ends them; any of them may be killed and started again in between."""

    def __init__(self, folder: Path) -> None:
        """Files of node n lie in `folder/n`."""
        self._folder = folder
        self._ports = [Ports() for _ in range(NODES)]
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * NODES

    @property
    def servers(self) -> tuple[str, ...]:
        """For NATS clients."""
        return tuple(f"nats://127.0.0.1:{ports.client}" for ports in self._ports)

    @property
    def mqtt_ports(self) -> list[int]:
        """For MQTT clients, node by node."""
        return [ports.mqtt for ports in self._ports]

    def start(self, node: int) -> None:
        """Start one node."""
        home = self._folder / str(node)
        home.mkdir(parents=True, exist_ok=True)
        config = home / "nats.conf"
        config.write_text(json.dumps(self._configuration(node, home), indent=1))
        with (home / "nats.log").open("ab") as log:
            self._processes[node] = subprocess.Popen(
                [server_binary(), "-c", config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def kill(self, node: int) -> None:
        """As a power cut would."""
        process = self._processes[node]
        if process is not None:
            process.kill()
            process.wait()
            self._processes[node] = None

    def kill_leader(self) -> bool:
        """Kill the node that leads the stream; False while there is none, as between two elections."""
        leader = self.leader()
        if leader is None:
            return False
        self.kill(leader)
        return True

    def leader(self) -> int | None:
        """Which node leads the stream of what the homes say; None while there is none."""
        for ports in self._ports:
            with suppress(OSError, KeyError, ValueError):
                address = f"http://127.0.0.1:{ports.monitor}/jsz?streams=1&accounts=1"
                with urllib.request.urlopen(address, timeout=2) as answer:
                    told = json.load(answer)
                for account in told["account_details"]:
                    for stream in account["stream_detail"]:
                        if stream["name"] == STREAM and (name := stream["cluster"].get("leader")):
                            return int(re.sub(r"\D", "", name))
        return None

    def await_ready(self) -> None:
        """Wait until the nodes have found each other and agree on who leads."""
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if any(self._meta_leader(ports) for ports in self._ports):
                return
            if dead := [node for node, one in enumerate(self._processes) if one is not None and one.poll()]:
                log = (self._folder / str(dead[0]) / "nats.log").read_text(errors="replace")
                raise Refused(f"NATS のノードが止まりました ({log.strip()[-300:]})。")
            time.sleep(0.1)
        raise Refused(f"NATS の 3 ノードが {START_SECONDS:.0f} 秒たってもまとまりません。")

    def _meta_leader(self, ports: Ports) -> bool:
        with suppress(OSError, ValueError):
            with urllib.request.urlopen(f"http://127.0.0.1:{ports.monitor}/jsz", timeout=2) as answer:
                meta = json.load(answer).get("meta_cluster", {})
            return bool(meta.get("leader")) and meta.get("cluster_size") == NODES
        return False

    def _configuration(self, node: int, home: Path) -> dict[str, Any]:
        ports = self._ports[node]
        mqtt_topics = [every_device(channel) for channel in Channel]
        subjects = [topic.replace("/", ".").replace("+", "*") for topic in mqtt_topics]
        return {
            "server_name": f"node{node}",
            "listen": f"127.0.0.1:{ports.client}",
            "http": f"127.0.0.1:{ports.monitor}",
            "jetstream": {
                "store_dir": str(home / "store"),
                "max_mem": 256 * 1024**2,
                "max_file": 20 * 1024**3,
                "sync_interval": "always",
                "limits": {"default_max_consumers": -1},
            },
            "cluster": {
                "name": "mimamori",
                "listen": f"127.0.0.1:{ports.route}",
                "routes": [f"nats://127.0.0.1:{other.route}" for other in self._ports],
            },
            "mqtt": {
                "listen": f"127.0.0.1:{ports.mqtt}",
                "authorization": {"timeout": 10},
                "ack_wait": "10s",
                "stream_replicas": NODES,
            },
            "max_payload": 64 * 1024,
            "authorization": {
                "timeout": 10,
                "users": [
                    {"user": HUB[0], "password": HUB[1], "permissions": HUB_MAY},
                    {
                        "user": HOMES[0],
                        "password": HOMES[1],
                        "permissions": {"publish": subjects, "subscribe": subjects},
                    },
                ],
            },
        }

    def __enter__(self) -> Self:
        for node in range(NODES):
            self.start(node)
        try:
            self.await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        for process in self._processes:
            if process is not None:
                process.terminate()
        for node, process in enumerate(self._processes):
            if process is not None:
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                self._processes[node] = None
        for ports in self._ports:
            ports.give_back()
