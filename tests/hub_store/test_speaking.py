"""Further questions, reminders and quiet hours are a city's own file, refused with the line that is wrong."""

from pathlib import Path

import pytest

from contract.commands import Config
from contract.refusal import Refused
from device.agreement import what_is_wrong
from device.talk.prompts import load_prompts
from hub import speaking
from hub.speaking import NOTHING

PACKAGED = Path(speaking.__file__).with_name("speaking.toml").read_text(encoding="utf-8")


def file(folder: Path, *changes: tuple[str, str]) -> Path:
    text = PACKAGED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "speaking.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nobody_is_asked_more_until_the_city_says_so() -> None:
    assert speaking.load().of("R-0001", "high") is NOTHING


def test_the_nearest_set_counts(tmp_path: Path) -> None:
    agreed = speaking.load(
        file(
            tmp_path,
            ('everybody = ""', 'everybody = "daily"'),
            ('# high = "daily"', 'high = "medicine"'),
            ('# "R-0001" = "medicine"', '"R-0001" = ""'),
        )
    )
    assert agreed.of("R-0002", "standard").extras == ["slept", "ate"]
    assert agreed.of("R-0002", "high").extras == ["took_medicine"]
    assert agreed.of("R-0001", "high") is NOTHING


def test_what_is_packaged_is_something_a_speaker_takes() -> None:
    for one in speaking.load().sets.values():
        told = Config(revision=1, extras=one.extras, reminders=one.reminders)
        assert what_is_wrong(told, load_prompts()) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('everybody = ""', 'everybody = "dayly"'), "daily、medicine"),
        (('# high = "daily"', 'high = "nothing"'), "risk_classes.high"),
        (('name = "garbage"', 'name = "noon"'), "二つあります"),
        (('["slept", "ate"]', '["slept", "slept"]'), "同じ質問"),
        (('until = "07:00"', 'until = "7"'), "quiet"),
        ((', prompt = "medicine_time"', ""), "either"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    path = file(tmp_path, change)
    with pytest.raises(Refused, match=words) as refusal:
        speaking.load(path)
    assert "行目" in str(refusal.value)
