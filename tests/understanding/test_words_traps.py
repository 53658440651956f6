"""Words of help that are not a call for help, and calls for help among other words."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import Intent
from device.understand import Understanding
from device.understand.meaning import Meaning

_CALM = (Intent.fine, Intent.as_usual)
_ILL = (Intent.unwell, Intent.pain, Intent.emergency)


@cache
def loaded() -> Understanding:
    return Understanding.load()


_OF_OTHERS = [
    "あっちの方で救急車の音がしとったわ",
    "大水でご神木が倒れてまったんやと",
    "となりの塀がひっくり返っとったわ",
    "風でトタンが落ちてきてびっくりした",
    "柱時計がちっとも動かんのや",
    "救急車がよう通るなあ、今日は",
    "猫がちっとも動かんで寝とる",
    "相撲で横綱が転んで負けた",
    "ゆうべの番組で、山で遭難した人が助けを求めとった",
    "本家の嫁さんが階段から落ちて骨を折ったそうや",
    "消防団が火事の訓練をやっとるわ",
    "こちらは広報です、火災予防にご協力ください",
    "膝や腰のつらい痛みに、今だけ特別価格でお届けします",
    "五百メートル先、左方向です",
    "あんたのおかげでほんとに助かったわ",
    "死ぬほど笑ってまったわ",
]


def declared(meaning: Meaning) -> bool:
    """Whether a call goes out without a question."""
    return meaning.intent is Intent.emergency and meaning.certain


@pytest.mark.parametrize("text", _OF_OTHERS)
def test_what_happens_to_others_on_the_air_or_to_things_is_no_emergency(text: str) -> None:
    assert not declared(loaded().understand(text))


def test_few_who_tell_of_others_or_of_things_are_asked_whether_they_need_help() -> None:
    asked = [text for text in _OF_OTHERS if loaded().understand(text).intent is Intent.emergency]
    assert len(asked) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "トイレの前でへたり込んで、どうにも立てんのやわ",
        "おふろばでひっくりかえってまって、うごけんのや",
        "ベッドの横の床に落ちたまんま、朝まで上がれんかった",
        "胸がしめつけられて、冷や汗がだらだら出る",
        "口がもつれて、右の手がきかんくなった",
        "お父さんが風呂の中で沈んどる、早う",
        "台所がえらい煙で、火が見えとる",
        "誰ぞ来とくれ、腰が抜けて動けん",
        "助けは要らんと思っとったけど、やっぱり助けてくれ",
        "大丈夫やないて、倒れとるんや、助けて",
    ],
)
def test_a_person_in_danger_here_and_now_is_an_emergency(text: str) -> None:
    assert loaded().understand(text).intent is Intent.emergency


@pytest.mark.parametrize(
    "text",
    [
        "元気やないんやて",
        "ちっとも大丈夫やあらへん",
        "調子ようないわ、今日は",
        "どもなくはないわ",
        "熱がちっとも下がらんのや",
        "膝の痛いのがまんだ治らん",
        "ごはんがいっこも喉を通らん",
        "げんきじゃないです",
        "だいじょうぶやないわ",
        "痛みは引いたけど、体がえらてかん",
    ],
)
def test_who_is_ill_is_never_surely_well(text: str) -> None:
    meaning = loaded().understand(text)
    assert meaning.intent not in _CALM or not meaning.certain


@pytest.mark.parametrize(
    "text",
    [
        "どっこも痛いとこはあらへんよ",
        "腰の痛いのはもう治ってまった",
        "熱はもう下がったで心配いらん",
        "ころんどらんて、大丈夫や",
        "めまいもせんくなったよ",
        "ちっともえらいことないて",
    ],
)
def test_denied_and_past_ills_are_no_ills(text: str) -> None:
    assert loaded().understand(text).intent not in _ILL


@pytest.mark.parametrize(
    "text",
    [
        "救急車なんか呼ばんでもええて",
        "助けなんぞいらんわ",
        "誰も来んでええで放っといて",
        "医者も電話もいらんで",
    ],
)
def test_a_refusal_is_respected(text: str) -> None:
    assert loaded().understand(text).intent is Intent.declined


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(
        ["大丈夫や", "元気です", "助けはいらん", "ほっといて", "いつもどおりや", "いらんいらん", "痛ないよ"]
    ),
    st.sampled_from(["助けて", "助けてくれ", "助けてください", "助けとくれ"]),
    st.text("あいうえかこしてとのはまもやよらんー、", max_size=5),
)
def test_no_word_before_and_no_noise_cancels_a_call_for_help(before: str, call: str, noise: str) -> None:
    meaning = loaded().understand(f"{before}。{noise}。{call}")
    assert meaning.intent is Intent.emergency
    assert meaning.certain


@pytest.mark.parametrize(
    "text",
    ["ええ" * 400, "テレビの音" * 300, "あ、" * 500, "\x00\x01", "<b>助</b>", "1234567890", "ｱﾊﾊ", "🙂👍"],
)
def test_noise_of_any_length_is_answered_and_is_no_emergency(text: str) -> None:
    meaning = loaded().understand(text)
    assert meaning.because
    assert not declared(meaning)


def test_the_reason_is_told_in_words_a_person_can_follow() -> None:
    meaning = loaded().understand("風呂場で転んでまって立てんのや")
    told = "\n".join(meaning.because)
    assert "規則「転んで動けない」: 「コロンデマッ" in told
    assert "学習: 緊急 " in told
    assert "いちばん近い手本「" in told


@pytest.mark.parametrize(
    "text",
    [
        "はい",
        "うん",
        "いいえ",
        "いや",
        "ハイハイ",
        "ちがう",
        "違うて",
        "いや、ちがう",
        "うん、そうや",
        "そうやない",
        "まちがいや",
    ],
)
def test_a_bare_yes_or_no_to_an_open_question_is_asked_about(text: str) -> None:
    meaning = loaded().understand(text)
    assert meaning.intent is Intent.fine
    assert not meaning.certain
