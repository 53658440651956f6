"""The measurement of listening along: a cry alone is heard, and talk uses up what the recognizer may work."""

from random import Random

import numpy as np

from bench.overhearing import Listener, alone, cpu_share, spoken, television
from bench.utterances import Utterance
from contract.events import Intent
from device.listen.settings import load_settings
from device.talk.overheard import Verdict
from tests.bench.test_dialogue import INTERPRETER
from tests.listening.doubles import Notebook

CRY = Utterance(Intent.emergency, "std", "助けてください")
TALK = [
    Utterance(Intent.unrelated, "std", f"今日の天気は晴れです、{number}")
    for number in ("一", "二", "三", "四")
]


def test_a_cry_alone_is_heard_at_once() -> None:
    (sound,) = spoken([CRY], seed=1)
    listener = Listener(Notebook("助けて", 0.9), INTERPRETER, load_settings())
    assert list(listener.verdicts(alone(sound, Random(1)))) == [Verdict.cry]


def test_talk_is_cut_into_pieces_of_which_none_is_a_cry() -> None:
    talk = television(spoken(TALK, seed=1), Random(1))
    listener = Listener(Notebook("今日の天気は晴れです", 0.9), INTERPRETER, load_settings())
    verdicts = list(listener.verdicts(talk))
    assert len(verdicts) >= 2
    assert set(verdicts) == {Verdict.nothing}


def test_a_quiet_room_costs_less_than_talk() -> None:
    talk = television(spoken(TALK, seed=1), Random(1))
    hiss = np.rint(np.random.default_rng(1).standard_normal(len(talk)) * 20).astype(np.int16)
    assert cpu_share(hiss, load_settings()) < cpu_share(talk, load_settings())
