"""The daily proof and the sign of life: they come when all is well, so that their absence is noticed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from contract.datafile import Duration
from contract.ids import uuid7
from hub import agenda, pulse, views
from hub.config import BrokerConfig, HubConfig
from hub.notices import outbox, proof
from hub.notices.heartbeat import Heartbeat
from hub.notices.notice import DUTY, HUB, Notice, NoticeKind
from hub.notices.service import Notices
from hub.notices.settings import Proof
from hub.policy import PolicyBook
from hub.service import Hub
from hub.work import Work
from tests import cast
from tests.clock import TravellingClock
from tests.clock import office as at_office
from tests.dashboard.homes import Homes
from tests.notices.conftest import KATO, MORI, SETTINGS, Office
from tests.notices.phones import Phones
from tests.notices.post_office import web_service
from tests.still import still_file

TUESDAY = "2026-11-24"


@pytest.fixture
def homes(office: Office) -> Homes:
    town = Homes(office.store, office.clock, office.policy)
    town.online()
    return town


def test_the_proof_counts_who_was_asked_who_answered_and_what_is_open(office: Office, homes: Homes) -> None:
    homes.until("2026-11-23 18:31")
    homes.silent("evening", cast.SUZUKI)
    homes.until(f"{TUESDAY} 08:02")
    homes.answers("morning", cast.SATO, cast.ITO)
    office.store.write(lambda conn: pulse.beat(conn, pulse.LAST_EVENT, office.clock.now()))
    homes.until(f"{TUESDAY} 10:30")
    with office.store.read() as conn:
        said = proof.sentence(conn, office.clock.now())
    assert said.startswith("11/24 10:30 現在、見守り 5 人のうち、声かけ 2 人、応答 2 人、")
    assert "対応中の件 1 件(うち緊急 0 件)" in said
    assert "最後に届いた記録は 11/24 08:02 (2時間前)" in said
    assert "届いていません" not in said


def test_a_blind_hub_says_that_its_figures_prove_nothing(office: Office, homes: Homes) -> None:
    homes.until(f"{TUESDAY} 09:12")
    office.store.write(lambda conn: agenda.lose_sight(conn, office.clock.now()))
    office.clock.travel(at_office(f"{TUESDAY} 10:30"))
    with office.store.read() as conn:
        said = proof.sentence(conn, office.clock.now())
    assert "【注意】11/24 09:12 から家々の声が届いていません" in said


def test_a_proof_is_due_at_its_times_of_the_day_and_once_each(clock: TravellingClock) -> None:
    twice = Proof(at=["10:30", "18:00"])

    def due(at: str) -> str | None:
        found = proof.last_time(twice, at_office(at))
        return found[0] if found else None

    assert due(f"{TUESDAY} 10:29") is None
    assert due(f"{TUESDAY} 10:30") == f"daily_proof/{TUESDAY}/10:30"
    assert due(f"{TUESDAY} 23:59") == f"daily_proof/{TUESDAY}/18:00"
    assert proof.last_time(Proof(at=[]), at_office(f"{TUESDAY} 12:00")) is None


@pytest.fixture
def hub(tmp_path: Path, clock: TravellingClock) -> Iterator[Hub]:
    config = HubConfig(data=str(tmp_path / "hub"), policy=still_file(tmp_path), broker=BrokerConfig(port=1))
    made = Hub(config, clock)
    cast.enrol(made.store, clock, made.policy)
    yield made
    made.stop()


def test_it_is_written_once_though_the_hub_is_started_again(office: Office, phones: Phones) -> None:
    office.clock.travel(at_office(f"{TUESDAY} 10:31"))
    settings = msgspec.structs.replace(SETTINGS, proof=Proof(at=["10:30"], to=["mori", "kato"]))
    for expected in (True, False):
        notices = Notices(
            office.store,
            office.clock,
            PolicyBook(office.policy),
            settings,
            office.store.path.parent,
            phones,
        )
        assert notices.prove(office.clock.now()) is expected
        assert notices.prove(office.clock.now()) is False
        notices.notifier.settle()
        notices.stop()
    phones.expect(MORI, "きょうの確認", "見守り 5 人のうち")
    phones.expect(KATO, "きょうの確認")


def test_the_proof_stands_on_the_board_though_nobody_reads_it_by_mail(
    hub: Hub, clock: TravellingClock
) -> None:
    clock.travel(at_office(f"{TUESDAY} 10:31"))
    hub.notices.prove(hub.clock.now())
    hub.notices.notifier.settle()
    with hub.store.read() as conn:
        line = views.board(conn, hub.clock.now()).proof
    assert line is not None
    assert (line.sent, line.unsent) == (0, 0)
    assert "見守り 5 人" in line.words


def test_healthz_tells_of_notices_that_are_not_out(hub: Hub, clock: TravellingClock) -> None:
    assert hub.health().notices_unsent == 0

    def write(conn: Connection) -> None:
        with Work(conn, clock.now(), uuid7, hub.policy) as work:
            notice = Notice(key="k", kind=NoticeKind.hub_blind, audience=DUTY, subject=HUB, words="-")
            outbox.put(work, [notice])

    hub.store.write(write)
    clock.forward(minutes=6)
    health = hub.health()
    assert (health.notices_unsent, health.notices_oldest_s) == (1, 360.0)
    assert "送れていない知らせが 1 件あります" in str(health.problem)


def test_a_sign_of_life_is_given_while_the_hub_hears_and_sweeps(office: Office) -> None:
    now = office.clock.now()
    with web_service() as web:
        heart = Heartbeat(
            Proof(heartbeat=f"http://127.0.0.1:{web.port}/alive", heartbeat_every=Duration(minutes=5)), 5.0
        )
        with office.store.read() as conn:
            assert not heart.may(conn, now), "nobody has swept yet"
        office.store.write(lambda conn: pulse.beat(conn, pulse.LAST_SWEEP, now))
        with office.store.read() as conn:
            assert heart.may(conn, now)
        assert heart.is_due(now)
        heart.beat(now)
        assert (web.gets, heart.fault) == (["/alive"], None)
        assert not heart.is_due(now)
        office.store.write(lambda conn: agenda.lose_sight(conn, now))
        with office.store.read() as conn:
            assert not heart.may(conn, now), "a blind hub must fall silent"
        web.code = 404
        heart.beat(now)
        assert "404" in str(heart.fault)
