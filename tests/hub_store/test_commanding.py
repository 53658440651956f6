"""A speaker is told what it should know: when that changed, and again when nobody knows what the broker kept."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import insert, select, update

from contract.commands import Config, QuietHours, Reminder, decode
from contract.events import AnnouncementKind
from contract.time import office_instant
from contract.topics import Channel, parse
from hub import absence, agenda, commanding
from hub.commanding import Commander
from hub.due import Sweeper
from hub.policy import Policy, of_day
from hub.speaking import Speaking, SpeakingSet
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import DueKind
from hub.watch import slots
from tests import cast
from tests.clock import TravellingClock, office


@dataclass
class Office:
    """The commander, and a wire that shows what went over it."""

    store: Store
    clock: TravellingClock
    policy: Policy
    connected: bool = True
    told: list[tuple[str, Config]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commander = Commander(self.store, self.clock, self.policy, self._publish)

    def _publish(self, topic: str, payload: bytes) -> bool:
        device, channel = parse(topic)
        assert channel is Channel.config
        if self.connected:
            self.told.append((device, decode(payload, Config)))
        return self.connected

    def look(self) -> dict[str, Config]:
        """What one step tells, by speaker."""
        self.told.clear()
        assert self.commander.step() == len(self.told)
        return dict(self.told)

    def imports(self, *changes: tuple[str, str]) -> None:
        file = cast.ROSTER
        for old, new in changes:
            assert old in file
            file = file.replace(old, new)
        cast.enrol(self.store, self.clock, self.policy, file)

    def goes_away(self, resident: str, start: str, until: str) -> str:
        return self.store.write(
            lambda conn: absence.register(
                conn, resident, "out", office(start), office(until), "csw", self.clock.now(), self.policy
            )
        )


@pytest.fixture
def desk(town: Store, clock: TravellingClock, policy: Policy) -> Office:
    return Office(town, clock, policy)


@pytest.fixture
def settled(desk: Office) -> Office:
    desk.look()
    return desk


def test_the_first_look_tells_everybody(desk: Office) -> None:
    told = desk.look()
    assert set(told) == set(cast.SPEAKERS)
    sato = told[cast.SATO_SPEAKER]
    assert sato.revision == 1
    assert sato.call_name == "ハルさん"
    assert [(slot.name, slot.at) for slot in sato.slots] == [("morning", "08:00"), ("evening", "18:00")]
    assert sato.retry_after_seconds == [600.0, 1800.0]
    assert sato.paused_until is None


def test_words_may_leave_the_home_only_with_both_consents(desk: Office) -> None:
    sharing = {device for device, config in desk.look().items() if config.share_text}
    assert sharing == {cast.SATO_SPEAKER, cast.ITO_SPEAKER}


def test_nothing_changed_nobody_is_told(settled: Office) -> None:
    assert settled.look() == {}


def test_a_changed_time_is_told_with_the_next_revision_to_that_home_only(settled: Office) -> None:
    settled.imports(("morning=08:30", "morning=09:15"))
    told = settled.look()
    assert [*told] == [cast.TANAKA_SPEAKER]
    assert told[cast.TANAKA_SPEAKER].revision == 2
    assert [slot.at for slot in told[cast.TANAKA_SPEAKER].slots] == ["09:15"]


def test_a_change_that_the_speaker_need_not_know_is_no_revision(settled: Office) -> None:
    settled.imports(("090-0000-0004", "090-0000-9999"))
    assert settled.look() == {}


def test_an_absence_pauses_the_home_and_its_end_resumes_it(settled: Office) -> None:
    away = settled.goes_away(cast.TANAKA, "2026-11-23 09:00", "2026-11-25 12:00")
    assert settled.look()[cast.TANAKA_SPEAKER].paused_until == office("2026-11-25 12:00")
    settled.store.write(lambda conn: absence.end(conn, away, "csw", settled.clock.now(), settled.policy))
    told = settled.look()[cast.TANAKA_SPEAKER]
    assert (told.paused_until, told.revision) == (None, 3)


def test_an_absence_of_tomorrow_is_told_tomorrow(settled: Office) -> None:
    settled.goes_away(cast.TANAKA, "2026-11-24 09:00", "2026-11-25 12:00")
    assert settled.look() == {}
    assert settled.commander.next_at() == office("2026-11-24 09:00")
    settled.clock.travel(office("2026-11-24 08:59"))
    assert settled.look() == {}
    settled.clock.travel(office("2026-11-24 09:00"))
    assert settled.look()[cast.TANAKA_SPEAKER].paused_until == office("2026-11-25 12:00")
    assert settled.commander.next_at() is None


def test_a_withdrawn_consent_is_told(settled: Office) -> None:
    settled.imports(("令和6年4月1日,いいえ,いいえ,佐藤", "いいえ,いいえ,いいえ,佐藤"))
    assert settled.look()[cast.SATO_SPEAKER].share_text is False


def test_a_speaker_that_stands_nowhere_is_told_to_ask_nothing(settled: Office) -> None:
    settled.imports((",sato-1,", ",sato-2,"))
    told = settled.look()
    assert told["sato-1"].slots == []
    assert told["sato-1"].call_name == ""
    assert [slot.name for slot in told["sato-2"].slots] == ["morning", "evening"]


def test_a_resident_who_left_is_asked_nothing(desk: Office) -> None:
    left = update(t.resident).where(t.resident.c.id == cast.SATO).values(ended_at=desk.clock.now())
    desk.store.write(lambda conn: conn.execute(left))
    assert desk.look()[cast.SATO_SPEAKER].slots == []


def test_after_the_line_was_gone_everybody_is_told_again_with_the_same_revision(settled: Office) -> None:
    settled.commander.forget()
    assert {config.revision for config in settled.look().values()} == {1}
    assert len(settled.told) == 5


def test_a_line_that_goes_in_the_middle_loses_nothing(settled: Office) -> None:
    settled.connected = False
    settled.imports(("morning=08:30", "morning=09:15"))
    assert settled.look() == {}
    settled.connected = True
    told = settled.look()
    assert len(told) == 5
    assert told[cast.TANAKA_SPEAKER].revision == 2


def test_a_new_hub_on_the_same_store_repeats_and_does_not_count_up(
    settled: Office, clock: TravellingClock, policy: Policy
) -> None:
    again = Office(settled.store, clock, policy)
    assert {config.revision for config in again.look().values()} == {1}


def test_another_policy_is_told(settled: Office, clock: TravellingClock) -> None:
    from hub.policy import load_demo

    again = Office(settled.store, clock, load_demo())
    told = again.look()
    assert {config.revision for config in told.values()} == {2}
    assert told[cast.SATO_SPEAKER].retry_after_seconds != [600.0, 1800.0]


def test_the_revision_is_on_disk_before_it_is_told(settled: Office) -> None:
    seen: list[int] = []

    def publish(_topic: str, payload: bytes) -> bool:
        with settled.store.read() as conn:
            box = conn.scalar(select(t.device.c.config_revision).where(t.device.c.id == cast.TANAKA_SPEAKER))
        seen.append(box or 0)
        return decode(payload, Config).revision <= seen[-1]

    commander = Commander(settled.store, settled.clock, settled.policy, publish)
    commander.step()
    seen.clear()
    settled.imports(("morning=08:30", "morning=09:15"))
    assert commander.step() == 1
    assert seen == [2]


def test_many_changes_at_once_are_one_look(settled: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commanding, "MANY", 1)
    settled.imports(("morning=08:00", "morning=08:15"))
    assert set(settled.look()) == {cast.SATO_SPEAKER, cast.SUZUKI_SPEAKER, cast.TAKAHASHI_SPEAKER}


def test_a_speaker_is_told_the_very_second_at_which_the_hub_opens_the_slot(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    spread = msgspec.structs.replace(
        policy, watch=msgspec.structs.replace(policy.watch, jitter=timedelta(minutes=5))
    )
    with town.read() as conn:
        assert slots.out_of_step(conn, spread, clock.now())
    town.write(lambda conn: agenda.schedule(conn, DueKind.policy_change, "start", clock.now()))
    Sweeper(town, clock, spread).sweep(clock.now())
    with town.read() as conn:
        assert not slots.out_of_step(conn, spread, clock.now())
    told: dict[str, Config] = {}
    commander = Commander(
        town,
        clock,
        spread,
        lambda name, payload: bool(told.update({parse(name)[0]: decode(payload, Config)}) or True),
    )
    commander.step()
    with town.read() as conn:
        rows = conn.execute(
            select(t.device.c.id, t.slot.c.name, t.slot.c.day, t.slot.c.opens_at).join(
                t.slot, t.slot.c.resident_id == t.device.c.resident_id
            )
        ).all()
    assert rows
    for device, name, day, opens_at in rows:
        [plan] = [one for one in told[device].slots if one.name == name]
        assert office_instant(day, of_day(plan.at)) == opens_at
    assert len({plan.at for config in told.values() for plan in config.slots}) > 3


def test_holidays_are_told_to_a_speaker_whose_schedule_rests_on_them(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    office_ = Office(town, clock, policy)
    office_.look()
    office_.imports(("morning=08:00;evening=18:00", "morning=08:00(平日);evening=18:00"))
    told = next(iter(office_.look().values()))
    assert [slot.on_holidays for slot in told.slots] == [False, True]
    assert date(2026, 11, 23) in told.holidays
    assert date(2027, 1, 1) in told.holidays


def test_a_home_is_told_its_questions_its_reminders_and_when_to_be_quiet(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    told: dict[str, Config] = {}

    def publish(topic: str, payload: bytes) -> bool:
        told[parse(topic)[0]] = decode(payload, Config)
        return True

    noon = Reminder(name="noon", at="12:30", kind=AnnouncementKind.medicine, prompt="medicine_time")
    agreed = Speaking(
        quiet=QuietHours(begins="21:00", until="07:00"),
        sets={"medicine": SpeakingSet(extras=["took_medicine"], reminders=[noon])},
        residents={cast.SATO: "medicine"},
    )
    Commander(town, clock, policy, publish, agreed).step()
    sato = told[cast.SATO_SPEAKER]
    assert (sato.extras, sato.reminders, sato.quiet) == (["took_medicine"], [noon], agreed.quiet)
    assert [device for device, config in told.items() if config.extras] == [cast.SATO_SPEAKER]


def test_a_speaker_listens_for_help_between_check_ins_only_with_that_consent(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    office_ = Office(town, clock, policy)
    assert not any(config.listen_for_help for config in office_.look().values())
    town.write(
        lambda conn: conn.execute(
            insert(t.consent).values(resident_id=cast.SATO, tick="listen_for_help", granted_at=clock.now())
        )
    )
    office_.commander.forget()
    assert [device for device, config in office_.look().items() if config.listen_for_help] == [
        cast.SATO_SPEAKER
    ]


def test_a_speaker_keeps_sound_only_with_that_consent(
    town: Store, clock: TravellingClock, policy: Policy
) -> None:
    office_ = Office(town, clock, policy)
    assert not any(config.keep_audio for config in office_.look().values())
    town.write(
        lambda conn: conn.execute(
            insert(t.consent).values(resident_id=cast.SATO, tick="keep_audio", granted_at=clock.now())
        )
    )
    office_.commander.forget()
    assert [device for device, config in office_.look().items() if config.keep_audio] == [cast.SATO_SPEAKER]
