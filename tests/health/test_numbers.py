"""The numbers a box tells of itself: read from the machine, named with their units, sent while there is a line."""

import threading
import tomllib
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from contract.state import decode_telemetry
from contract.topics import Channel, topic
from device.health.numbers import cpu_temperature, machine_numbers, wifi_signal
from device.health.reporter import Reporter
from device.health.settings import load_health_settings
from device.health.vitals import Vitals
from device.line.outbox import Outbox
from device.listen.home_microphone import HomeMicrophone, Levels
from device.panel.presses import Presses
from device.steps import HeardStep
from device.store import Store
from provisioning.broker import Broker
from tests.clock import MONDAY_NOON
from tests.device.conftest import Box
from tests.device.home import eventually
from tests.health.room import Room
from tests.listening.sounds import mixed, quiet_room

WIRELESS = """Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0
"""


def proc(folder: Path, wireless: str = WIRELESS) -> Path:
    (folder / "net").mkdir()
    (folder / "self").mkdir()
    (folder / "net" / "wireless").write_text(wireless)
    (folder / "meminfo").write_text("MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  250 kB\n")
    (folder / "self" / "statm").write_text("90000 25000 300 1 0 1 0\n")
    return folder


def test_every_number_is_read_from_where_the_machine_keeps_it(tmp_path: Path) -> None:
    numbers = machine_numbers(tmp_path, proc(tmp_path), lambda: 51.5)
    assert numbers["wifi_signal_dbm"] == -56.0
    assert numbers["memory_free_share"] == 0.25
    assert numbers["process_rss_mb"] == pytest.approx(25000 * 4096 / 1e6, rel=0.01)
    assert numbers["cpu_temperature_c"] == 51.5
    assert 0.0 <= numbers["disk_free_share"] <= 1.0
    assert numbers["load_1min"] >= 0.0


def test_a_machine_that_lacks_a_number_sends_the_rest(tmp_path: Path) -> None:
    numbers = machine_numbers(tmp_path / "gone", tmp_path, lambda: None)
    assert set(numbers) == {"load_1min"}


@pytest.mark.parametrize(("level", "dbm"), [("200.", -56.0), ("-61.", -61.0), ("rubbish", None)])
def test_drivers_that_count_from_0_to_255_are_understood(
    tmp_path: Path, level: str, dbm: float | None
) -> None:
    assert wifi_signal(proc(tmp_path, WIRELESS.replace("-56.", level))) == dbm


def test_the_cpu_can_be_asked_for_its_temperature() -> None:
    temperature = cpu_temperature()
    assert temperature is None or -20.0 < temperature < 120.0


def test_levels_tell_the_room_from_the_voice_and_keep_no_sound() -> None:
    levels = Levels()
    room, voice = quiet_room(9.0), mixed(quiet_room(1.0), quiet_room(1.0, 2, 3000.0))
    for sound in (room, voice):
        for start in range(0, sound.size - 512, 512):
            levels.feed(sound[start : start + 512])
    assert levels.share(0.2) == pytest.approx(-64, abs=1.5)
    assert levels.share(0.95) == pytest.approx(-21, abs=1.5)
    levels.forget()
    assert levels.share(0.5) is None


def test_a_report_counts_anew_each_time(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "t")
    sent: list[bytes] = []
    seconds = [0.0]
    line = [False]
    reporter = Reporter(
        load_health_settings().telemetry,
        tmp_path,
        Outbox(store),
        None,
        sent.append,
        lambda: line[0],
        lambda: seconds[0],
    )
    reporter.observe(HeardStep("…", 0.9, 850.0, {}))
    reporter.tick(MONDAY_NOON)
    assert sent == [], "there is no line"
    line[0] = True
    reporter.tick(MONDAY_NOON)
    reporter.tick(MONDAY_NOON)
    seconds[0] += 301.0
    reporter.tick(MONDAY_NOON)
    first, second = (decode_telemetry(each).values for each in sent)
    assert first["recognizer_longest_ms"] == 850.0
    assert "recognizer_longest_ms" not in second
    assert second["uptime_seconds"] == 301.0
    assert second["outbox_waiting"] == 0.0
    store.close()


def test_what_staff_see_under_a_name_of_their_own_is_what_we_send(tmp_path: Path) -> None:
    """The hub's file and the speaker speak of the same numbers."""
    known = tomllib.loads(Path("hub/telemetry.toml").read_text(encoding="utf-8"))
    store = Store.open(tmp_path / "data", "t")
    microphone = HomeMicrophone(Room(), threading.Event(), Presses(), Vitals())
    microphone.open()
    microphone.frame()
    reporter = Reporter(
        load_health_settings().telemetry, tmp_path, Outbox(store), microphone, lambda _: None, lambda: True
    )
    reporter.observe(HeardStep("…", 0.9, 850.0, {}))
    # Not every machine has all of the machine's own.
    ours = {*reporter.numbers(), *machine_numbers(tmp_path, proc(tmp_path), lambda: 40.0)}
    assert {number["name"] for number in known["numbers"]} == ours
    store.close()


def test_a_running_box_tells_its_numbers(box: Box, broker: Broker) -> None:
    heard: list[bytes] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="mimamori-hub")
    client.username_pw_set("mimamori-hub", "mimamori-hub")
    client.on_message = lambda _client, _data, message: heard.append(bytes(message.payload))
    client.on_connect = lambda client, *_: client.subscribe(topic("sato-1", Channel.telemetry))
    subscribed = []
    client.on_subscribe = lambda *_: subscribed.append(True)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        assert eventually(lambda: bool(subscribed))
        box.switch_on()
        assert eventually(lambda: bool(heard))
        assert "disk_free_share" in decode_telemetry(heard[0]).values
    finally:
        client.disconnect()
        client.loop_stop()
