"""The whole way: a hub takes in what a speaker says, another process makes the backup, a new hub starts from it."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from hub.backup import keys
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from hub.store import tables as t
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock
from tests.hub_store.homes import MOVED, Homes
from tests.hub_store.speaker import Speaker
from tests.still import still_file


def test_everything_acknowledged_before_the_backup_is_in_the_next_hub(
    tmp_path: Path, broker: Broker, clock: TravellingClock
) -> None:
    def hub_on(folder: str) -> Hub:
        line = BrokerConfig(port=broker.port, password="mimamori-hub")
        config = HubConfig(data=str(tmp_path / folder), policy=still_file(tmp_path), broker=line)
        return Hub(config, clock)

    config = tmp_path / "hub.toml"
    config.write_text('data = "data"\n', encoding="utf-8")
    secret = tmp_path / "backup.key"
    public = keys.generate(secret, clock.now())

    def mimamori(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "mimamori", *words], stdout=subprocess.DEVNULL)

    homes = Homes(clock)

    speaker = Speaker(cast.SATO_SPEAKER, broker.port).ready()
    try:
        with hub_on("data") as hub:
            cast.enrol(hub.store, clock, hub.policy)
            said = 0
            making = None
            acknowledged: set[str] = set()
            while making is None or making.poll() is None:
                ids = [f"b{said}-{place}" for place in range(50)]
                speaker.say({one: homes.message(cast.SATO_SPEAKER, MOVED, one) for one in ids})
                assert speaker.rid()
                said += 1
                if making is None and said == 4:
                    acknowledged = set(speaker.acked)
                    making = mimamori(
                        "backup",
                        "--to",
                        str(tmp_path / "a.age"),
                        "--recipient",
                        public,
                        "--config",
                        str(config),
                    )
            assert making.returncode == 0
    finally:
        speaker.leave()
    assert len(acknowledged) == 200
    restoring = mimamori(
        "restore", str(tmp_path / "a.age"), "--identity", str(secret), "--into", str(tmp_path / "new")
    )
    assert restoring.wait(120) == 0
    again = hub_on("new")
    with again.store.read() as conn:
        assert acknowledged <= set(conn.scalars(select(t.event.c.id)))
        assert len(conn.scalars(select(t.resident.c.id)).all()) == 5
    again.stop()
