"""The figures of understanding are counted as they say, and what is said aloud is said as asked."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.aloud import Condition, Engine, Manner, RoomMicrophone, manners
from bench.noises import Noise, make
from bench.report import Machine
from bench.scores import Answer, Share, confusion, score, share
from bench.understanding import Aloud, aloud, as_text, conditions, errors
from bench.utterances import Utterance, sample
from contract.events import Intent
from demo.acoustics import Acoustics, speech_level_db, to_sound
from device.listen.microphone import FRAME, RATE, Samples
from device.understand.meaning import Meaning
from mimamori.main import app
from mimamori.understanding_report import show
from tests.listening.conftest import model


def answer(
    meant: Intent, read: Intent, certain: bool = True, milliseconds: float = 1.0, text: str = "ええよ"
) -> Answer:
    return Answer(Utterance(meant, "dia", text), read, certain, milliseconds)


MIXED = [
    answer(Intent.fine, Intent.fine, milliseconds=10.0),
    answer(Intent.unwell, Intent.fine, milliseconds=20.0),
    answer(Intent.pain, Intent.as_usual, certain=False, milliseconds=30.0),
    answer(Intent.emergency, Intent.emergency, milliseconds=40.0),
    answer(Intent.emergency, Intent.fine, certain=False, milliseconds=50.0),
    answer(Intent.unrelated, Intent.emergency, milliseconds=60.0),
    answer(Intent.declined, Intent.unwell, certain=False, milliseconds=70.0),
    answer(Intent.repeat, Intent.repeat, milliseconds=80.0),
]


def test_shares_are_counted_over_those_they_speak_of() -> None:
    figures = score(MIXED)
    assert figures.accuracy
    assert (figures.accuracy.part, figures.accuracy.whole) == (3, 8)
    assert figures.help_recall
    assert (figures.help_recall.part, figures.help_recall.whole) == (1, 2)
    assert figures.false_emergencies
    assert (figures.false_emergencies.part, figures.false_emergencies.whole) == (1, 6)
    assert figures.accuracy_when_certain
    assert (figures.accuracy_when_certain.part, figures.accuracy_when_certain.whole) == (3, 5)
    assert (figures.decision_p50_ms, figures.decision_p95_ms) == (40.0, 80.0)


def test_an_ill_person_heard_as_well_is_dangerous_and_worse_when_nobody_asks_again() -> None:
    figures = score(MIXED)
    assert (figures.dangerous_certain, figures.dangerous_uncertain) == (1, 2)


def test_of_nothing_there_are_no_shares() -> None:
    figures = score([])
    assert figures.accuracy is None
    assert figures.decision_p95_ms is None


def test_a_share_of_few_says_how_little_it_knows() -> None:
    assert share(0, 0) is None
    assert share(9, 10) == Share(9, 10, 0.9, 0.596, 0.982)  # Wilson's own textbook interval
    many = share(900, 1000)
    assert many
    assert many.high - many.low < 0.04


def test_the_confusion_table_keeps_rows_and_columns_apart() -> None:
    table = confusion(MIXED)
    assert table["unwell"] == {"fine": 1}
    assert table["emergency"] == {"emergency": 1, "fine": 1}
    assert table["fine"] == {"fine": 1}


TOWN = [
    Utterance(intent, kind, f"{intent} {kind} {number}")
    for intent, count in ((Intent.emergency, 60), (Intent.fine, 30), (Intent.repeat, 10))
    for kind, part in (("dia", 0.6), ("std", 0.4))
    for number in range(round(count * part))
]


def test_a_sample_has_the_intents_and_kinds_in_the_proportion_of_the_whole() -> None:
    some = sample(TOWN, 20, seed=3)
    assert Counter(one.intent for one in some) == {Intent.emergency: 12, Intent.fine: 6, Intent.repeat: 2}
    assert 10 <= sum(one.kind == "dia" for one in some) <= 14
    assert len({one.text for one in some}) == 20


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert sample(TOWN, 20, seed=3) == sample(TOWN, 20, seed=3)
    assert sample(TOWN, 20, seed=3) != sample(TOWN, 20, seed=4)
    assert sample(TOWN, 500, seed=3) == TOWN


def test_voices_take_turns_and_all_else_is_drawn_by_the_seed() -> None:
    said = manners(TOWN, [Engine.openjtalk, Engine.kokoro], [0.75, 1.0], seed=1)
    assert said == manners(TOWN, [Engine.openjtalk, Engine.kokoro], [0.75, 1.0], seed=1)
    assert Counter(how.engine for how in said) == {Engine.openjtalk: 50, Engine.kokoro: 50}
    assert {how.pace for how in said} == {0.75, 1.0}
    assert len({how.room.distance_m for how in said}) == 3


def test_a_clean_room_is_one_condition_and_each_noise_one_for_every_level() -> None:
    names = [each.name for each in conditions([Noise.clean, Noise.music, Noise.white], [20.0, 10.0])]
    assert names == ["clean", "music 20 dB", "white 20 dB", "music 10 dB", "white 10 dB"]


HOW = Manner(engine=Engine.openjtalk, voice="0", pace=1.0, room=Acoustics(reverberation_s=0.0), delay_s=0.5)


def tone(seconds: float) -> Samples:
    at = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(np.rint(8000 * np.sin(2 * np.pi * 300 * at)), dtype=np.int16)


class Waits:
    """A clock that moves only by waiting."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept = 0.0

    def counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def hears(noise: Noise, snr_db: float, waits: Waits, paced_s: float = 1.0) -> RoomMicrophone:
    return RoomMicrophone(
        tone(1.0),
        HOW,
        make(noise, np.random.default_rng(1), lambda _: [to_sound(tone(0.5))]),
        snr_db,
        opens_after_s=0.5,
        paced_s=paced_s,
        seed=1,
        counter=waits.counter,
        sleep=waits.sleep,
    )


