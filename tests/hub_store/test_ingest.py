"""From a speaker's outbox over a real broker into the store, and the acknowledgement back (P1, P6)."""

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, func, select

from contract.state import Telemetry, encode
from contract.topics import Channel
from hub import agenda, pulse
from hub.messages import Message
from hub.service import Hub
from hub.store import tables as t
from hub.store.database import Store
from provisioning.broker import Broker
from tests import cast
from tests.clock import TravellingClock
from tests.hub_store.homes import HELP, MOVED, UNWELL, Homes
from tests.hub_store.speaker import PATIENCE, Speaker

MakeHub = Callable[[], Hub]
MakeSpeaker = Callable[[str], Speaker]


def stored(store: Store) -> int:
    with store.read() as conn:
        return conn.scalar(select(func.count()).select_from(t.event)) or 0


def until(store: Store, true: Callable[[Connection], bool]) -> bool:
    """Wait for a commit after which something is true."""
    bell = threading.Event()
    unsubscribe = store.on_change(lambda _revision: bell.set())
    try:
        for _ in range(10_000):
            bell.clear()
            with store.read() as conn:
                if true(conn):
                    return True
            if not bell.wait(PATIENCE):
                return False
        return False
    finally:
        unsubscribe()


def sees(hub: Hub) -> bool:
    return until(hub.store, lambda conn: agenda.blind_since(conn) is None)


def some(homes: Homes, device: str, how_many: int) -> dict[str, Message]:
    made = {}
    for number in range(how_many):
        event_id = f"{device}-{number}"
        made[event_id] = homes.message(device, MOVED, id=event_id)
    return made


def test_everything_said_is_stored_and_acknowledged(
    make_hub: MakeHub, speaker: MakeSpeaker, clock: TravellingClock
) -> None:
    sato = speaker(cast.SATO_SPEAKER)
    with make_hub() as hub:
        assert sees(hub)  # before there is a session, a broker keeps nothing: that is what the outbox is for
        sato.say(some(Homes(clock), cast.SATO_SPEAKER, 1200))
        assert sato.rid()
        assert stored(hub.store) == 1200
        assert len(sato.acked) == 1200


def test_what_was_said_while_the_hub_was_away_arrives_afterwards(
    make_hub: MakeHub, speaker: MakeSpeaker, clock: TravellingClock
) -> None:
    ito = speaker(cast.ITO_SPEAKER)
    with make_hub() as first:
        assert sees(first)
    ito.say({"cry": Homes(clock).message(cast.ITO_SPEAKER, HELP, id="cry")})
    with make_hub() as second:
        # No repetition by the speaker: the broker kept it.
        assert ito.rid()
        with second.store.read() as conn:
            assert conn.scalars(select(t.reason.c.code)).all() == ["call_for_help"]


def test_what_was_stored_before_is_acknowledged_again_and_takes_no_effect(
    make_hub: MakeHub, speaker: MakeSpeaker, clock: TravellingClock
) -> None:
    suzuki = speaker(cast.SUZUKI_SPEAKER)
    message = {"e1": Homes(clock).message(cast.SUZUKI_SPEAKER, UNWELL, id="e1")}
    with make_hub() as hub:
        assert sees(hub)
        suzuki.say(message)
        assert suzuki.rid()
        suzuki.say(message)
        assert suzuki.rid()
        assert suzuki.acked == ["e1", "e1"]
        with hub.store.read() as conn:
            assert len(conn.execute(select(t.reason)).all()) == 1


def test_a_full_disk_acknowledges_nothing_and_loses_nothing(
    make_hub: MakeHub, speaker: MakeSpeaker, clock: TravellingClock
) -> None:
    sato = speaker(cast.SATO_SPEAKER)
    with make_hub() as hub:
        assert sees(hub)
        hub.store.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count=1").scalar())
        sato.say(some(Homes(clock), cast.SATO_SPEAKER, 800))
        assert is_at_fault(hub)
        health = hub.health()
        assert not health.ok
        assert not health.writable
        assert "ディスクがいっぱい" in (health.blindness or "")
        before = stored(hub.store)

        hub.store.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count=1000000").scalar())
        assert sato.rid()
        assert before < stored(hub.store) == 800


def is_at_fault(hub: Hub) -> bool:
    """Wait until ingest could not store: the store tells of commits, not of failures, so look as a page would."""
    pause = threading.Event()
    return any(hub.ingest.fault is not None or pause.wait(0.02) for _ in range(int(PATIENCE / 0.02)))


