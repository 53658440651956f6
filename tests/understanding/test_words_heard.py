"""What a recognizer made of phrases said aloud is taught with the meaning they had, and never with one they had not."""

from pathlib import Path

import pytest

from contract.events import Intent
from contract.refusal import Refused
from device.understand.bank import Phrase, read_bank
from device.understand.heard import FILE, HeardPhrase, read_heard, teachable, write_heard
from device.understand.understanding import LEXICON

BANK = [
    Phrase("ベッドから落ちて頭打った", Intent.emergency, 1),
    Phrase("大丈夫じゃない", Intent.unwell, 2),
    Phrase("大丈夫", Intent.fine, 3),
]


def test_a_misheard_cry_is_taught_as_a_cry() -> None:
    misheard = HeardPhrase(Intent.emergency, "ベッドから落ちて頭打った", "レッドから落ちて温まった")
    assert teachable([misheard], BANK) == [misheard]


def test_a_lost_negation_is_never_taught_as_unwell() -> None:
    assert teachable([HeardPhrase(Intent.unwell, "大丈夫じゃない", "大丈夫。")], BANK) == []


def test_what_was_heard_to_the_letter_or_not_at_all_teaches_nothing() -> None:
    to_the_letter = HeardPhrase(Intent.fine, "大丈夫", "大丈夫。")
    lost = HeardPhrase(Intent.fine, "大丈夫", "ご視聴ありがとうございました")
    assert teachable([to_the_letter, lost], BANK) == []


def test_every_phrase_that_was_said_stands_in_the_bank() -> None:
    known = {(one.intent, one.text) for one in read_bank(LEXICON)}
    gone = [one.text for one in read_heard(LEXICON) if (one.intent, one.text) not in known]
    assert not gone, "python -m bench.recite makes heard.tsv anew"


def test_a_wrong_line_is_refused_by_its_number(tmp_path: Path) -> None:
    write_heard(tmp_path / FILE, [HeardPhrase(Intent.fine, "大丈夫", "だい丈夫")])
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write("fine 大丈夫\n")
    with pytest.raises(Refused, match=r"heard\.tsv 3 行目"):
        read_heard(tmp_path)
