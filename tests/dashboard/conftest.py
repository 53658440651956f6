"""A hub on disk with the cast, a travelling clock, and ways in; where no line is needed, none is connected."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from dashboard.app import create_app
from hub.access import Door, create_account, create_token
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.homes import Homes
from tests.still import still_file

OFFICE = "恵那市社会福祉協議会"
PASSWORD = "ゆっくり歩く亀と走る兎の話"
HERE = "http://mimamori.test"
OWN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a press of a button on our own page."""


@pytest.fixture
def hub(tmp_path: Path, clock: TravellingClock) -> Iterator[Hub]:
    """The cast's hub on Monday noon, not started: no line, no night shift of its own."""
    config = HubConfig(
        data=str(tmp_path / "hub"), office=OFFICE, policy=still_file(tmp_path), broker=BrokerConfig(port=1)
    )
    made = Hub(config, clock)
    cast.enrol(made.store, clock, made.policy)
    yield made
    made.stop()


@pytest.fixture
def homes(hub: Hub, clock: TravellingClock) -> Homes:
    """The cast's homes, all online since Monday noon."""
    town = Homes(hub.store, clock, hub.policy)
    town.online()
    return town


@pytest.fixture
def web(hub: Hub) -> Iterator[TestClient]:
    """A browser without a session that presses only our own buttons."""
    with TestClient(create_app(hub), base_url=HERE, headers=OWN, follow_redirects=False) as client:
        yield client


Enrol = Callable[..., str]


@pytest.fixture
def account(hub: Hub) -> Enrol:
    """Make an account whose password is `PASSWORD`; returns the login."""

    def make(
        login: str = "mori", role: str = "csw", district: str | None = None, name: str = "森 さつき"
    ) -> str:
        first = create_account(hub.store, hub.clock, login=login, name=name, role=role, district=district)
        Door(hub.store, hub.clock).change_password(login, first, PASSWORD, PASSWORD, "test")
        return login

    return make


@pytest.fixture
def logged_in(web: TestClient, account: Enrol) -> TestClient:
    """A browser in which a CSW is logged in."""
    log_in(web, account())
    return web


def log_in(web: TestClient, login: str, password: str = PASSWORD) -> None:
    """Through the login page."""
    answer = web.post("/login", data={"login": login, "password": password})
    assert answer.status_code == 303, answer.text


@pytest.fixture
def bearer(hub: Hub) -> Callable[..., dict[str, str]]:
    """The header of a new token of a role."""

    def make(role: str = "csw", district: str | None = None) -> dict[str, str]:
        _, key = create_token(hub.store, hub.clock, role=role, name="統計", district=district)
        return {"Authorization": f"Bearer {key}"}

    return make
