"""What the hub stands on and does not own: the machine's clock, the broker, a time series store."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from contract.finding import Finding, ok, problem, skipped, warning
from contract.time import kernel_synchronized
from contract.topics import FROM_DEVICE, Channel, every_device
from hub.config import BrokerConfig, HubConfig

PATIENCE_SECONDS = 8.0


def clock_is_set() -> Iterator[Finding]:
    """Whether the kernel says that network time keeps its clock."""
    name, called = "clock", "時計"
    if kernel_synchronized():
        yield ok(name, called, "ネットワークの時刻に合わせられています。")
    else:
        yield warning(
            name,
            called,
            "ネットワークの時刻に合わせられていません。締切が実際の時刻とずれます。",
            "chrony か systemd-timesyncd を動かしてください (timedatectl で確かめられます)。"
            "仮想機械や容器では、宿主の時計を確かめてください。",
        )


def broker(config: HubConfig) -> Iterator[Finding]:
    """Connect as the hub does, under another name, and ask for everything it asks for."""
    name, called = "broker", "ブローカー"
    line = config.broker
    where = f"{line.host}:{line.port}"
    try:
        reason, refused = _Visit(line).make()
    except (OSError, ValueError) as error:
        yield problem(
            name,
            called,
            f"{where} につながりません ({error.strerror if isinstance(error, OSError) and error.strerror else error})。",
            "ブローカーが動いているか、hub.toml の [broker] と証明書を確かめてください。",
        )
        return
    if reason is not None:
        yield problem(
            name,
            called,
            f"{where} に断られました ({reason})。",
            "hub.toml の [broker] の username と password を確かめてください。",
        )
    elif refused:
        yield problem(
            name,
            called,
            f"{where} が {'・'.join(refused)} を聞かせてくれません。",
            "ハブの権限と、ブローカーの購読数の上限 (NATS では default_max_consumers) を確かめてください。",
        )
    else:
        yield ok(name, called, f"{where} につながり、すべて聞けます。")


class _Visit:
    """One short connection."""

    def __init__(self, line: BrokerConfig) -> None:
        self._line = line
        self._done = threading.Event()
        self._reason: str | None = None
        self._refused: list[Channel] = []
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"{line.client_id[:56]}-doctor", clean_session=True
        )
        client.username_pw_set(line.username, line.password or None)
        if line.tls is not None:
            client.tls_set(line.tls.ca or None, line.tls.certificate or None, line.tls.key or None)
        client.connect_timeout = PATIENCE_SECONDS
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = lambda *_: self._done.set()
        self._client = client

    def make(self) -> tuple[str | None, list[Channel]]:
        """Why it was turned away, or what it may not hear; OSError when nobody is there."""
        self._client.connect(self._line.host, self._line.port, keepalive=15)
        self._client.loop_start()
        try:
            if not self._done.wait(PATIENCE_SECONDS):
                return "返事がありません", []
            return self._reason, self._refused
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        if reason.is_failure:
            self._reason = str(reason)
            self._done.set()
            return
        client.subscribe([(every_device(channel), 0) for channel in FROM_DEVICE])

    def _subscribed(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[Any], _props: Any
    ) -> None:
        self._refused = [
            channel for channel, reason in zip(FROM_DEVICE, reasons, strict=False) if reason.is_failure
        ]
        self._done.set()


def telemetry(config: HubConfig) -> Iterator[Finding]:
    """Whether the time series store answers, where there is one."""
    name, called = "telemetry", "時系列データベース"
    if config.telemetry is None:
        yield skipped(name, called, "使っていません。機器の状態はハブのデータベースにまとめられます。")
        return
    url = f"{config.telemetry.url.rstrip('/')}/health"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS):
            yield ok(name, called, f"{config.telemetry.url} が答えます。")
    except (urllib.error.URLError, OSError, ValueError) as error:
        yield warning(
            name,
            called,
            f"{config.telemetry.url} が答えません ({getattr(error, 'reason', error)})。機器の状態だけが届きません。",
            "動いているか、hub.toml の [telemetry] の url を確かめてください。",
        )
