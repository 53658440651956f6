"""The files of the demonstration: complete, editable, and refused with the line that is wrong."""

from pathlib import Path

import numpy as np
import pytest

from contract.refusal import Refused
from demo.cast import Household, Part, load_cast
from demo.resident import Resident
from demo.townsfolk import load_plan, people
from demo.voices import Utterance, Voices
from device.listen.microphone import RATE
from device.steps import Asked, Said
from hub.districts import load as load_districts

FILE = Path("demo/households.toml").read_text(encoding="utf-8")


def edited(tmp_path: Path, old: str, new: str) -> Path:
    assert old in FILE
    path = tmp_path / "households.toml"
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_eight_households_are_the_ones_that_were_promised() -> None:
    cast = load_cast()
    parts = {each.key: each.behaviour for each in cast}

    assert len(cast) == 8
    assert parts["sato"] is parts["ito"] is Part.speaks
    assert (parts["suzuki"], parts["takahashi"], parts["tanaka"]) == (
        Part.silent,
        Part.line_cut,
        Part.away,
    )
    said = {each.said for each in cast}
    assert {
        "いつもどおりです。",
        "えらいで、ちょっと寝とる。",
        "大丈夫じゃない。",
        "助けて、転んで動けん。",
    } <= said


def test_what_the_table_calls_said_is_what_is_said() -> None:
    for household in load_cast():
        if household.replies:
            assert household.replies[0].say[0] == household.said


def test_the_cast_lives_in_known_districts_and_shares_no_name_or_number_with_the_town() -> None:
    cast, homes = load_cast(), people(load_plan())
    assert {each.district for each in cast} <= {each.name for each in load_districts().all}
    assert not {each.name for each in cast} & {each.name for each in homes}
    assert not {each.device for each in cast} & {each.device for each in homes}
    assert not {each.phone for each in cast} & {each.phone for each in homes}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('voice = "jf_nezumi"', 'voice = "jf_neko"', "jf_neko"),
        ('behaviour = "silent"', 'behaviour = "asleep"', "asleep"),
        ('behaviour = "silent"', 'behaviour = "speaks"', "replies"),
        ('key = "ito"', 'key = "suzuki"', "suzuki"),
        ('after = "0 s"', 'after = "soon"', "after"),
        ('noise = "kettle"', 'noise = "parade"', "parade"),
        ("snr_db = 22.0", "snr_bd = 22.0", "snr_bd"),
        ('severity = "needs_check"', 'severity = "bad"', "bad"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, old: str, new: str, what: str) -> None:
    path = edited(tmp_path, old, new)
    with pytest.raises(Refused, match=what) as refused:
        load_cast(path)
    assert "households.toml" in str(refused.value)
    assert "行目" in str(refused.value)


# ---- what a resident says ------------------------------------------------------------------------------------


def household(key: str) -> Household:
    return next(each for each in load_cast() if each.key == key)


def resident(key: str) -> tuple[Resident, list[str]]:
    someone = household(key)
    said: list[str] = []
    voices = {each: np.zeros(10, dtype=np.int16) for each in someone.utterances()}
    return Resident(someone, voices, said.append), said


def test_a_resident_answers_the_question_that_was_asked() -> None:
    yasue, said = resident("yasue")
    yasue.watch(Asked("2026-11-24/morning", 1, "安江さん、おはようございます。お変わりありませんか。"))
    yasue.answer()
    yasue.watch(Said("お元気ですか。はい、か、いいえ、でお答えください。"))
    yasue.answer()
    yasue.watch(Said("お加減が、よくないのですか。はい、か、いいえ、でお答えください。"))
    yasue.answer()

    assert said == ["えらいで、ちょっと寝とる。", "いいえ、えらいんやわ。", "はい。"]


def test_a_resident_asked_twice_says_the_next_line_and_then_the_last_one_again(tmp_path: Path) -> None:
    path = edited(tmp_path, 'say = ["はい、元気ですよ。"]', 'say = ["え?", "元気ですよ。"]')
    sato = next(each for each in load_cast(path) if each.key == "sato")
    said: list[str] = []
    voices = {each: np.zeros(10, dtype=np.int16) for each in sato.utterances()}
    someone = Resident(sato, voices, said.append)
    for attempt in (1, 2, 3):
        someone.watch(Asked("2026-11-24/morning", attempt, "お変わりありませんか。"))
        someone.answer()

    assert said == ["え?", "元気ですよ。", "元気ですよ。"]


def test_nobody_answers_what_is_no_question_to_them() -> None:
    suzuki, said = resident("suzuki")
    suzuki.watch(Asked("2026-11-24/morning", 1, "鈴木さん、おはようございます。お変わりありませんか。"))
    assert suzuki.answer() is None
    assert said == []


# ---- their voices --------------------------------------------------------------------------------------------


def test_a_voice_is_rendered_once_and_a_damaged_one_again(tmp_path: Path) -> None:
    words = Utterance("はい。", "jf_alpha", 1.0)
    rendered: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        rendered.append((done, of))

    first = Voices(tmp_path).prepare([words, words], progress)[words]
    assert rendered == [(1, 1)]
    assert first.dtype == np.int16
    assert 0.2 * RATE < len(first) < 3 * RATE
    assert abs(int(np.max(np.abs(first.astype(np.int32)))) - 16_384) < 10

    again = Voices(tmp_path).prepare([words], progress)[words]
    assert rendered == [(1, 1)]
    assert np.array_equal(first, again)

    (file,) = tmp_path.glob("*.wav")
    file.write_bytes(file.read_bytes()[:30])
    mended = Voices(tmp_path).prepare([words], progress)[words]
    assert rendered == [(1, 1), (1, 1)]
    assert len(mended) > 0.2 * RATE


def test_a_folder_that_cannot_hold_voices_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Refused, match="住民役の声"):
        Voices(tmp_path / "file").prepare([Utterance("はい。", "jf_alpha", 1.0)], lambda *_: None)
