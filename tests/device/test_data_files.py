"""What a city edits: prompts, recall words, the speaker's own file; each refused with the line that is wrong."""

import re
from pathlib import Path

import pytest

from contract.commands import Config, SlotPlan
from contract.refusal import Refused
from device import config as config_room
from device.agreement import what_is_wrong
from device.config import read_config
from device.talk.cry import load_help_words
from device.talk.prompts import PACKAGED, load_prompts
from device.talk.recall import load_recall_words
from device.talk.turns import Prompt

GOOD = PACKAGED.read_text(encoding="utf-8")


def prompts_file(folder: Path, text: str) -> Path:
    path = folder / "prompts.toml"
    path.write_text(text, encoding="utf-8")
    return path


def line_number(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_every_prompt_has_its_sentence_and_the_name_is_filled_in() -> None:
    prompts = load_prompts()
    assert prompts.text(Prompt.good_morning, "佐藤さん") == "佐藤さん、おはようございます。"
    assert prompts.text(Prompt.good_morning, "") == "おはようございます。"
    assert all("{" not in text for text in prompts.all_texts("佐藤さん"))
    assert prompts.questions >= {"how_are_you"}


LONGEST_SENTENCE = 25
"""Letters, pauses not counted: as much as somebody of 85 follows in one go."""


def test_what_is_said_is_short_and_has_no_foreign_words_but_the_commonest() -> None:
    for text in load_prompts().all_texts(""):
        for sentence in text.split("。"):
            assert len(sentence.replace("、", "")) <= LONGEST_SENTENCE, sentence
        assert set(re.findall("[ァ-ヶー]{2,}", text)) <= {"マイク", "ボタン"}


def test_the_speaker_itself_never_says_the_words_it_listens_for_while_it_speaks() -> None:
    help_words = load_help_words()
    assert not [text for text in load_prompts().all_texts("") if help_words.call(text)]


@pytest.mark.parametrize(
    ("change", "at", "what"),
    [
        (("thanks = ", "thank = "), "thank = ", "thank という言葉は使われません"),
        (('thanks = "お返事を、ありがとうございました。"\n', ""), "[prompts]", "thanks がありません"),
        (("{name}、こんにちは。", "{nmae}、こんにちは。"), "good_day", "{nmae} は使えません"),
        (("{name}、こんにちは。", "{name、こんにちは。"), "good_day", "は使えません"),
        (('"また後で、お声がけします。"', '" "'), "later", "文がありません"),
        (('how_are_you = "お変わりありませんか。"', ""), "[questions]", "問いかけが一つもありません"),
        (("how_are_you", "How-are-you"), "How-are-you", "英小文字"),
        (("how_are_you", "later"), 'later = "お変わり', "later は [prompts] の名前です"),
        (('"はい。ここにおります。"', "7"), "locate", "囲んだ文字が要りますが、整数が書いてあります"),
    ],
)
def test_a_wrong_prompts_file_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], at: str, what: str
) -> None:
    text = GOOD.replace(*change)
    path = prompts_file(tmp_path, text)
    with pytest.raises(Refused) as refusal:
        load_prompts(path)
    assert what in str(refusal.value)
    assert f"{path} {line_number(text, at)} 行目" in str(refusal.value)


def test_a_city_may_add_questions_of_its_own(tmp_path: Path) -> None:
    path = prompts_file(tmp_path, GOOD + 'slept_well = "よく眠れましたか。"\n')
    assert "slept_well" in load_prompts(path).questions


@pytest.mark.parametrize(
    "text",
    ["まちがい", "マチガイやった。", "ごめん、間違えた", "押してまった", "何でもない", "すまん、取り消して"],
)
def test_words_that_take_a_call_back(text: str) -> None:
    assert load_recall_words().takes_back(text)


@pytest.mark.parametrize(
    "text",
    ["まちがいない、折れとる", "間違いなく倒れた", "まちがいじゃない", "はよ来て", "何でもなくない", ""],
)
def test_words_that_do_not(text: str) -> None:
    assert not load_recall_words().takes_back(text)


DEVICE = """device = "sato-1"
data = "data"

[broker]
host = "127.0.0.1"
password_file = "password"
"""


def device_file(folder: Path, text: str) -> Path:
    path = folder / "device.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_a_good_file_and_paths_count_from_it(tmp_path: Path) -> None:
    example = Path(config_room.__file__).with_name("device.example.toml")
    config = read_config(example)
    assert config.data == example.parent / "data"
    assert config.broker.password_file == example.parent / "password"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (('"sato-1"', '"Sato 1"'), 1),
        (('host = "127.0.0.1"', "host = 7"), 5),
        (('password_file = "password"', "port = 70000"), 6),
        (('password_file = "password"', 'keepalive = "soon"'), 6),
        (('password_file = "password"', 'password_file = "p"\npassword = "q"'), 6),
        (('password_file = "password"', 'ca_file = "ca"\nkey_file = "k"'), 4),
        (('password_file = "password"', 'certificate_file = "c"\nkey_file = "k"'), 6),
        (('data = "data"', 'data = "data"\nclock = "sundial"'), 3),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(tmp_path: Path, change: tuple[str, str], line: int) -> None:
    path = device_file(tmp_path, DEVICE.replace(*change))
    with pytest.raises(Refused) as refusal:
        read_config(path)
    assert f"{line} 行目" in str(refusal.value)


def test_a_misspelt_key_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="hots"):
        read_config(device_file(tmp_path, DEVICE.replace("host =", 'hots = "x"\nhost =')))


def test_a_configuration_whose_shape_is_right_can_still_be_wrong() -> None:
    prompts = load_prompts()
    morning = SlotPlan(name="morning", at="08:00")
    assert what_is_wrong(Config(revision=1, slots=[morning]), prompts) is None
    twice = Config(revision=1, slots=[morning, SlotPlan(name="morning", at="09:00")])
    assert "$.slots" in (what_is_wrong(twice, prompts) or "")
    unknown = Config(revision=1, slots=[SlotPlan(name="morning", at="08:00", question="who_are_you")])
    assert "$.slots[0].question" in (what_is_wrong(unknown, prompts) or "")
    backwards = Config(revision=1, retry_after_seconds=[600.0, 300.0])
    assert "$.retry_after_seconds" in (what_is_wrong(backwards, prompts) or "")
