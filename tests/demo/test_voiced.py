"""A voiced household on a real broker: it listens and answers, its line can be cut, and it can be stopped at any moment."""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import monotonic

import msgspec
import numpy as np
import paho.mqtt.client as mqtt
import pytest
import soxr
from paho.mqtt.enums import CallbackAPIVersion

from contract.commands import Ack, Config, SlotPlan, encode
from contract.envelope import Event, decode_event
from contract.events import CheckIn, Intent, Outcome
from contract.time import OFFICE_ZONE
from contract.topics import Channel, every_device, topic
from demo.cast import Household, Part, load_cast
from demo.clock import MovedClock
from demo.pace import Pace
from demo.record import News
from demo.voiced import Engines, SharedVoice, VoicedHome
from device.listen.microphone import RATE
from device.listen.settings import load_settings
from device.speak.openjtalk import OpenJTalkVoice
from device.understand import Understanding
from provisioning.broker import Broker
from tests.demo.parrot import Parrot

PATIENCE = 20.0
SATO = next(each for each in load_cast() if each.key == "sato")


class Hub:
    """Gives one home its slot and acknowledges what it says."""

    def __init__(self, broker: Broker) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="mimamori-hub")
        self._client.username_pw_set("mimamori-hub", "mimamori-hub")
        self._client.on_message = self._heard
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._client.subscribe([(every_device(each), 1) for each in (Channel.event, Channel.sos)])

    def _heard(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        event = decode_event(bytes(message.payload))
        self.events.put(event)
        self._client.publish(topic(event.device, Channel.ack), encode(Ack(ids=[event.id])), 0)

    def ask_soon(self, clock: MovedClock) -> None:
        at = (clock.now() + timedelta(seconds=3)).astimezone(OFFICE_ZONE).strftime("%H:%M:%S")
        config = Config(revision=1, call_name="佐藤さん", slots=[SlotPlan(name="noon", at=at)])
        self._client.publish(topic("sato-1", Channel.config), encode(config), 1, True)

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module")
def engines() -> Engines:
    # Any voice will do for the resident: Open JTalk's is at hand without a model.
    voice = OpenJTalkVoice().render("はい、元気です。")
    said = soxr.resample(voice.samples.astype(np.float64), voice.rate, RATE).astype(np.int16)
    return Engines(
        recognizer=Parrot("parrot"),
        voice=SharedVoice(OpenJTalkVoice()),
        understanding=Understanding.load(),
        listening=load_settings(),
        residents=dict.fromkeys(SATO.utterances(), said),
    )


@pytest.fixture
def hub(broker: Broker) -> Iterator[Hub]:
    hub = Hub(broker)
    yield hub
    hub.leave()


class Play:
    """One household at the test broker, and what was told of it."""

    def __init__(self, household: Household, engines: Engines, broker: Broker, folder: Path) -> None:
        self.told: queue.Queue[News] = queue.Queue()
        self.pace = Pace(4.0)
        self.clock = MovedClock()
        self.home = VoicedHome(
            household,
            engines,
            (broker.host, broker.port),
            "sato-1",
            folder,
            self.clock,
            self.pace,
            self.told.put,
            seed=1,
        )
        self.home.start()

    def wait_for(self, words: str) -> News:
        while True:
            news = self.told.get(timeout=PATIENCE)
            if words in news.what:
                return news

    def end(self) -> None:
        self.home.begin_stop()
        self.pace.stop()
        self.home.end_stop(PATIENCE)


@pytest.fixture
def play(engines: Engines, broker: Broker, tmp_path: Path) -> Iterator[Callable[[Household], Play]]:
    plays: list[Play] = []

    def begin(household: Household) -> Play:
        plays.append(Play(household, engines, broker, tmp_path / "home"))
        return plays[-1]

    yield begin
    for each in plays:
        each.end()


def in_outbox(tmp_path: Path) -> int:
    with closing(sqlite3.connect(tmp_path / "home" / "store.db")) as store:
        count = store.execute("SELECT count(*) FROM event").fetchone()[0]
    assert isinstance(count, int)
    return count


def test_a_question_an_answer_and_how_long_each_step_took(
    hub: Hub, play: Callable[[Household], Play]
) -> None:
    sato = play(SATO)
    hub.ask_soon(sato.clock)

    event = hub.events.get(timeout=PATIENCE)
    sato.wait_for("保存されました")

    assert isinstance(event.body, CheckIn)
    assert (event.body.outcome, event.body.intent) == (Outcome.answered, Intent.fine)
    record = sato.home.reporter.record
    assert record.said == ["はい、元気ですよ。"]
    assert record.heard == ["はい、元気です"]
    assert not record.made
    stages = record.stages
    assert stages.prompt is not None
    assert 2_000 < stages.prompt < 10_000
    assert stages.listen is not None
    assert stages.listen > SATO.delay_s * 1_000 + 1_200  # until the answer had ended, and the pause after it
    assert None not in (stages.recognize, stages.understand, stages.store)


def test_a_cut_line_keeps_the_answer_in_the_speaker(
    hub: Hub, play: Callable[[Household], Play], tmp_path: Path
) -> None:
    takahashi = play(msgspec.structs.replace(SATO, behaviour=Part.line_cut))
    hub.ask_soon(takahashi.clock)
    takahashi.wait_for("声かけ")

    takahashi.home.cut_line()
    takahashi.wait_for("結果 応答あり")

    assert in_outbox(tmp_path) == 1
    assert len(takahashi.home.reporter.record.made) == 1
    assert not takahashi.home.reporter.record.line_up
    assert hub.events.empty()

    assert takahashi.home.line is not None
    takahashi.home.line.mend()
    assert hub.events.get(timeout=PATIENCE).late


@pytest.mark.parametrize("moment", ["話しています…", "聞いています…"])
def test_stopping_in_the_middle_leaves_no_false_word_behind(
    hub: Hub, play: Callable[[Household], Play], tmp_path: Path, moment: str
) -> None:
    silent = msgspec.structs.replace(SATO, replies=[])
    sato = play(silent)
    hub.ask_soon(sato.clock)
    give_up, pause = monotonic() + PATIENCE, threading.Event()
    while sato.home.reporter.record.now != moment:
        assert monotonic() < give_up
        pause.wait(0.005)

    began = monotonic()
    sato.end()

    assert monotonic() - began < 5.0
    assert in_outbox(tmp_path) == 0
    assert hub.events.empty()
