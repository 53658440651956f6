"""薬・ごみ・行事・防災: said once, in their time, never over a question, and none dropped silently."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.commands import Command, CommandKind, Config, QuietHours, Reminder
from contract.events import Announced, AnnouncementKind
from device.steps import Asked, ConfigTaken, Connected, EventMade, NotPlayed, Said
from device.talk.announcing import Agreed, is_quiet, occurrences
from tests.clock import office
from tests.device.conftest import Box
from tests.device.home import Watcher
from tests.device.hub_stand_in import HubStandIn, changed
from tests.device.test_power_cut import cut, nothing, quiet_cut
from tests.device.test_speaker import MORNING

__all__ = ["quiet_cut"]

MEDICINE = Reminder(name="medicine", at="09:00", kind=AnnouncementKind.medicine, prompt="medicine_time")
GARBAGE = Reminder(
    name="garbage",
    at="07:30",
    kind=AnnouncementKind.garbage,
    text="今日は、燃えるごみの日です。",
    weekdays=[2, 5],
)
NIGHT = QuietHours(begins="21:00", until="07:00")
REMINDING = changed(MORNING, reminders=[MEDICINE, GARBAGE], quiet=NIGHT)


def said(watcher: Watcher) -> list[str]:
    return [step.text for step in watcher.all(Said)]


def announced(watcher: Watcher) -> list[tuple[str, str]]:
    bodies = [step.event.body for step in watcher.all(EventMade)]
    return [(body.name, body.outcome) for body in bodies if isinstance(body, Announced)]


def say(name: str, text: str = "集会は、十時からです。", **more: object) -> Command:
    return Command(id=name, kind=CommandKind.say, text=text, **more)  # type: ignore[arg-type]


def wait_for_announced(box: Box, count: int) -> list[tuple[str, str]]:
    box.watcher.wait_for(EventMade, count)
    return announced(box.watcher)


def test_a_reminder_is_said_at_its_time_by_name_and_reported(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(REMINDING, slots=[]))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 07:30"))
    box.watcher.wait_for(Said)
    box.clock.travel(office("2026-11-24 09:00"))
    box.watcher.wait_for(Said, 2)
    assert said(box.watcher) == ["今日は、燃えるごみの日です。", "佐藤さん、お薬の時間です。"]
    assert wait_for_announced(box, 2) == [("2026-11-24/garbage", "played"), ("2026-11-24/medicine", "played")]
    bodies = [event.body for event in hub.wait_for(2)]
    assert Announced(name="2026-11-24/medicine", kind=AnnouncementKind.medicine, outcome="played") in bodies


def test_a_reminder_is_said_once_although_the_speaker_starts_again(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(REMINDING, slots=[]))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 09:00"))
    wait_for_announced(box, 2)
    box.switch_off()
    box.clock.forward(minutes=5)
    box.switch_on()
    box.watcher.wait_for(Connected)
    hub.order("sato-1", say("c1"))
    assert wait_for_announced(box, 1) == [("c1", "played")]


@pytest.mark.usefixtures("quiet_cut")
@pytest.mark.parametrize(("kind", "outcome"), [("medicine", "not_played"), ("disaster", "played")])
def test_what_a_power_cut_caught_in_mid_sentence_is_reported_and_only_a_disaster_said_again(
    hub: HubStandIn, box: Box, kind: str, outcome: str
) -> None:
    reminder = Reminder(name="it", at="09:00", kind=AnnouncementKind(kind), text="お知らせです。")
    hub.configure("sato-1", changed(MORNING, slots=[], reminders=[reminder]))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.loudspeaker.while_playing = cut
    box.clock.travel(office("2026-11-24 09:00"))
    assert box.thread
    box.thread.join(20.0)
    box.speaker = box.thread = None
    box.loudspeaker.while_playing = nothing
    box.switch_on()
    assert wait_for_announced(box, 1) == [("2026-11-24/it", outcome)]


def test_nothing_is_announced_over_an_open_question(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.resident.before_answering = lambda: (
        hub.order("sato-1", say("c1", announce=AnnouncementKind.disaster)) if not hub.stored() else None
    )
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(Said, 2)
    steps = [type(step) for step in box.watcher.steps if isinstance(step, Asked | Said)]
    assert steps == [Asked, Said, Said]
    assert said(box.watcher)[-1] == "集会は、十時からです。"


def test_the_quiet_hours_hold_back_everything_but_a_disaster(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(MORNING, slots=[], quiet=NIGHT))
    box.clock.travel(office("2026-11-23 22:00"))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    hub.order("sato-1", say("late"))
    hub.order("sato-1", say("soon", expires_at=office("2026-11-24 06:00")))
    hub.order("sato-1", say("flood", "川の水が増えています。", announce=AnnouncementKind.disaster))
    assert wait_for_announced(box, 1) == [("flood", "played")]
    box.clock.travel(office("2026-11-24 06:30"))
    assert wait_for_announced(box, 2)[1:] == [("soon", "expired")]
    box.clock.travel(office("2026-11-24 07:00"))
    assert wait_for_announced(box, 3)[2:] == [("late", "played")]
    assert said(box.watcher) == ["川の水が増えています。", "集会は、十時からです。"]


def test_a_reminder_slept_through_is_reported_as_expired(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(REMINDING, slots=[]))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.switch_off()
    box.clock.travel(office("2026-11-24 12:00"))
    box.switch_on()
    assert wait_for_announced(box, 2) == [
        ("2026-11-24/garbage", "expired"),
        ("2026-11-24/medicine", "expired"),
    ]
    assert said(box.watcher) == []


def test_a_broken_loudspeaker_is_tried_again_and_then_reported(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(REMINDING, slots=[], reminders=[MEDICINE]))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.loudspeaker.broken = True
    box.clock.travel(office("2026-11-24 09:00"))
    box.watcher.wait_for(NotPlayed)
    box.clock.travel(office("2026-11-24 09:02"))
    box.watcher.wait_for(NotPlayed, 2)
    box.clock.travel(office("2026-11-24 11:00"))
    assert [one for one in wait_for_announced(box, 2) if one] == [("2026-11-24/medicine", "not_played")]


def test_an_announcement_on_order_survives_a_restart_and_a_repeated_order_is_said_once(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", changed(MORNING, slots=[], quiet=NIGHT))
    box.clock.travel(office("2026-11-23 22:00"))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    hub.order("sato-1", say("c1"))
    hub.order("sato-1", say("c1"))
    hub.order("sato-1", say("now", announce=AnnouncementKind.disaster))
    wait_for_announced(box, 1)
    box.switch_off()
    box.clock.travel(office("2026-11-24 07:00"))
    box.switch_on()
    assert wait_for_announced(box, 1) == [("c1", "played")]
    box.watcher.wait_for(Connected)
    hub.order("sato-1", say("c1"))
    hub.order("sato-1", say("c2"))
    assert wait_for_announced(box, 2) == [("c1", "played"), ("c2", "played")]


def test_nothing_is_said_to_an_empty_home(hub: HubStandIn, box: Box) -> None:
    away = changed(REMINDING, slots=[], paused_until=office("2026-11-24 20:00"))
    hub.configure("sato-1", away)
    box.switch_on()
    box.watcher.wait_for(Connected)
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 20:30"))
    hub.order("sato-1", say("c1"))
    assert wait_for_announced(box, 1) == [("c1", "played")]


def test_quiet_hours_may_go_over_midnight() -> None:
    for text, quiet in (("20:59:59", False), ("21:00", True), ("06:59:59", True), ("07:00", False)):
        assert is_quiet(NIGHT, office(f"2026-11-24 {text}")) is quiet
    noon = QuietHours(begins="12:00", until="13:30:30")
    for text, quiet in (("11:59", False), ("13:30:29", True), ("13:30:30", False)):
        assert is_quiet(noon, office(f"2026-11-24 {text}")) is quiet
    assert not is_quiet(None, office("2026-11-24 03:00"))


def test_a_reminder_has_a_text_or_a_prompt() -> None:
    for text, prompt in (("", ""), ("a", "b"), (" ", "")):
        with pytest.raises(ValueError, match="either"):
            Reminder(name="it", at="09:00", kind=AnnouncementKind.other, text=text, prompt=prompt)


@settings(deadline=None)
@given(st.lists(st.integers(-3000, 3000), min_size=1, max_size=60))
def test_however_the_clock_jumps_an_occurrence_has_one_name_a_day(minutes: list[int]) -> None:
    start = office("2026-11-24 00:00")
    agreed = [Agreed(MEDICINE, start - timedelta(days=30)), Agreed(GARBAGE, start - timedelta(days=30))]
    names: set[str] = set()
    for jump in minutes:
        now = start + timedelta(minutes=jump)
        for each in occurrences(agreed, None, now):
            assert each.at <= now < each.at + timedelta(days=2)
            names.add(each.name)
    assert len(names) <= 2 * 7


def test_config_with_reminders_goes_over_the_wire_and_back() -> None:
    from contract.commands import decode, encode

    assert decode(encode(REMINDING), Config) == REMINDING
