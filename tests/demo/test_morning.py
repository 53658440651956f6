"""A morning in one process, at an hour nobody would choose: the first are asked today, the others tomorrow."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soxr

from contract.datafile import Duration
from contract.time import OFFICE_ZONE
from demo.cast import Household, load_cast
from demo.clock import clock_at
from demo.morning import Morning, Phase
from demo.pace import Pace
from demo.record import News
from demo.register import slot_name
from demo.stage import Stage
from demo.town import Town
from demo.townsfolk import Behaviour, load_plan, people
from demo.voiced import Engines, SharedVoice
from device.listen.microphone import RATE
from device.listen.settings import load_settings
from device.speak.openjtalk import OpenJTalkVoice
from device.understand import Understanding
from hub.vocabulary import SlotState
from tests.demo.parrot import Parrot


def engines(cast: Sequence[Household]) -> Engines:
    voice = OpenJTalkVoice().render("はい、元気です。")
    said = soxr.resample(voice.samples.astype(np.float64), voice.rate, RATE).astype(np.int16)
    return Engines(
        recognizer=Parrot("parrot"),
        voice=SharedVoice(OpenJTalkVoice()),
        understanding=Understanding.load(),
        listening=load_settings(),
        residents={each: said for household in cast for each in household.utterances()},
    )


@pytest.mark.timeout(180)
def test_a_morning_that_begins_before_midnight_ends_well_after_it(tmp_path: Path) -> None:
    plan = msgspec.structs.replace(load_plan(), behaviours={Behaviour.well: 12}, spread=Duration(seconds=20))
    homes = people(plan)
    sato = next(each for each in load_cast() if each.key == "sato")
    # The first question comes six seconds after the enrolment, the last twenty later; a start may take twelve.
    cast = [msgspec.structs.replace(sato, after=Duration(seconds=20))]
    sound = engines(cast)
    clock = clock_at("23:59:42")
    news: list[News] = []
    with Stage(tmp_path, cast, homes, clock, port=0, tell=news.append) as stage:
        address = (stage.broker.host, stage.broker.port)
        town = Town(address, homes, stage.passwords, plan, clock)
        morning = Morning(stage, sound, cast, town, tmp_path, clock, Pace(4.0), news.append)
        try:
            views = list(morning.play())
            view, differences = morning.look_again(), morning.differences()
        finally:
            morning.end()

    assert differences == []
    days = {row.day for row in view.seen.slots if row.state is SlotState.answered}
    assert len(days) == 2
    assert max(days) - min(days) == timedelta(days=1)
    assert {row.slot for row in view.seen.slots} == {"night"}
    phases = list(dict.fromkeys(view.phase for view in views))
    assert phases == [each for each in Phase if each in phases]
    assert {Phase.waiting, Phase.asking, Phase.done} <= set(phases)
    heard = [each.what for each in news if each.who == sato.name]
    assert re.search("1 回目の声かけ「佐藤さん、こんばんは。", heard[0])


@pytest.mark.parametrize(
    ("time_of_day", "name"),
    [
        ("00:00", "night"),
        ("03:59", "night"),
        ("04:00", "morning"),
        ("08:00", "morning"),
        ("11:00", "noon"),
        ("13:00", "afternoon"),
        ("17:00", "evening"),
        ("20:00", "night"),
        ("23:59:59", "night"),
    ],
)
def test_a_slot_is_called_by_its_time_of_day(time_of_day: str, name: str) -> None:
    assert slot_name(clock_at(time_of_day).now()) == name


def test_a_moved_clock_goes_on_from_where_it_was_put() -> None:
    at = clock_at("08:00").now().astimezone(OFFICE_ZONE)
    assert (at.hour, at.minute) == (8, 0)