def test_malformed_and_foreign_payloads_do_not_disturb_the_rest(
    make_hub: MakeHub, speaker: MakeSpeaker, clock: TravellingClock
) -> None:
    sato = speaker(cast.SATO_SPEAKER)
    homes = Homes(clock)
    with make_hub() as hub:
        assert sees(hub)  # telemetry is of QoS 0: nobody keeps it for a hub that is not there
        for channel in (Channel.event, Channel.sos, Channel.state, Channel.telemetry):
            sato.raw(channel, b"\xff\x00 not json")
        sato.raw(Channel.event, homes.message(cast.ITO_SPEAKER, HELP, id="forged").payload)
        sato.say(some(homes, cast.SATO_SPEAKER, 3))
        assert sato.rid()
        assert until(hub.store, lambda conn: len(conn.execute(select(t.quarantine.c.id)).all()) == 2)
        counted = select(t.device.c.malformed).where(t.device.c.id == cast.SATO_SPEAKER)
        assert until(hub.store, lambda conn: conn.scalar(counted) == 5)
        with hub.store.read() as conn:
            assert conn.execute(select(t.reason)).all() == []
        assert hub.health().quarantined == 2


def test_a_birth_and_telemetry_move_the_device(
    make_hub: MakeHub, speaker: MakeSpeaker, clock: TravellingClock
) -> None:
    sato = speaker(cast.SATO_SPEAKER)
    with make_hub() as hub:
        sato.birth(clock)
        box = select(t.device).where(t.device.c.id == cast.SATO_SPEAKER)
        assert until(hub.store, lambda conn: conn.execute(box).one().presence == "online")
        later = clock.forward(minutes=5)
        sato.raw(Channel.telemetry, encode(Telemetry(at=later, values={"wifi_dbm": -60.0})), qos=0)
        assert until(hub.store, lambda conn: conn.execute(box).one().last_seen_at == later)


def test_the_speaker_is_told_its_times_and_every_change_of_them(
    make_hub: MakeHub, speaker: MakeSpeaker, clock: TravellingClock
) -> None:
    tanaka = speaker(cast.TANAKA_SPEAKER)
    with make_hub() as hub:
        assert tanaka.until(lambda: len(tanaka.configs) > 0)
        assert [slot.at for slot in tanaka.configs[-1].slots] == ["08:30"]
        cast.enrol(hub.store, clock, hub.policy, cast.ROSTER.replace("morning=08:30", "morning=09:15"))
        assert tanaka.until(lambda: [slot.at for slot in tanaka.configs[-1].slots] == ["09:15"])
        assert tanaka.configs[-1].revision > tanaka.configs[0].revision


# ---- the hub's own blindness (P6) ----------------------------------------------------------------------------


def test_a_hub_without_a_broker_is_blind_and_says_so(
    make_hub: MakeHub, broker: Broker, clock: TravellingClock
) -> None:
    broker.stop()
    with make_hub() as hub:
        with hub.store.read() as conn:
            assert agenda.blind_since(conn) == clock.now()
        assert not hub.health().listening
        assert "ブローカー" in (hub.health().blindness or "")
        broker.start()
        assert sees(hub)
        assert hub.health().listening


def test_a_broker_that_was_gone_holds_back_every_word_of_silence(
    make_hub: MakeHub, broker: Broker, clock: TravellingClock
) -> None:
    with make_hub() as hub:
        assert sees(hub)
        broker.kill()
        assert until(hub.store, lambda conn: agenda.blind_since(conn) is not None)
        # The evening's deadlines pass while nobody could be heard.
        clock.forward(hours=7)
        hub.wake()
        broker.start()
        assert sees(hub)
        with hub.store.read() as conn:
            assert pulse.last(conn, pulse.SETTLED_AT) == clock.now() + hub.policy.watch.settle_after_start
            assert set(conn.scalars(select(t.slot.c.state))) == {"waiting"}


def test_a_quick_restart_waits_only_for_what_the_broker_kept(
    make_hub: MakeHub, clock: TravellingClock
) -> None:
    with make_hub() as first:
        assert sees(first)
        settled = clock.now() + first.policy.watch.blind_after
    clock.forward(seconds=10)
    with make_hub() as second:
        assert sees(second)
        with second.store.read() as conn:
            at = pulse.last(conn, pulse.SETTLED_AT)
        assert at is not None
        assert at - settled == timedelta(seconds=10)
