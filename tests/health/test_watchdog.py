"""The watchdog is fed while everything moves, and goes hungry for each part that hangs (a fake systemd listens)."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.fittings import Fittings
from device.health.vitals import FRAME_SECONDS, SCHEDULER_SECONDS, WRITE_SECONDS, Organ, Vitals
from device.health.watchdog import Notifier, Watchdog
from device.listen.home_microphone import HomeMicrophone
from device.panel.presses import Presses
from device.steps import Connected
from tests.device.conftest import Box
from tests.device.home import eventually
from tests.device.hub_stand_in import HubStandIn
from tests.health.room import Room


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.environment = {
            "NOTIFY_SOCKET": str(path),
            "WATCHDOG_USEC": "30000000",
            "WATCHDOG_PID": str(os.getpid()),
        }

    def told(self) -> list[str]:
        """What came since the last look."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    listening = Systemd(tmp_path / "notify")
    yield listening
    listening.close()


class Watch:
    """A box's vitals under a watch that only goes when told to."""

    def __init__(self, systemd: Systemd) -> None:
        self.seconds = 0.0
        self.vitals = Vitals(lambda: self.seconds)
        self.watchdog = Watchdog(Notifier(systemd.environment), self.vitals)
        self._systemd = systemd

    def fed(self) -> bool:
        """Whether it was fed just now. A part that runs may move at any moment, so one look must do."""
        self._systemd.told()
        fed = self.watchdog.feed()
        assert fed == ("WATCHDOG=1" in self._systemd.told())
        return fed


@pytest.fixture
def watch(systemd: Systemd) -> Watch:
    return Watch(systemd)


def test_a_part_that_hangs_starves_the_watchdog_until_it_moves_again(watch: Watch) -> None:
    for organ in Organ:
        watch.vitals.promise(organ, 10.0)
        watch.seconds += 9.0
        assert watch.fed()
        watch.seconds += 2.0
        assert not watch.fed()
        watch.vitals.promise(organ, 10.0)
        assert watch.fed()
        watch.vitals.rest(organ)
        watch.seconds += 1000.0
        assert watch.fed(), "a part that has nothing to do owes nothing"


def test_systemd_is_told_which_part_hangs(watch: Watch, systemd: Systemd) -> None:
    watch.vitals.promise(Organ.microphone, 1.0)
    watch.seconds += 2.0
    watch.watchdog.feed()
    assert systemd.told() == ["STATUS=hanging: microphone"]


def test_a_microphone_that_gives_no_frames_and_no_error_starves_it(watch: Watch) -> None:
    room = Room()
    microphone = HomeMicrophone(room, threading.Event(), Presses(), watch.vitals)
    microphone.open()
    for _ in range(100):
        microphone.frame()
        watch.seconds += 1.0
    assert watch.fed(), "frames come"
    room.stuck = threading.Event()
    stuck = threading.Thread(target=microphone.frame, daemon=True)
    stuck.start()
    watch.seconds += FRAME_SECONDS + 1
    assert not watch.fed()
    room.stuck.set()
    stuck.join(5)
    microphone.close()
    watch.seconds += 1000.0
    assert watch.fed(), "nobody needs frames while it is closed"


def switch_on(box: Box, watch: Watch) -> None:
    box.fittings = Fittings(vitals=watch.vitals)
    box.switch_on()
    box.watcher.wait_for(Connected)


def test_a_write_that_never_ends_starves_it(box: Box, hub: HubStandIn, watch: Watch) -> None:
    switch_on(box, watch)
    assert box.speaker
    begun, go_on = threading.Event(), threading.Event()

    def never_ending(_: object) -> None:
        begun.set()
        go_on.wait(20)

    writing = threading.Thread(target=box.speaker._store.write, args=(never_ending,))
    writing.start()
    assert begun.wait(10)
    watch.seconds += WRITE_SECONDS + 1
    hungry = not watch.fed()
    go_on.set()
    writing.join(10)
    assert hungry
    assert eventually(watch.fed)


def test_a_loop_that_does_not_come_round_starves_it(box: Box, hub: HubStandIn, watch: Watch) -> None:
    switch_on(box, watch)
    for _ in range(5):
        watch.seconds += SCHEDULER_SECONDS - 1
        assert eventually(watch.fed), "it comes round twice a second"
    listening, go_on = threading.Event(), threading.Event()

    def stuck() -> None:
        listening.set()
        go_on.wait(20)

    box.resident.before_answering = stuck
    hub.order("sato-1", b'{"id": "c1", "kind": "ask_now"}')
    assert listening.wait(10)
    watch.seconds += SCHEDULER_SECONDS + 1
    hungry = not watch.fed()
    box.resident.before_answering = lambda: None
    go_on.set()
    assert hungry
    assert eventually(watch.fed)


def test_a_box_says_ready_and_goodbye_to_systemd(
    box: Box, hub: HubStandIn, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in systemd.environment.items():
        monkeypatch.setenv(name, value)
    box.switch_on()
    box.watcher.wait_for(Connected)
    assert eventually(lambda: "READY=1" in systemd.told())
    box.switch_off()
    assert "STOPPING=1" in systemd.told()


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": "/nonexistent/socket"}, {"NOTIFY_SOCKET": "@nobody-listens-here"}],
)
def test_without_systemd_nothing_happens(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    assert not notifier.tell("READY=1")
    assert notifier.watchdog_seconds is None


def test_another_processs_watchdog_is_not_ours(systemd: Systemd) -> None:
    assert Notifier(systemd.environment).watchdog_seconds == 30.0
    assert Notifier({**systemd.environment, "WATCHDOG_PID": "1"}).watchdog_seconds is None
