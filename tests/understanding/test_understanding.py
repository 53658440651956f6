"""What a few words mean, and which mistakes must never happen."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.events import Intent
from contract.refusal import Refused
from device.understand import Understanding
from device.understand.reading import fold, read
from device.understand.understanding import LEXICON

_CALM = (Intent.fine, Intent.as_usual)


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return Understanding.load()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("いつもどおりです", Intent.as_usual),
        ("えらいで、ちょっと寝とる", Intent.unwell),
        ("大丈夫じゃない", Intent.unwell),
        ("元気がない", Intent.unwell),
        ("助けて、転んで動けん", Intent.emergency),
        ("助けはいらん", Intent.declined),
        ("痛くはないよ", Intent.fine),
        ("転んではおらんよ", Intent.fine),
        ("熱は下がったよ", Intent.fine),
        ("まめなよ", Intent.fine),
        ("どもない", Intent.fine),
        ("だいじょうぶやよ", Intent.fine),
        ("歳末助け合い募金にご協力ください", Intent.unrelated),
        ("もういっぺん言ってくれんか", Intent.repeat),
        ("膝が痛うてかなわん", Intent.pain),
    ],
)
def test_the_words_the_product_stands_on_are_understood(
    understanding: Understanding, text: str, intent: Intent
) -> None:
    assert understanding.understand(text).intent is intent


@pytest.mark.parametrize("before", ["", "大丈夫じゃない、", "助けはいらんと言ったけど、", "隣の人もおらん、"])
@pytest.mark.parametrize("call", ["助けて", "助けてくれ", "助けてください", "助けとくれ"])
def test_nothing_said_before_cancels_a_call_for_help(
    understanding: Understanding, before: str, call: str
) -> None:
    meaning = understanding.understand(before + call)
    assert meaning.intent is Intent.emergency
    assert meaning.certain


@pytest.mark.parametrize(
    "text",
    [
        "風邪をひいてしまいました",
        "あまり具合がよろしくない",
        "熱が下がらん",
        "ごはんを食べとらん",
        "大丈夫やない",
    ],
)
def test_an_ill_person_is_never_read_as_fine(understanding: Understanding, text: str) -> None:
    assert understanding.understand(text).intent not in _CALM


def test_the_hidden_word_in_a_wish_to_meet_is_not_pain(understanding: Understanding) -> None:
    assert understanding.understand("孫に会いたいわ").intent is Intent.wants_talk


@pytest.mark.parametrize("text", ["", "。", "...", "ーーー", "🙂", "x" * 3000])
def test_any_text_gets_an_answer_and_nonsense_is_not_certain(understanding: Understanding, text: str) -> None:
    meaning = understanding.understand(text)
    assert not meaning.certain
    assert meaning.because


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("はい", True), ("うん", True), ("ええ", True), ("そうや", True), ("そうや、頼むわ", True),
        ("いや", False), ("いいえ", False), ("ちがう", False), ("いらん", False), ("はい、いりません", False),
        ("うーん", None), ("わからん", None), ("今日はええ天気やね", None), ("", None),
    ],
)  # fmt: skip
def test_a_closed_question_has_three_answers(
    understanding: Understanding, text: str, answer: bool | None
) -> None:
    assert understanding.yes_or_no(text) is answer


def test_a_drawn_out_vowel_reads_like_a_written_one() -> None:
    assert fold("ダイジョーブ") == fold("だいじょうぶ")


def test_dialect_in_kana_is_read_as_written() -> None:
    assert read("はよ来て").kana.startswith("ハヨ")


@pytest.mark.parametrize(
    ("name", "edit", "says"),
    [
        ("words.tsv", lambda text: "help\tv5\n" + text, "1 行目"),
        ("words.tsv", lambda text: "help\tv1\t^たすけ\n" + text, "1 行目"),
        ("words.tsv", lambda text: "help\tverb\tたすける\n" + text, "1 行目"),
        ("rules.toml", lambda text: text.replace('any = ["lying"]', 'any = ["lyinng"]'), "lyinng"),
        ("rules.toml", lambda text: text.replace('intent = "pain"', 'intent = "pian"', 1), "行目"),
        ("settings.toml", lambda text: text.replace("sure = 0.", 'sure = "much" # 0.', 1), "行目"),
    ],
)
def test_a_broken_lexicon_is_refused_with_the_line_that_is_wrong(
    tmp_path: Path, name: str, edit: Callable[[str], str], says: str
) -> None:
    folder = tmp_path / "lexicon"
    shutil.copytree(LEXICON, folder)
    path = folder / name
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(Refused, match=says):
        Understanding.load(folder)
