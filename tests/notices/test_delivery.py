"""From the outbox to the phone: who gets what, when, in how many messages, and what is done when it is not taken."""

import itertools
import threading
from contextlib import AbstractContextManager
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import Connection, delete, insert, update

from contract.datafile import Duration
from hub.notices.notice import Audience, AudienceKind, NoticeKind, Urgency, account, contacts, owner, role
from hub.notices.notifier import Notifier
from hub.notices.settings import Person
from hub.store import tables as t
from hub.store.database import Store, StoreFault
from tests import cast
from tests.clock import office as at_office
from tests.notices.conftest import KATO, MORI, SETTINGS, SON, Office
from tests.notices.phones import Phones

BOTH_STORES = True
PATIENCE = 30.0


class Failing:
    """A store whose server goes away for one read."""

    def __init__(self, store: Store, at: int) -> None:
        """The read with this number fails."""
        self.write = store.write
        self._store = store
        self._reads = itertools.count(1)
        self._at = at
        self.failed = threading.Event()

    def read(self) -> AbstractContextManager[Connection]:
        if next(self._reads) == self._at:
            self.failed.set()
            raise StoreFault("データベースを使えません。")
        return self._store.read()


def test_who_is_on_duty_is_told_once(office: Office, phones: Phones) -> None:
    office.put("c1", words="佐藤 ハル 様から応答がありません。電話してください。")
    office.deliver()
    message = phones.expect(
        MORI, "森 さつき 様", "佐藤 ハル 様から応答がありません。電話してください。", "11/23 12:00"
    )
    assert "佐藤" not in message.title
    office.after(hours=1)
    assert office.states() == ["sent"]


@pytest.mark.parametrize("at", [1, 2])
def test_a_store_that_is_away_for_a_moment_does_not_end_the_notifier(
    office: Office, phones: Phones, at: int
) -> None:
    """Whether it looks for what to do, or for how long it may sleep."""
    store = Failing(office.store, at)
    arrived = threading.Event()
    phones.during = lambda _message: arrived.set()
    notifier = Notifier(store, office.clock, office.settings, phones)
    thread = threading.Thread(target=notifier.run)
    thread.start()
    try:
        assert store.failed.wait(PATIENCE)
        office.put("c1")
        assert arrived.wait(PATIENCE)
    finally:
        notifier.stop()
        thread.join()
        notifier.close()
    phones.expect(MORI, "c1 を")


def test_whoever_has_a_shift_is_on_duty_and_otherwise_those_of_the_settings(
    office: Office, phones: Phones
) -> None:
    now = office.clock.now()
    office.change(insert(t.duty_shift).values(from_at=now, until_at=now + timedelta(hours=8), account="kato"))
    office.put("c1")
    office.deliver()
    phones.expect(KATO, "c1 を")
    office.clock.forward(hours=8)
    office.put("c2")
    office.deliver()
    phones.expect(MORI, "c2 を")


def test_each_audience_reaches_whom_it_names(office: Office, phones: Phones) -> None:
    office.open_case("c1")
    office.put("a", audience=account("kato"), subject=None)
    office.deliver()
    phones.expect(KATO, "a を")
    office.put("c1", audience=owner("c1"))
    office.deliver()
    phones.expect(MORI, "c1 を")  # nobody has it in hand: whoever is on duty
    office.change(update(t.case).where(t.case.c.id == "c1").values(owner="kato"))
    office.after(minutes=10)
    office.put("c1/2", audience=owner("c1"))
    office.deliver()
    phones.expect(KATO, "c1/2 を")
    office.after(minutes=10)
    office.put("r", audience=role("csw"))
    office.deliver()
    phones.expect(MORI, "r を")
    phones.expect(KATO, "r を")


def test_what_comes_within_the_window_is_one_message_listing_all(office: Office, phones: Phones) -> None:
    office.put("c1")
    office.deliver()
    phones.expect(MORI, "c1 を")
    for minute in range(4):
        office.put(f"later-{minute}")
        office.after(minutes=1)
    phones.nothing()
    office.after(minutes=1)
    phones.expect(MORI, "later-0 を", "later-1 を", "later-2 を", "later-3 を", "(4 件)")


def test_a_thousand_at_one_instant_are_one_message_that_counts_what_it_cannot_list(
    office: Office, phones: Phones
) -> None:
    for number in range(100):
        office.put(f"c{number:03}")
    office.deliver()
    message = phones.expect(MORI, "(100 件)", "ほか 60 件")
    assert len(set(message.keys)) == 100
    assert sum(f"{key} を" in message.body for key in message.keys) == 40


