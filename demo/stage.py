"""The town's side of the demonstration, all of it real: broker, hub, dashboard, and a roster with everybody in it."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from contract.time import Clock
from demo.cast import Household
from demo.letterbox import Letterbox, notice_settings
from demo.office import Office
from demo.record import Tell
from demo.register import enrol, entries, send_away
from demo.townsfolk import Home
from hub import access
from hub.access.accounts import FIRST_ADMIN
from hub.config import BrokerConfig, HubConfig
from hub.districts import load as load_districts
from hub.policy import Policy
from hub.service import Hub
from provisioning.broker import Broker, device_user, hub_user, new_password
from provisioning.ports import Port

HOST = "127.0.0.1"


class Stage:
    """Use as a context manager: on entering everything runs and answers, on leaving everything has ended."""

    def __init__(
        self,
        folder: Path,
        cast: Sequence[Household],
        homes: Sequence[Home],
        clock: Clock,
        port: int,
        tell: Tell,
    ) -> None:
        """`port` of the pages, another one if it is taken; `tell` hears of every notice that arrives."""
        self._folder = folder
        self._cast = cast
        self._homes = homes
        self._wanted_port = port
        self._port: Port | None = None
        self._open = ExitStack()
        self._clock = clock
        self._districts = load_districts()
        self._tell = tell
        devices = [each.device for each in cast] + [each.device for each in homes]
        self.passwords = {device: new_password() for device in devices}
        hub_password = new_password()
        users = [device_user(device, password) for device, password in self.passwords.items()]
        self.broker = Broker(folder / "broker", [hub_user(hub_password), *users], HOST)
        self._hub_password = hub_password
        self.url = ""
        self.admin_password = ""
        self.admin_login = FIRST_ADMIN
        self.port_moved = False
        """The wanted port could not be had, so the pages are on a free one."""
        self.office = Office("", "")

    def __enter__(self) -> "Stage":
        try:
            self._raise_curtain()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def policy(self) -> Policy:
        """The policy in force: minutes are seconds."""
        return self._hub.policy

    @property
    def districts(self) -> list[str]:
        """Their names, in the city's order."""
        return [each.name for each in self._districts.all]

    def enrol(self, slot: str, first: datetime) -> None:
        """Everybody on the roster, asked from `first` on; again to move the hour while nobody was asked yet."""
        rows = entries(self._cast, self._homes, slot, first, self._districts, self._letterbox.url)
        file = self._folder / "roster.csv"
        enrol(self._hub.store, file, rows, self._districts, self.policy, self._clock.now())

    def send_away(self) -> None:
        """Note the absences that families reported yesterday."""
        send_away(self._hub.store, self._cast, self._homes, self.policy, self._clock.now())

    def _raise_curtain(self) -> None:
        """1 broker; 2 letterbox; 3 hub; 4 dashboard; 5 somebody who may look, and somebody on duty."""
        from dashboard.app import create_app
        from dashboard.serve import serve

        self.broker.start()
        self._open.callback(self.broker.stop)
        self._letterbox = self._open.enter_context(Letterbox(HOST, self._clock, self._tell))
        port = self._wanted_port
        if port == 0 or not _can_be_served(port):  # links name it before it is served
            self._port = Port()
            port = self._port.number
        self.port_moved = self._wanted_port not in (0, port)
        self.url = f"http://{HOST}:{port}"
        self._hub = Hub(
            HubConfig(
                data=str(self._folder / "hub"),
                office="実演の町",
                policy="demo",
                notices=str(self._notices()),
                broker=BrokerConfig(host=HOST, port=self.broker.port, password=self._hub_password),
            ),
            self._clock,
        )
        self._hub.start()
        self._open.callback(self._hub.stop)
        self._open.callback(serve(create_app(self._hub), HOST, port).stop)
        self.admin_password = access.ensure_first_admin(self._hub.store, self._clock) or ""
        access.create_account(self._hub.store, self._clock, login="mori", name="森 さつき", role="csw")
        _, token = access.create_token(self._hub.store, self._clock, role="csw", name="demo")
        self.office = Office(self.url, token)

    def _notices(self) -> Path:
        """The settings of notices of this run; a file like any office's, for nobody else's eyes."""
        path = self._folder / "notices.toml"
        path.touch(0o600)
        path.write_text(notice_settings(self._letterbox.url, self.url, self._clock.now()), encoding="utf-8")
        return path


def _can_be_served(port: int) -> bool:
    """Whether it is ours to take, and nobody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
