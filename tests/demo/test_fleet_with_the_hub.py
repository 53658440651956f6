"""The shared cast as real device cores against the real hub, over a real broker, through one travelled morning."""

from pathlib import Path

from sqlalchemy import select

from contract.time import office_date
from demo.fleet import Fleet
from demo.fleet_home import Habit
from device.config import BrokerConfig
from hub import absence
from hub.config import BrokerConfig as HubBroker
from hub.config import HubConfig
from hub.service import Hub
from hub.store import tables as t
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock, office
from tests.still import still_file

HABITS = {
    cast.SATO_SPEAKER: Habit.answers,
    cast.SUZUKI_SPEAKER: Habit.silent,
    cast.TAKAHASHI_SPEAKER: Habit.line_down,
    cast.TANAKA_SPEAKER: Habit.away,
    cast.ITO_SPEAKER: Habit.help,
}


def test_the_cast_lives_through_a_morning_and_the_hub_knows_how_each_is(
    broker: Broker, tmp_path: Path, clock: TravellingClock
) -> None:
    settings = HubConfig(
        data=str(tmp_path / "hub"),
        policy=still_file(tmp_path),
        broker=HubBroker(port=broker.port, password="mimamori-hub"),
    )
    with Hub(settings, clock) as hub:
        cast.enrol(hub.store, clock, hub.policy)
        hub.store.write(
            lambda conn: absence.register(
                conn,
                cast.TANAKA,
                "hospital",
                clock.now(),
                office("2026-12-01 12:00"),
                "csw-mori",
                clock.now(),
                hub.policy,
            )
        )
        fleet = Fleet(
            HABITS,
            lambda device: BrokerConfig(host=broker.host, port=broker.port, password=device),
            tmp_path / "homes",
            clock,
        )
        try:
            assert fleet.start()
            assert fleet.wait(lambda: len(fleet.configured) == len(HABITS), 30.0), fleet.counts()
            fleet.cut_lines()
            clock.travel(office("2026-11-24 07:29"))
            settled = False
            for _ in range(40):
                # However busy the machine is: a core that comes late asks late, and keeps its pauses.
                clock.forward(minutes=5)
                settled = settled or fleet.settle(0.5)
            assert settled, fleet.counts()
        finally:
            fleet.stop()
        with hub.store.read() as conn:
            states = {
                row.resident_id: (row.attempts, row.last_outcome, row.intent)
                for row in conn.execute(select(t.slot).where(t.slot.c.name == "morning"))
                if row.day == office_date(clock.now())
            }
            severities = conn.execute(select(t.case.c.severity)).scalars().all()
    assert states[cast.SATO] == (1, "answered", "fine")
    assert states[cast.ITO] == (1, "answered", "emergency")
    assert states[cast.SUZUKI] == (3, "no_sound", None)
    assert states[cast.TAKAHASHI] == (0, None, None), "answered, and the answer waits in the speaker"
    assert "emergency" in severities
    assert fleet.counts().outcomes == {"emergency": 1, "fine": 2, "no_sound": 1}
