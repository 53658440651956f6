"""Roles as processes of their own: only on a server's store, and blind only when nobody listens."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contract.refusal import Refused
from contract.time import SystemClock, office_date
from hub import agenda, roles, rounds, sight
from hub.config import BrokerConfig, HubConfig, StoreConfig
from hub.ingest import Ingest
from hub.policy import Policy, bring_in_force, packaged_text
from hub.roles import Role
from hub.service import Hub
from hub.store.database import Store
from provisioning.broker import Broker
from tests.conftest import Databases

PATIENCE = 30.0


@pytest.fixture
def address(postgres: Databases) -> Iterator[str]:
    with postgres.fresh() as fresh:
        yield fresh


def eventually(true: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def blind(store: Store) -> bool:
    with store.read() as conn:
        return agenda.blind_since(conn) is not None


def test_a_role_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused, match="ingest、watch、notify、web"):
        roles.parse(["watch", "sweep"])
    assert roles.parse([]) == roles.ALL
    assert roles.parse(["web"]) == {Role.web}


def test_on_a_file_the_roles_stay_together(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="PostgreSQL を書いたときだけ"):
        Hub(HubConfig(data=str(tmp_path)), roles=frozenset({Role.watch}))


def test_two_processes_of_one_name_and_role_are_refused(tmp_path: Path, address: str) -> None:
    config = HubConfig(data=str(tmp_path), store=StoreConfig(url=address), broker=BrokerConfig(port=1))
    web = frozenset({Role.web})
    with Hub(config, roles=web, name="a"), Hub(config, roles=web, name="b"):
        with pytest.raises(Refused, match="ほかのハブ"):
            Hub(config, roles=web, name="a")
        with pytest.raises(Refused, match="--name"):
            Hub(config, roles=web, name="with blanks")


def test_the_hub_is_blind_when_the_last_of_its_workers_hears_no_more(
    address: str, broker: Broker, policy: Policy
) -> None:
    with Store.open(address) as store:

        def worker(name: str) -> Ingest:
            config = BrokerConfig(port=broker.port, password="mimamori-hub", client_id=f"hub-{name}")
            made = Ingest(store, config, SystemClock(), policy, worker=name)
            made.start()
            return made

        def hearing() -> list[str]:
            with store.read() as conn:
                return sight.workers(conn, SystemClock().now())

        one, other = worker("one"), worker("other")
        try:
            assert eventually(lambda: hearing() == ["one", "other"])
            one.stop()
            assert not blind(store)
            other.stop()
            assert blind(store)
        finally:
            one.stop()
            other.stop()


def test_workers_that_died_without_a_word_leave_the_hub_blind(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sight, "EVERY", timedelta(seconds=0.05))
    config = HubConfig(data=str(tmp_path), store=StoreConfig(url=address), broker=BrokerConfig(port=1))
    with Store.open(address) as store:
        store.write(lambda conn: sight.beat(conn, "w1", SystemClock().now()))
        with Hub(config, roles=frozenset({Role.watch}), name="night") as hub:
            assert hub.health().listening
            assert not blind(store)
            store.write(lambda conn: sight.beat(conn, "w1", SystemClock().now() - 2 * sight.FRESH))
            assert eventually(lambda: blind(store))
            assert not hub.health().listening
            assert "ingest" in (hub.health().blindness or "")


def test_a_policy_imported_elsewhere_is_taken_over_by_a_process_that_does_not_sweep(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "GLANCE_SECONDS", 0.05)
    config = HubConfig(data=str(tmp_path), store=StoreConfig(url=address), broker=BrokerConfig(port=1))
    text = packaged_text().replace('by = "17:15"', 'by = "16:00"')
    with Store.open(address) as store, Hub(config, roles=frozenset({Role.web}), name="pages") as hub:
        assert hub.policy.visit.by == "17:15"
        now = SystemClock().now()
        store.write(lambda conn: bring_in_force(conn, text, "new.toml", office_date(now), "mori", now))
        assert eventually(lambda: hub.policy.visit.by == "16:00")