def test_an_emergency_waits_for_no_window_and_no_morning(office: Office, phones: Phones) -> None:
    office.clock.travel(at_office("2026-11-24 02:00"))
    office.put("c1")
    office.deliver()
    phones.expect(MORI, "c1 を")
    office.put("help", kind=NoticeKind.emergency, urgency=Urgency.emergency)
    office.deliver()
    phones.expect(MORI, "【緊急】", "help を")
    office.put("help-2", kind=NoticeKind.emergency, urgency=Urgency.emergency)
    office.deliver()
    phones.expect(MORI, "【緊急】", "help-2 を")


def test_routine_notices_wait_for_the_morning(office: Office, phones: Phones) -> None:
    office.clock.travel(at_office("2026-11-23 20:00"))
    office.put("news", urgency=Urgency.routine)
    office.deliver()
    office.clock.travel(at_office("2026-11-24 07:29"))
    office.deliver()
    phones.nothing()
    office.clock.travel(at_office("2026-11-24 07:30"))
    office.deliver()
    phones.expect(MORI, "news を")


def test_what_is_not_taken_is_tried_again_ever_later(office: Office, phones: Phones) -> None:
    phones.refuse(MORI, times=3)
    office.put("c1")
    office.deliver()
    [row] = office.rows()
    assert (row.state, row.attempts, row.error) == ("waiting", 1, "話し中です。")
    waits = []
    for _ in range(3):
        [row] = office.rows()
        waits.append((row.due_at - office.clock.now()).total_seconds())
        office.clock.travel(row.due_at)
        office.start()  # the notifier is started anew each time: it remembers by the store
        office.deliver()
    assert waits == [30, 60, 120]
    phones.expect(MORI, "c1 を")
    assert office.states() == ["sent"]


def test_an_emergency_is_tried_again_within_seconds(office: Office, phones: Phones) -> None:
    phones.refuse(MORI, times=30)
    office.put("c1", urgency=Urgency.emergency)
    office.deliver()
    waits = []
    for _ in range(30):
        [row] = office.rows()
        waits.append((row.due_at - office.clock.now()).total_seconds())
        office.clock.travel(row.due_at)
        office.deliver()
    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == 60
    phones.expect(MORI, "c1 を")


def test_what_was_tried_for_too_long_is_given_up_and_says_why(office: Office, phones: Phones) -> None:
    pace = msgspec.structs.replace(SETTINGS.pace, give_up_after=Duration(hours=1))
    office.settings = msgspec.structs.replace(SETTINGS, pace=pace)
    office.start()
    phones.refuse(MORI, times=1000)
    office.put("c1")
    office.deliver()
    while office.states() == ["waiting"]:
        office.clock.travel(office.rows()[0].due_at)
        office.deliver()
    [row] = office.rows()
    assert (row.state, row.error) == ("failed", "話し中です。")
    assert 5 < row.attempts < 12


def test_a_wrong_address_is_given_up_at_once_and_the_second_one_is_tried(
    office: Office, phones: Phones
) -> None:

    office.settings = msgspec.structs.replace(
        SETTINGS, people=[Person(account="mori", addresses=["old@ena.example", MORI])]
    )
    office.start()
    phones.refuse("old@ena.example", hopeless=True)
    office.put("c1")
    office.deliver()
    phones.expect(MORI, "c1 を")
    phones.refuse("old@ena.example", hopeless=True)
    phones.refuse(MORI, hopeless=True)
    office.after(minutes=5)
    office.put("c2")
    office.deliver()
    assert office.states() == ["sent", "failed"]


def test_a_notice_for_nobody_says_so(office: Office) -> None:
    office.put("c1", audience=account("nobody"))
    office.put("c2", audience=contacts(cast.SATO, "family_contact"))
    office.deliver()
    assert office.notice("c1").nobody == "nobody さんの通知先がありません。"
    assert office.notice("c2").nobody == "家族の通知先が名簿にありません。電話で知らせてください。"


# ---- the family -----------------------------------------------------------------------------------------------


def test_a_relative_is_told_only_with_consent_and_never_what_was_answered(
    office: Office, phones: Phones
) -> None:
    office.give_address()
    words = "佐藤 ハル 様が胸の痛みを訴えています。"
    office.put("c1", NoticeKind.step, contacts(cast.SATO, "family_contact"), words=words)
    office.deliver()
    message = phones.expect(SON, "佐藤", "安否がまだ確認できていません", "0573-26-0000")
    assert "痛み" not in message.title + message.body
    office.change(delete(t.consent).where(t.consent.c.tick == "tell_family"))
    office.put("c2", NoticeKind.step, contacts(cast.SATO, "family_contact"))
    office.deliver()
    assert office.notice("c2").nobody == "家族に知らせる同意がありません。"


