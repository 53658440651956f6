"""What one speaker costs its machine: share of a core while nothing happens, memory before and after check-ins.

The speaker is whole, in a process of its own: the line to a real broker, the schedule, Whisper, understanding, Open
JTalk, the ear, the watch for calls for help. Only the air is made: a virtual room instead of sound cards. The broker
and the little hub that asks and acknowledges run outside the process that is measured.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from bench.aloud import Engine, Manner, plain
from bench.report import Report, machine, percentile, rounds
from bench.speaker_process import DEVICE, begin
from contract.commands import Ack, Command, CommandKind, Config, encode
from contract.envelope import Event, decode_event
from contract.events import CheckIn, Outcome
from contract.ids import uuid7
from contract.refusal import Refused
from contract.time import SystemClock
from contract.topics import Channel, every_device, topic
from demo.acoustics import Acoustics
from demo.pace import Pace
from demo.room import Room
from provisioning.broker import Broker, device_user, hub_user, new_password

SAYS = "はい、元気にやっとります"
SETTLE_SECONDS = 5.0
PATIENCE_SECONDS = 300.0
ROOM_PACE = 4.0
"""During check-ins a second of sound passes in a quarter of one, where the machine keeps up."""


def measure(check_ins: int, seconds: float) -> Report:
    """Idle for `seconds`, idle with an open ear for twice that, and so many check-ins one after the other."""
    with running(pace=1.0) as (hub, process):
        loaded = _megabytes(process)
        hub.configure(listen_for_help=False)
        idle = core_share(process, seconds)
        hub.configure(listen_for_help=True)
        first = core_share(process, seconds)  # it has to learn how loud this room usually is
        later = core_share(process, seconds)
    with running(pace=ROOM_PACE) as (hub, process):
        hub.configure(listen_for_help=False)
        megabytes, worked = [_megabytes(process)], []
        for _ in rounds(check_ins, "check-ins"):
            before = _cpu_seconds(process)
            hub.ask()
            worked.append(_cpu_seconds(process) - before)
            megabytes.append(_megabytes(process))
        outcomes = list(hub.outcomes)
    tenth = min(10, check_ins)
    return Report(
        name="speaker",
        parameters={
            "check_ins": check_ins,
            "idle_seconds": seconds,
            "room": "quiet",
            "recognizer": hub.recognizer,
        },
        figures={
            "idle_core_share": round(idle, 4),
            "idle_listening_core_share": round(later, 4),
            "idle_listening_at_first_core_share": round(first, 4),
            "rss_loaded_mb": loaded,
            "rss_after_one_mb": megabytes[1],
            "rss_after_ten_mb": megabytes[tenth],
            "rss_after_all_mb": megabytes[-1],
            "rss_highest_mb": max(megabytes),
            "check_in_core_p50_s": round(percentile(worked, 0.5), 2),
            "answered": sum(outcome is Outcome.answered for outcome in outcomes),
            "asked": check_ins,
        },
        ceiling={"idle_listening_core_share": round(_room_alone(min(seconds, 10.0)), 4)},
        machine=machine(),
    )


def _room_alone(seconds: float) -> float:
    """Share of a core that the virtual room takes for giving its frames to nobody; a sound card takes it too."""
    room = Room(Acoustics(), lambda: None, Pace(1.0), seed=1)
    room.microphone.open()
    worked, end = time.thread_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        room.microphone.frame()
    return (time.thread_time() - worked) / seconds


@contextmanager
def running(pace: float) -> Iterator[tuple["_Hub", psutil.Process]]:
    """A broker, a hub, and a speaker that is connected and has come to rest."""
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        password, hub_password = new_password(), new_password()
        users = [device_user(DEVICE, password), hub_user(hub_password)]
        ours, theirs = context.Pipe()
        with Broker(folder / "broker", users) as broker:
            hub = _Hub(broker.port, hub_password)
            said = plain(
                SAYS, Manner(engine=Engine.openjtalk, voice="0", pace=0.85, room=Acoustics(), delay_s=0.0)
            )
            child = context.Process(
                target=begin,
                args=(theirs, folder / "speaker", broker.port, password, said, pace),
                daemon=True,
            )
            child.start()
            try:
                if not ours.poll(PATIENCE_SECONDS):
                    raise Refused(f"スピーカーが {PATIENCE_SECONDS:.0f} 秒たっても動きません。")
                hub.recognizer = ready(ours)
                time.sleep(SETTLE_SECONDS)
                yield hub, psutil.Process(child.pid)
            finally:
                with _ignoring_a_broken_pipe():
                    ours.send("stop")
                child.join(10.0)
                if child.is_alive():
                    child.kill()
                hub.close()


def ready(pipe: Connection) -> str:
    """The name of the recognizer, once the speaker has begun; raise `Refused` with why it could not."""
    try:
        word = pipe.recv()
    except EOFError:
        raise Refused("スピーカーが始まる前に止まりました。上の表示を確かめてください。") from None
    if isinstance(word, Refused):
        raise word
    return str(word)


@contextmanager
def _ignoring_a_broken_pipe() -> Iterator[None]:
    """A speaker that is gone already needs no word to stop."""
    try:
        yield
    except OSError:
        return


class _Hub:
    """Asks, acknowledges what arrives, and counts check-ins."""

    def __init__(self, port: int, password: str) -> None:
        self.outcomes: list[Outcome] = []
        self.recognizer = ""
        self._revision = 0
        self._clock = SystemClock()
        self._changed = threading.Condition()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="mimamori-hub")
        client.username_pw_set("mimamori-hub", password)
        client.on_message = self._message
        client.connect("127.0.0.1", port)
        client.subscribe([(every_device(Channel.event), 1), (every_device(Channel.sos), 1)])
        client.loop_start()
        self._client = client

    def configure(self, *, listen_for_help: bool) -> None:
        """No slots: it is asked by order only."""
        self._revision += 1
        config = Config(revision=self._revision, call_name="佐藤様", listen_for_help=listen_for_help)
        self._send(Channel.config, encode(config), retain=True)
        time.sleep(SETTLE_SECONDS)

    def ask(self) -> None:
        """Have it ask now, and wait for what came of it."""
        known = len(self.outcomes)
        order = Command(id=uuid7(self._clock.now()), kind=CommandKind.ask_now)
        self._send(Channel.command, encode(order))
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.outcomes) > known, PATIENCE_SECONDS):
                raise Refused(f"スピーカーが {PATIENCE_SECONDS:.0f} 秒たっても答えを送りません。")
        time.sleep(1.0)  # the thank-you

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic(DEVICE, channel), payload, qos=1, retain=retain).wait_for_publish(10)

    def _message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        event: Event = decode_event(bytes(message.payload))
        client.publish(topic(DEVICE, Channel.ack), encode(Ack(ids=[event.id])))
        if isinstance(event.body, CheckIn):
            with self._changed:
                self.outcomes.append(event.body.outcome)
                self._changed.notify_all()


class Process(Protocol):
    """Whoever tells the core seconds of a process; `psutil.Process`."""

    def cpu_times(self) -> Any:
        """An object with `user` and `system`, seconds."""


def core_share(
    process: Process,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    counter: Callable[[], float] = time.perf_counter,
) -> float:
    """Share of one core over about so long."""
    before, since = _cpu_seconds(process), counter()
    sleep(seconds)
    return (_cpu_seconds(process) - before) / (counter() - since)


def _cpu_seconds(process: Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _megabytes(process: psutil.Process) -> int:
    rss: int = process.memory_info().rss
    return round(rss / 1e6)
