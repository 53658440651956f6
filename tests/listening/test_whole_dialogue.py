"""The real speaker, assembled from its file, on virtual sound cards: it asks aloud, a resident answers, the hub is told.

Nothing between the two cards is simulated: PyAudio both ways, the voice, the endpointer, Whisper, the understanding,
the conversation, the outbox and the broker.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from contract.commands import Command, CommandKind, Config
from contract.events import CheckIn, Fault, Intent, Outcome, SelfTest
from contract.places import models_folder
from device.app import Speaker
from device.config import BrokerConfig, ClockSource, DeviceConfig, RecognizerConfig, SoundConfig
from device.listen.microphone import Samples
from device.speak.voice import Clip
from device.steps import Asked, AskingEnded, ConfigTaken, Connected, NothingHeard, Said, Step
from provisioning.broker import Broker
from tests.device.home import Watcher, eventually
from tests.device.hub_stand_in import HubStandIn
from tests.listening.conftest import Say
from tests.listening.soundcard import VirtualCards, why_not
from tests.listening.sounds import quiet_room

reason = why_not()
pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(reason is not None, reason=f"no virtual sound cards: {reason}"),
]
ROOM = Config(revision=1, call_name="佐藤さん", speech_rate=1.0)


class Resident:
    """Sits in a room that hisses, and answers what the loudspeaker asks."""

    def __init__(self) -> None:
        self.answer: Samples | None = None
        """To the open question; None says nothing."""
        self.yes: Samples | None = None
        """To a question for はい or いいえ."""
        self._gone = threading.Event()
        self._room = threading.Thread(target=self._be_there, name="room", daemon=True)
        self._room.start()

    def hears(self, step: Step) -> None:
        """A sentence left the loudspeaker."""
        if isinstance(step, Asked) and self.answer is not None:
            self._says(self.answer)
        elif isinstance(step, Said) and "お答えください" in step.text and self.yes is not None:
            self._says(self.yes)

    def _says(self, samples: Samples) -> None:
        threading.Thread(target=self._say, args=(samples,), name="resident", daemon=True).start()

    def _say(self, samples: Samples) -> None:
        from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker

        self._gone.wait(1.0)
        PyAudioLoudspeaker("resident_out").play(Clip(samples, 16_000))

    def leaves(self) -> None:
        self._gone.set()
        self._room.join(20)

    def _be_there(self) -> None:
        from device.speak.loudspeaker import SpeakerFault
        from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker

        hiss = Clip(quiet_room(3.0), 16_000)
        while not self._gone.is_set():
            try:
                PyAudioLoudspeaker("resident_out").play(hiss)
            except SpeakerFault:
                self._gone.wait(0.2)  # the cards are unplugged


class Stage:
    """Cards, broker, hub, the assembled speaker and its resident."""

    def __init__(self, folder: Path, port: int, hub: HubStandIn, cards: VirtualCards) -> None:
        from device.assembly import assemble, missing_cards

        self.hub, self.cards, self.watcher = hub, cards, Watcher()
        self.config = DeviceConfig(
            device="sato-1",
            broker=BrokerConfig(host="127.0.0.1", port=port, password="sato-1"),
            data=folder / "sato-1",
            clock=ClockSource.synced,
            sound=SoundConfig(microphone="watch_mic", loudspeaker="speaker_out"),
            recognizer=RecognizerConfig(models=models_folder(), prefer="whisper"),
        )
        self.resident = Resident()
        self.watcher.on_step = self.resident.hears
        self.speaker: Speaker = assemble(self.config, missing_cards(self.config), self.watcher)
        self._thread = threading.Thread(target=self.speaker.run, name="speaker")
        self._thread.start()

    def asks(self, name: str) -> None:
        self.hub.order("sato-1", Command(id=name, kind=CommandKind.ask_now))

    def close(self) -> None:
        self.speaker.stop(30.0)
        self._thread.join(30)
        self.resident.leaves()


@pytest.fixture
def stage(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    hub = HubStandIn(tmp_path, broker.port)
    with VirtualCards(tmp_path / "cards", one_room=True) as cards:
        for name, value in cards.environment.items():
            monkeypatch.setenv(name, value)
        hub.configure("sato-1", ROOM)
        built = Stage(tmp_path, broker.port, hub, cards)
        built.watcher.wait_for(Connected, seconds=60.0)
        built.watcher.wait_for(ConfigTaken, seconds=60.0)
        yield built
        built.close()
    hub.close()


def heard_from_the_loudspeaker(until: threading.Event) -> list[Samples]:
    from device.listen.pyaudio_microphone import PyAudioMicrophone

    listener = PyAudioMicrophone("speaker_heard")
    listener.open()
    frames = []
    while not until.is_set():
        frames.append(listener.frame())
    listener.close()
    return frames


@pytest.mark.timeout(240)
def test_a_check_in_is_asked_aloud_answered_aloud_and_told_to_the_hub(stage: Stage, say: Say) -> None:
    stage.resident.answer = say("はい、元気です。")
    stage.resident.yes = say("はい、そうです。")
    over, recorded = threading.Event(), list[Samples]()
    recorder = threading.Thread(target=lambda: recorded.extend(heard_from_the_loudspeaker(over)))
    recorder.start()
    try:
        stage.asks("c1")
        ended = stage.watcher.wait_for(AskingEnded, seconds=90.0).check_in
        assert ended.outcome is Outcome.answered
        assert ended.intent in (Intent.fine, Intent.as_usual)
        (event,) = [each for each in stage.hub.wait_for(1) if isinstance(each.body, CheckIn)]
        assert event.body == ended
    finally:
        over.set()
        recorder.join(20)
    assert stage.watcher.all(Asked)[0].text.startswith("佐藤さん、")
    loud = np.abs(np.concatenate(recorded).astype(int)) > 500
    assert loud.sum() / 16_000 > 1.5, "the questions were not to be heard"


@pytest.mark.timeout(240)
def test_the_box_hears_its_own_tones_in_a_room(stage: Stage) -> None:
    stage.hub.order("sato-1", Command(id="c1", kind=CommandKind.selftest))
    (event,) = stage.hub.wait_for(1, 60.0)
    assert isinstance(event.body, SelfTest)
    assert event.body.passed
    assert event.body.heard_db is not None
    assert event.body.heard_db > -40


@pytest.mark.timeout(240)
def test_cards_that_vanish_in_the_middle_are_faults_by_name_and_mended_when_they_come_back(
    stage: Stage, say: Say
) -> None:
    stage.asks("c1")
    stage.watcher.wait_for(Asked, seconds=60.0)
    threading.Event().wait(1.0)
    stage.cards.stop()  # while the resident is listened to
    ended = stage.watcher.wait_for(AskingEnded, seconds=90.0).check_in
    assert ended.outcome is Outcome.mic_fault
    bodies = [event.body for event in stage.hub.wait_for(3, 60.0)]
    broken = {body.part for body in bodies if isinstance(body, Fault)}
    assert broken == {"microphone", "speaker"}

    stage.cards.start()
    stage.resident.answer = say("はい、元気です。")
    stage.resident.yes = say("はい、そうです。")
    stage.asks("c2")
    again = stage.watcher.wait_for(AskingEnded, 2, seconds=90.0).check_in
    assert again.outcome is Outcome.answered

    def mended() -> set[str]:
        bodies = [event.body for event in stage.hub.stored()]
        return {body.part for body in bodies if isinstance(body, Fault) and body.state == "mended"}

    assert eventually(lambda: mended() == {"microphone", "speaker"})
    assert stage.watcher.all(NothingHeard)[0].kind == "mic_fault"
