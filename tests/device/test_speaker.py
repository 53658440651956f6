"""The whole box against a real broker: from the hub's configuration to the hub's acknowledgement."""

import pytest

from contract.commands import Command, CommandKind, Config, SlotPlan
from contract.events import CheckIn, Fault, Intent, Outcome, Recall, Sos
from contract.state import Presence
from contract.topics import Channel
from device.steps import Asked, AskingEnded, ConfigTaken, Connected, EventAcked, EventSent, Said
from device.talk import help_call
from tests.clock import office
from tests.device.conftest import Box
from tests.device.home import Beeper
from tests.device.hub_stand_in import HubStandIn, changed

MORNING = Config(
    revision=1,
    call_name="佐藤さん",
    slots=[SlotPlan(name="morning", at="08:00")],
    speech_rate=0.9,
    volume=0.5,
)


def bodies(hub: HubStandIn, kind: type) -> list[object]:
    return [event.body for event in hub.stored() if isinstance(event.body, kind)]


def test_a_morning_from_the_question_to_the_acknowledgement(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.resident.lines.append("元気です")
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    acked = box.watcher.wait_for(EventAcked)
    asked = box.watcher.wait_for(Asked)
    assert asked.text == "佐藤さん、おはようございます。お変わりありませんか。"
    box.watcher.wait_for(Said)
    (event,) = hub.stored()
    assert event.body == CheckIn(
        slot="2026-11-24/morning",
        outcome=Outcome.answered,
        intent=Intent.fine,
        confidence=0.8,
        answer_delay_ms=1250,
    )
    assert (event.device, event.seq, event.late, event.at) == ("sato-1", 1, False, office("2026-11-24 08:00"))
    assert acked.event_id == event.id
    assert acked.milliseconds is not None


def test_the_voice_follows_the_hubs_configuration(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(AskingEnded)
    assert isinstance(box.voice, Beeper)
    assert box.voice.rates["佐藤さん、おはようございます。"] == 0.9
    assert int(box.loudspeaker.clips[0].samples[0]) == 5000


def test_a_silent_resident_is_asked_three_times_and_each_asking_is_reported(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    for count, minute in enumerate((0, 10, 30), start=1):
        box.clock.travel(office(f"2026-11-24 08:{minute:02}"))
        box.watcher.wait_for(AskingEnded, count)
    stored = hub.wait_for(3)
    assert [event.body for event in stored] == [
        CheckIn(slot="2026-11-24/morning", outcome=Outcome.no_sound, attempts=attempt)
        for attempt in (1, 2, 3)
    ]


def test_a_call_for_help_takes_its_own_path_and_the_resident_hears_that_it_got_through(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    box.resident.lines.append("助けて、倒れた")
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    said = box.watcher.wait_for(Said)
    assert said.text.startswith("伝わりました。")
    arrived = dict(hub.wait_for_arrivals(2))
    call, check_in = arrived[Channel.sos], arrived[Channel.event]
    assert call.body == Sos(trigger="voice", slot="2026-11-24/morning")
    box.watcher.wait_for(EventSent, 2)
    assert [sent.event_id for sent in box.watcher.all(EventSent)] == [call.id, check_in.id]
    assert isinstance(check_in.body, CheckIn)
    assert check_in.body.intent is Intent.emergency


def test_a_mistake_is_taken_back_by_a_second_event(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.resident.lines.extend(["助けて、倒れた", "ごめん、まちがいやった", "はい"])
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    stored = hub.wait_for(3)
    call = next(event for event in stored if isinstance(event.body, Sos))
    assert bodies(hub, Recall) == [Recall(event=call.id)]


def test_a_call_that_got_through_only_later_is_told_later(hub: HubStandIn, box: Box) -> None:
    hub.acknowledging = False
    hub.configure("sato-1", MORNING)
    box.resident.lines.append("助けて、倒れた")
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    assert box.watcher.wait_for(Said).text.startswith("まだ伝わっていません。もう一度")
    call = next(event for channel, event in hub.arrivals if channel is Channel.sos)
    hub.acknowledge("sato-1", [call.id])
    assert box.watcher.wait_for(Said, 2).text.startswith("伝わりました。")


def test_a_call_that_was_taken_back_before_it_got_through_is_not_told_as_help_on_its_way(
    hub: HubStandIn, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(help_call, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(help_call, "NEXT_WAIT_SECONDS", 0.01)
    hub.acknowledging = False
    hub.configure("sato-1", MORNING)
    box.resident.lines.extend(["助けて、倒れた", "まちがいや", "はい"])
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    assert box.watcher.wait_for(Said, 5).text.startswith("わかりました。まちがいだった")
    hub.acknowledge("sato-1", [event.id for event in hub.wait_for(3)])
    box.watcher.wait_for(EventAcked, 3)
    hub.order("sato-1", Command(id="c1", kind=CommandKind.say, text="おわりです。"))
    assert box.watcher.wait_for(Said, 6).text == "おわりです。"


def test_a_call_that_got_through_after_the_dialogue_is_still_told(
    hub: HubStandIn, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(help_call, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(help_call, "NEXT_WAIT_SECONDS", 0.01)
    hub.acknowledging = False
    hub.configure("sato-1", MORNING)
    box.resident.lines.append("助けて、倒れた")
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    assert box.watcher.wait_for(Said, 3).text.startswith("まだ伝わっていません。伝わるまで")
    hub.order("sato-1", Command(id="c1", kind=CommandKind.say, text="つぎです。"))
    assert box.watcher.wait_for(Said, 4).text == "つぎです。"
    hub.acknowledge("sato-1", [event.id for event in hub.wait_for(3)])
    assert box.watcher.wait_for(Said, 5).text.startswith("伝わりました。")
    hub.order("sato-1", Command(id="c2", kind=CommandKind.say, text="おわりです。"))
    assert box.watcher.wait_for(Said, 6).text == "おわりです。"


def test_birth_and_goodbye_carry_the_session_of_the_run(hub: HubStandIn, box: Box) -> None:
    box.switch_on()
    birth = hub.wait_for_state(1)
    box.switch_off()
    goodbye = hub.wait_for_state(2)
    assert (birth.presence, goodbye.presence) == (Presence.online, Presence.offline)
    assert birth.session == goodbye.session
    box.switch_on()
    assert hub.wait_for_state(3).session != birth.session


def test_a_broken_loudspeaker_is_not_played_and_reported_once(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.loudspeaker.broken = True
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(AskingEnded)
    box.clock.travel(office("2026-11-24 08:10"))
    box.watcher.wait_for(AskingEnded, 2)
    hub.wait_for(3)
    assert bodies(hub, Fault) == [Fault(part="speaker", state="broken", detail="no such sound card")]
    assert [each.check_in.outcome for each in box.watcher.all(AskingEnded)] == [Outcome.not_played] * 2
    box.loudspeaker.broken = False
    box.clock.travel(office("2026-11-24 08:30"))
    box.watcher.wait_for(AskingEnded, 3)
    hub.wait_for(5)
    assert bodies(hub, Fault)[-1] == Fault(part="speaker", state="mended")


def test_a_dead_microphone_and_a_muted_one_are_told_apart_and_the_state_says_muted(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    box.resident.lines.extend(["mic_fault", "muted"])
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))
    box.watcher.wait_for(AskingEnded)
    box.clock.travel(office("2026-11-24 08:10"))
    box.watcher.wait_for(AskingEnded, 2)
    hub.wait_for(3)
    outcomes = [each.check_in.outcome for each in box.watcher.all(AskingEnded)]
    assert outcomes == [Outcome.mic_fault, Outcome.muted]
    assert bodies(hub, Fault) == [Fault(part="microphone", state="broken", detail="no sound came from it")]
    assert hub.wait_for_state(2).muted


def test_staff_can_ask_now_and_speak_and_a_repeated_order_does_nothing(hub: HubStandIn, box: Box) -> None:
    box.resident.lines.append("元気です")
    box.switch_on()
    box.watcher.wait_for(Connected)
    ask = Command(id="c1", kind=CommandKind.ask_now)
    hub.order("sato-1", ask)
    hub.order("sato-1", ask)
    hub.order("sato-1", b"{")
    hub.order("sato-1", Command(id="c2", kind=CommandKind.ask_now, slot="yesterday"))
    hub.order("sato-1", Command(id="c3", kind=CommandKind.say, text="明日はごみの日です。"))
    box.watcher.wait_for(Said, 3)
    assert [said.text for said in box.watcher.all(Said)][-1] == "明日はごみの日です。"
    event = hub.wait_for(1)[0]
    assert isinstance(event.body, CheckIn)
    assert (event.body.slot, event.body.intent) == ("2026-11-24/now", Intent.fine)


def test_a_bad_configuration_is_refused_whole_and_the_last_good_one_kept(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    hub.configure("sato-1", b'{"revision": 2, "slots": [{"name": "morning", "at": "25:00"}]}')
    hub.wait_for(1)
    (fault,) = bodies(hub, Fault)
    assert isinstance(fault, Fault)
    assert (fault.part, fault.state) == ("config", "broken")
    assert "$.slots[0].at" in (fault.detail or "")
    box.clock.travel(office("2026-11-24 08:00"))
    assert box.watcher.wait_for(AskingEnded).check_in.slot == "2026-11-24/morning"
    hub.configure("sato-1", changed(changed(MORNING), call_name="佐藤様"))
    box.watcher.wait_for(ConfigTaken, 2)
    hub.wait_for(3)
    assert bodies(hub, Fault)[-1] == Fault(part="config", state="mended")


def test_a_call_name_is_never_part_of_a_fault(hub: HubStandIn, box: Box) -> None:
    box.switch_on()
    box.watcher.wait_for(Connected)
    hub.configure("sato-1", ('{"revision": 1, "call_name": "' + "佐" * 41 + '"}').encode())
    hub.wait_for(1)
    (fault,) = bodies(hub, Fault)
    assert isinstance(fault, Fault)
    assert "佐" not in (fault.detail or "")


def test_an_older_configuration_never_replaces_a_newer_one(hub: HubStandIn, box: Box) -> None:
    newer = changed(changed(MORNING))
    hub.configure("sato-1", newer)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    hub.configure("sato-1", changed(MORNING, slots=[]))
    hub.configure("sato-1", changed(newer, volume=0.6))
    taken = box.watcher.wait_for(ConfigTaken, 2)
    assert taken.config.revision == 4


def test_a_pause_asks_nothing_and_ends_by_itself(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(MORNING, paused_until=office("2026-11-24 20:00")))
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:05"))
    hub.order("sato-1", Command(id="c1", kind=CommandKind.say, text="一"))
    box.watcher.wait_for(Said)
    assert box.watcher.all(Asked) == []
    box.clock.travel(office("2026-11-25 08:00"))
    box.watcher.wait_for(Asked)


def test_without_a_hub_the_last_good_configuration_still_asks_after_a_restart(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.switch_off()
    hub.configure("sato-1", b"")
    box.clock.travel(office("2026-11-24 08:00"))
    box.switch_on()
    assert box.watcher.wait_for(Asked).text.startswith("佐藤さん")