def level(samples: Samples) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(to_sound(samples) ** 2))))


@pytest.mark.parametrize("noise", [Noise.white, Noise.music, Noise.babble, Noise.television])
def test_the_noise_lies_as_far_under_the_voice_as_was_asked(noise: Noise) -> None:
    microphone = hears(noise, 10.0, Waits(), paced_s=0.0)
    heard = np.concatenate([microphone.frame() for _ in range(30 * RATE // FRAME)])
    voice = speech_level_db(HOW.room)
    assert level(heard[4 * RATE : 24 * RATE]) == pytest.approx(
        voice - 10.0, abs=1.0
    )  # the noise's whole loop


def test_the_pause_after_an_answer_passes_in_real_time_and_nothing_else_does() -> None:
    waits = Waits()
    microphone = hears(Noise.clean, 35.0, waits)
    while waits.slept == 0.0:
        microphone.frame()
        assert microphone.handed_out_at == waits.now
    for _ in range(5 * RATE // FRAME):
        microphone.frame()
    assert waits.slept == pytest.approx(1.0, abs=2 * FRAME / RATE)


class Yes:
    """Understands everything as fine, and is sure of it."""

    def understand(self, text: str, _others: Mapping[str, float] | None = None, /) -> Meaning:
        return Meaning(intent=Intent.fine, confidence=1.0, reading=text, because=["always"], certain=True)


def test_a_report_has_each_part_apart_and_prints_what_was_misread() -> None:
    parts = {"one": [Utterance(Intent.fine, "dia", "ええよ")], "two": [Utterance(Intent.pain, "std", "痛い")]}
    report, answers = as_text(parts, Yes())
    assert report.figures["one"].accuracy.share == 1.0
    assert report.figures["two"].dangerous_certain == 1
    assert report.figures["all"].utterances == 2
    assert list(report.figures["kinds"]) == ["std", "dia"]
    assert list(errors(answers)) == ["pain -> fine  痛い"]
    assert isinstance(report.machine, Machine)
    printed: list[str] = []
    show(report, printed.append)
    assert "1/2 0.500" in printed[0]
    assert f"load {report.machine.load}" in printed[0]


@pytest.mark.parametrize(
    ("option", "word"), [("--noise", "thunder"), ("--voices", "parrot"), ("--rate", "9"), ("--snr", "loud")]
)
def test_a_word_the_bench_does_not_know_is_a_usage_error_that_names_it(option: str, word: str) -> None:
    ran = CliRunner().invoke(app, ["bench", "understanding", "--audio", option, word])
    assert ran.exit_code == 2
    assert word in ran.output


def test_the_report_as_json_is_one_object_of_the_common_shape(tmp_path: Path) -> None:
    path = tmp_path / "few.tsv"
    path.write_text("fine\tdia\tまめなよ\nemergency\tstd\t助けてください\n", encoding="utf-8")
    ran = CliRunner().invoke(app, ["bench", "understanding", "--file", str(path), "--json"])
    made = json.loads(ran.output)
    assert set(made) == {"name", "parameters", "figures", "ceiling", "machine"}
    assert made["figures"]["all"]["help_recall"]["whole"] == 1


@pytest.mark.models
def test_what_is_said_aloud_goes_through_the_real_ear_and_its_words_are_kept() -> None:
    model("whisper-base")
    parts = {
        "few": [
            Utterance(Intent.fine, "std", "はい、元気にしています"),
            Utterance(Intent.emergency, "std", "助けてください"),
            Utterance(Intent.fine, "garb", "現気で巣"),
        ]
    }
    how = Aloud(engines=[Engine.openjtalk], paces=[0.85], conditions=[Condition(noise=Noise.clean)])
    report, answers = aloud(parts, Yes(), how, watch=lambda count, _: range(1, count + 1))
    heard = {one.utterance.text: one.heard or "" for one in answers}
    assert "元気" in heard["はい、元気にしています"]
    assert "助けて" in heard["助けてください"]
    assert "現気で巣" not in heard  # a recognizer's misspelling cannot be said
    assert report.figures["clean"].utterances == 2
    assert report.figures["clean"].dangerous_certain == 1
    assert report.ceiling["all"].dangerous_certain == 1
    assert report.parameters["recognizer"] == "whisper-base"