def test_a_consent_revoked_between_addressing_and_sending_stops_the_message(
    office: Office, phones: Phones
) -> None:
    office.give_address()
    phones.refuse(SON)
    office.put("c1", NoticeKind.step, contacts(cast.SATO, "family_contact"))
    office.deliver()
    office.change(
        update(t.consent).where(t.consent.c.tick == "tell_family").values(revoked_at=office.clock.now())
    )
    office.after(minutes=2)
    [row] = office.rows()
    assert (row.state, row.error) == ("withdrawn", "家族に知らせる同意が取り消されました。")


def test_another_person_at_the_same_place_of_the_roster_is_not_told(office: Office, phones: Phones) -> None:
    office.give_address()
    phones.refuse(SON)
    office.put("c1", NoticeKind.step, contacts(cast.SATO, "family_contact"))
    office.deliver()
    office.change(update(t.contact).where(t.contact.c.resident_id == cast.SATO).values(name="別の 人"))
    office.after(minutes=2)
    [row] = office.rows()
    assert (row.state, row.error) == ("withdrawn", "名簿の連絡先が変わりました。")


# ---- withdrawal and all-clear ------------------------------------------------------------------------------------


def test_what_is_over_before_it_was_sent_is_withdrawn_and_nobody_hears_of_it(
    office: Office, phones: Phones
) -> None:
    office.put("c0")
    office.deliver()
    phones.expect(MORI, "c0 を")
    office.put("c1")
    office.deliver()  # the throttle holds it
    office.settled("c1")
    office.after(minutes=30)
    assert office.states() == ["sent", "withdrawn"]
    assert office.notice("c1").withdrawn_why == "電話で話せました。"


def test_the_all_clear_goes_once_to_exactly_those_who_were_told(office: Office, phones: Phones) -> None:
    office.give_address()
    office.put("c1")
    office.put(
        "c1/family", NoticeKind.step, contacts(cast.SATO, "family_contact"), office.notice_subject("c1")
    )
    phones.refuse(SON)  # the son's message has not got out when it is over
    office.deliver()
    phones.expect(MORI, "c1 を")
    office.clock.forward(seconds=10)
    office.settled("c1")
    office.after(minutes=30)
    phones.expect(MORI, "解消", "電話で話せました。")
    office.settled("c1")
    office.after(minutes=30)


def test_an_all_clear_waits_for_a_message_under_way_and_follows_it(office: Office, phones: Phones) -> None:
    phones.during = lambda message: office.settled("c1") if message.keys == ["c1"] else None
    office.put("c1")
    office.deliver()
    phones.expect(MORI, "c1 を")
    office.after(minutes=6)
    phones.expect(MORI, "電話で話せました。")


def test_who_may_have_been_told_hears_the_end_too(office: Office, phones: Phones) -> None:
    phones.swallow(MORI)
    office.put("c1")
    office.deliver()
    phones.expect(MORI, "c1 を")
    office.settled("c1")
    office.after(minutes=6)
    phones.expect(MORI, "電話で話せました。")
    assert "withdrawn" in office.states()


def test_the_next_silence_of_the_same_case_gets_an_all_clear_of_its_own(
    office: Office, phones: Phones
) -> None:
    office.put("c1")
    office.deliver()
    phones.expect(MORI, "c1 を")
    office.settled("c1")
    office.after(minutes=6)
    phones.expect(MORI, "電話で話せました。")
    office.put("c1/again", audience=account("kato"), subject=office.notice_subject("c1"))
    office.deliver()
    phones.expect(KATO, "c1/again を")
    office.settled("c1", words="訪問して会えました。")
    office.after(minutes=6)
    phones.expect(KATO, "訪問して会えました。")


def test_the_relatives_all_clear_does_not_tell_how_it_was_settled(office: Office, phones: Phones) -> None:
    office.give_address()
    office.put("c1", NoticeKind.step, contacts(cast.SATO, "family_contact"))
    office.deliver()
    phones.expect(SON, "確認できていません")
    office.settled("c1", words="病院に運ばれました。")
    office.after(minutes=6)
    message = phones.expect(SON, "確かめることができました")
    assert "病院" not in message.body


def test_an_audience_is_kept_as_it_was_written() -> None:
    assert contacts("R-1", "helper") == Audience(AudienceKind.contacts, "R-1/helper")
