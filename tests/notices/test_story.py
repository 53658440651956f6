"""From a silent home to the relative's phone and back: nothing is told without a reason, and every reason is told."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, insert, select, update

from dashboard.app import create_app
from hub.config import BrokerConfig, HubConfig
from hub.notices.notifier import Notifier
from hub.service import Hub
from hub.store import tables as t
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.conftest import OWN
from tests.dashboard.homes import Homes
from tests.notices.conftest import MORI, SETTINGS, add_account
from tests.notices.phones import Phones
from tests.still import still_file

DAUGHTER = "keiko@home.example"
COMMISSIONER = "ando@town.example"


class Evening:
    """The cast's hub on a Monday evening, everybody answering but 鈴木; a notifier that looks whenever time moves."""

    def __init__(self, hub: Hub, clock: TravellingClock, phones: Phones) -> None:
        self.hub = hub
        settings = msgspec.structs.replace(SETTINGS, base_url="https://mimamori.example.jp")
        hub.notices.settings = settings
        self.notifier = Notifier(hub.store, clock, settings, phones, hub.notices.signer)
        self.homes = Homes(hub.store, clock, hub.policy)
        self.homes.online()

    def until(self, at: str) -> None:
        self.homes.until(at)
        self.notifier.settle()


@pytest.fixture
def evening(tmp_path: Path, clock: TravellingClock, phones: Phones) -> Iterator[Evening]:
    config = HubConfig(data=str(tmp_path / "hub"), policy=still_file(tmp_path), broker=BrokerConfig(port=1))
    hub = Hub(config, clock)
    cast.enrol(hub.store, clock, hub.policy)
    add_account(hub.store, "mori", "森 さつき")

    def reachable(conn: Connection) -> None:
        for role, address in (("family_contact", DAUGHTER), ("welfare_commissioner", COMMISSIONER)):
            of_suzuki = (t.contact.c.resident_id == cast.SUZUKI, t.contact.c.role == role)
            conn.execute(update(t.contact).where(*of_suzuki).values(address=address))

    hub.store.write(reachable)
    made = Evening(hub, clock, phones)
    others = [one for one in cast.RESIDENTS if one != cast.SUZUKI]
    made.until("2026-11-23 18:02")
    made.homes.answers("evening", *others)
    made.until("2026-11-23 18:31")
    made.homes.silent("evening", cast.SUZUKI)
    made.until("2026-11-23 19:00")
    phones.nothing()  # one missed slot is nobody's business yet
    yield made
    made.notifier.close()
    hub.stop()


def test_a_silence_climbs_to_the_daughter_and_her_answer_ends_it_for_all_who_knew(
    evening: Evening, phones: Phones
) -> None:
    evening.until("2026-11-24 06:00")  # twelve hours
    phones.expect(MORI, "岩村 鈴木 キヨ 様", "12時間応答なし", "次: 本人に電話する")
    evening.until("2026-11-24 06:30")
    message = phones.expect(DAUGHTER, "鈴木 キヨ 様の安否がまだ確認できていません", "勤務時間外")
    assert "岩村" not in message.body
    link = re.search(r"https://mimamori\.example\.jp(/f/\S+)", message.body)
    assert link is not None
    phones.nothing()  # the 民生委員 is told only with a consent that 鈴木 did not give
    with TestClient(
        create_app(evening.hub), base_url="http://mimamori.test", headers=OWN, follow_redirects=False
    ) as web:
        assert web.get(link[1]).status_code == 200
        assert web.post(link[1], data={"answer": "met"}).status_code == 303
    evening.until("2026-11-24 06:40")
    phones.expect(MORI, "解消", "家族の 鈴木 恵子 さんが会えました")
    phones.expect(DAUGHTER, "確かめることができました")
    evening.homes.answers("morning", cast.SUZUKI)
    evening.until("2026-11-24 07:30")
    phones.nothing()


def test_a_late_answer_takes_back_what_is_not_out_and_clears_what_is(
    evening: Evening, phones: Phones
) -> None:
    phones.refuse(MORI, times=3)
    evening.homes.until("2026-11-24 06:00")
    evening.notifier.settle()  # the mail server is down
    evening.homes.answers("morning", cast.SUZUKI)  # early, at 6:00
    evening.until("2026-11-24 07:00")
    phones.nothing()
    with evening.hub.store.read() as conn:
        states = set(conn.scalars(select(t.delivery.c.state)))
    assert states == {"withdrawn"}


def test_a_call_for_help_goes_out_at_once_to_staff_and_relatives_at_any_hour(
    evening: Evening, phones: Phones
) -> None:
    evening.until("2026-11-24 02:00")
    evening.homes.calls_for_help(cast.SUZUKI)
    evening.notifier.settle()
    phones.expect(MORI, "【緊急】", "鈴木 キヨ 様")
    evening.until("2026-11-24 02:04")
    phones.expect(DAUGHTER, "【緊急】", "助けを求める合図がありました", "119")


def test_a_relative_with_an_address_and_no_telephone_is_asked_all_the_same(
    evening: Evening, phones: Phones
) -> None:
    def no_phone(conn: Connection) -> None:
        conn.execute(update(t.contact).where(t.contact.c.resident_id == cast.SUZUKI).values(phone=None))

    evening.hub.store.write(no_phone)
    evening.until("2026-11-24 06:00")
    phones.expect(MORI, "鈴木 キヨ 様")
    evening.until("2026-11-24 06:30")
    phones.expect(DAUGHTER, "鈴木 キヨ 様の安否がまだ確認できていません")


def test_whoever_has_the_shift_is_told_instead(evening: Evening, phones: Phones) -> None:
    add_account(evening.hub.store, "kato", "加藤 進")
    now = evening.hub.clock.now()
    settings = evening.hub.notices.settings
    assert settings.addresses("kato") == ["kato@ena.example"]
    evening.hub.store.write(
        lambda conn: (
            conn.execute(
                insert(t.duty_shift).values(
                    from_at=now, until_at=now.replace(day=now.day + 1), account="kato"
                )
            )
            and None
        )
    )
    evening.until("2026-11-24 06:00")
    phones.expect("kato@ena.example", "鈴木 キヨ 様", "12時間応答なし")
