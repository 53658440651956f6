"""A question cut off in the middle: it is asked again, not for ever, and nobody is called silent for it."""

import threading
from collections.abc import Callable, Iterator

import pytest

from contract.events import CheckIn, Fault, Intent, Outcome
from device.steps import Asked, AskingEnded, ConfigTaken
from tests.clock import office
from tests.device.conftest import Box
from tests.device.hub_stand_in import HubStandIn, changed
from tests.device.test_speaker import MORNING, bodies


class PowerCut(BaseException):
    """Ends the speaker's thread where it stands."""


@pytest.fixture
def quiet_cut() -> Iterator[None]:
    before = threading.excepthook
    threading.excepthook = lambda args: None if args.exc_type is PowerCut else before(args)
    yield
    threading.excepthook = before


def cut() -> None:
    raise PowerCut


def nothing() -> None:
    pass


def run_until_cut(box: Box, when: Callable[[], None]) -> None:
    """One run that ends while the resident is being listened to."""
    box.resident.before_answering = cut
    box.switch_on()
    when()
    assert box.thread
    box.thread.join(20.0)
    box.speaker = box.thread = None
    box.resident.before_answering = nothing


def ask_at_eight(box: Box) -> None:
    box.watcher.wait_for(ConfigTaken)
    box.clock.travel(office("2026-11-24 08:00"))


@pytest.mark.usefixtures("quiet_cut")
def test_a_question_cut_off_is_asked_again_after_the_start_under_its_own_number(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    run_until_cut(box, lambda: ask_at_eight(box))
    box.clock.travel(office("2026-11-24 08:03"))
    box.resident.lines.append("元気です")
    box.switch_on()
    hub.wait_for(1)
    (check_in,) = bodies(hub, CheckIn)
    assert isinstance(check_in, CheckIn)
    assert (check_in.attempts, check_in.intent) == (1, Intent.fine)


@pytest.mark.usefixtures("quiet_cut")
def test_a_question_cut_off_twice_is_not_played_and_the_next_one_comes_at_its_time(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    run_until_cut(box, lambda: ask_at_eight(box))
    run_until_cut(box, nothing)
    box.switch_on()
    first = box.watcher.wait_for(AskingEnded).check_in
    assert (first.outcome, first.attempts) == (Outcome.not_played, 1)
    box.clock.travel(office("2026-11-24 08:10"))
    second = box.watcher.wait_for(AskingEnded, 2).check_in
    assert (second.outcome, second.attempts) == (Outcome.no_sound, 2)


@pytest.mark.usefixtures("quiet_cut")
def test_a_question_cut_off_and_found_hours_later_is_reported_and_not_asked(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    run_until_cut(box, lambda: ask_at_eight(box))
    box.clock.travel(office("2026-11-24 14:00"))
    box.switch_on()
    ended = box.watcher.wait_for(AskingEnded).check_in
    assert ended.outcome is Outcome.not_played
    hub.wait_for(1)
    assert box.watcher.all(Asked) == []


@pytest.mark.usefixtures("quiet_cut")
def test_a_good_answer_survives_a_power_cut_in_the_further_questions(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(MORNING, extras=["slept", "ate"]))
    box.resident.lines.append("元気です")
    box.loudspeaker.while_playing = lambda: cut() if len(box.loudspeaker.clips) >= 4 else None
    box.switch_on()
    ask_at_eight(box)
    assert box.thread
    box.thread.join(20.0)
    box.speaker = box.thread = None
    box.loudspeaker.while_playing = nothing
    box.clock.travel(office("2026-11-24 08:03"))
    box.switch_on()
    assert box.watcher.wait_for(AskingEnded).check_in.intent is Intent.fine
    hub.wait_for(1)
    box.switch_off()
    box.clock.travel(office("2026-11-24 08:10"))
    box.switch_on()
    hub.configure("sato-1", changed(changed(MORNING)))
    box.watcher.wait_for(ConfigTaken)
    assert (len(hub.stored()), box.watcher.all(Asked)) == (1, [])


@pytest.mark.usefixtures("quiet_cut")
def test_a_fine_that_nobody_could_object_to_yet_is_asked_again_after_a_power_cut(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    box.resident.lines.append("元気です")
    box.loudspeaker.while_playing = lambda: cut() if len(box.loudspeaker.clips) >= 2 else None
    box.switch_on()
    ask_at_eight(box)
    assert box.thread
    box.thread.join(20.0)
    box.speaker = box.thread = None
    box.loudspeaker.while_playing = nothing
    box.resident.lines.append("えらいで、ちょっと寝とる")
    box.switch_on()
    assert box.watcher.wait_for(AskingEnded).check_in.intent is Intent.unwell


def test_a_clean_stop_in_the_middle_of_a_question_reports_nothing_and_asks_again(
    hub: HubStandIn, box: Box
) -> None:
    hub.configure("sato-1", MORNING)
    listening, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        listening.set()
        go_on.wait(10)

    box.resident.before_answering = wait
    speaker = box.switch_on()
    ask_at_eight(box)
    assert listening.wait(20)
    speaker.stop(0.0)
    go_on.set()
    box.switch_off()
    assert box.watcher.all(AskingEnded) == []
    box.resident.before_answering = nothing
    box.switch_on()
    assert box.watcher.wait_for(AskingEnded).check_in.attempts == 1


def test_a_stop_during_the_prompt_listens_to_nobody_any_more(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    listened: list[bool] = []
    box.resident.before_answering = lambda: listened.append(True)
    speaker = box.switch_on()
    box.loudspeaker.while_playing = lambda: speaker.stop(0.0)
    ask_at_eight(box)
    assert box.thread
    box.thread.join(20.0)
    assert (listened, box.watcher.all(AskingEnded)) == ([], [])


def test_a_damaged_store_is_put_aside_and_reported_and_mended_at_the_next_clean_start(
    hub: HubStandIn, box: Box
) -> None:
    box.config.data.mkdir()
    (box.config.data / "store.db").write_bytes(b"no database" * 1000)
    box.switch_on()
    hub.wait_for(1)
    (fault,) = bodies(hub, Fault)
    assert isinstance(fault, Fault)
    assert (fault.part, fault.state) == ("disk", "broken")
    assert "damaged" in str(fault.detail)
    box.switch_off()
    box.switch_on()
    hub.wait_for(2)
    assert bodies(hub, Fault)[-1] == Fault(part="disk", state="mended")


def test_a_clock_behind_what_was_written_down_is_reported_and_time_goes_on(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", MORNING)
    box.switch_on()
    box.watcher.wait_for(ConfigTaken)
    box.switch_off()
    box.clock.travel(office("2026-11-10 07:00"))
    box.switch_on()
    hub.wait_for(1)
    box.clock.forward(hours=1)
    box.watcher.wait_for(AskingEnded)
    stored = hub.wait_for(2)
    assert [str(event.clock) for event in stored] == ["floor", "floor"]
    assert isinstance(stored[0].body, Fault)
    assert stored[0].body.part == "clock"
    check_in = stored[1].body
    assert isinstance(check_in, CheckIn)
    assert check_in.slot == "2026-11-24/morning"
