"""The town's side of the demonstration, all of it real: broker, hub, dashboard, and a roster with everybody in it."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from contract.refusal import Refused
from contract.time import Clock
from demo.cast import Household
from demo.office import Office
from demo.register import enrol, entries, send_away
from demo.townsfolk import Home
from hub import access
from hub.access.accounts import FIRST_ADMIN
from hub.config import BrokerConfig, HubConfig
from hub.districts import load as load_districts
from hub.policy import Policy
from hub.service import Hub
from provisioning.broker import Broker, device_user, hub_user, new_password

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
    ) -> None:
        self._folder = folder
        self._cast = cast
        self._homes = homes
        self._wanted_port = port
        self._open = ExitStack()
        self._clock = clock
        self._districts = load_districts()
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
        rows = entries(self._cast, self._homes, slot, first, self._districts)
        file = self._folder / "roster.csv"
        enrol(self._hub.store, file, rows, self._districts, self.policy, self._clock.now())

    def send_away(self) -> None:
        """Note the absences that families reported yesterday."""
        send_away(self._hub.store, self._cast, self._homes, self.policy, self._clock.now())

    def _raise_curtain(self) -> None:
        """1 broker; 2 hub; 3 dashboard; 4 somebody who may look."""
        from dashboard.app import create_app
        from dashboard.serve import serve

        self.broker.start()
        self._open.callback(self.broker.stop)
        self._hub = Hub(
            HubConfig(
                data=str(self._folder / "hub"),
                office="実演の町",
                policy="demo",
                broker=BrokerConfig(host=HOST, port=self.broker.port, password=self._hub_password),
            ),
            self._clock,
        )
        self._hub.start()
        self._open.callback(self._hub.stop)
        app = create_app(self._hub)
        try:
            served = serve(app, HOST, self._wanted_port)
        except Refused:
            # Taken, or not ours to take: any other will do, and the visitor is told which.
            served = serve(app, HOST, 0)
            self.port_moved = True
        self._open.callback(served.stop)
        self.url = f"http://{HOST}:{served.port}"
        self.admin_password = access.ensure_first_admin(self._hub.store, self._clock) or ""
        _, token = access.create_token(self._hub.store, self._clock, role="csw", name="demo")
        self.office = Office(self.url, token)
