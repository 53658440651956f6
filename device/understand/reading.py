"""How an utterance is read: katakana that forgives spelling, and where its words begin.

Two sources are joined word by word: what is written in kana is taken as it is written (a dictionary misreads
dialect: はよ becomes ワヨ), what is written in kanji is read by Open JTalk's dictionary.
"""

import re
import unicodedata
from typing import Any

import jaconv
import msgspec
import pyopenjtalk

_VOWELS = {
    "ア": "アカサタナハマヤラワガザダバパャァ",
    "イ": "イキシチニヒミリギジヂビピィ",
    "ウ": "ウクスツヌフムユルグズヅブプュゥヴ",
    "エ": "エケセテネヘメレゲゼデベペェ",
    "オ": "オコソトノホモヨロヲゴゾドボポョォ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _VOWELS.items() for kana in row}
_SAME = str.maketrans("ヲヂヅヴァィゥェォヮ", "オジズブアイウエオワ")
_KANA = re.compile(r"[ァ-ヴー]+")
_NOT_KANA = re.compile(r"[^ァ-ヴー]")
_PAUSE = "、"
_MARKS = re.compile(r"[、。,.!?！？…・「」『』()（）\s　〜~]+")


class Word(msgspec.Struct, frozen=True):
    """One word as the dictionary knows it."""

    base: str
    """Its form in the dictionary: 転ん is 転ぶ."""
    role: str
    """What it does in the sentence, and its inflection: a particle or an ending as itself, any other by its kind."""


class Reading(msgspec.Struct, frozen=True):
    """One utterance, read."""

    kana: str
    """Folded katakana without pauses; what everything is matched against."""
    starts: frozenset[int]
    """Positions in `kana` at which a word begins."""
    pauses: frozenset[int]
    """Positions in `kana` before which the writing shows a pause."""
    spoken: str
    """Katakana with pauses, for people."""
    words: tuple[Word, ...]
    """In the order they were said, marks left out."""

    def starts_word(self, position: int) -> bool:
        """Whether a word begins at `position`."""
        return position == 0 or position in self.starts or position in self.pauses


def fold(kana: str) -> str:
    """Katakana as it sounds: ー, オウ and エイ become the long vowel, ヲヂヅ their sisters.

    >>> fold("ダイジョーブ") == fold("だいじょうぶ")
    True
    """
    kana = jaconv.hira2kata(kana).translate(_SAME)
    out: list[str] = []
    for letter in kana:
        vowel = _VOWEL_OF.get(out[-1]) if out else None
        if letter == "ー":
            if vowel:
                out.append(vowel)
        elif (letter == "ウ" and vowel == "オ") or (letter == "イ" and vowel == "エ"):
            out.append(vowel)
        else:
            out.append(letter)
    folded = "".join(out)
    return re.sub(r"([アイウエオ])\1{2,}", r"\1\1", folded)


_MISREAD = {"違う": "ちがう", "違て": "ちごて"}
"""Kanji the dictionary reads wrongly before a dialect ending: 違うて becomes タガウテ."""


def read(text: str) -> Reading:
    """Read `text` (kanji, kana, whatever a recognizer writes)."""
    text = unicodedata.normalize("NFKC", text).strip()
    for written, meant in _MISREAD.items():
        text = text.replace(written, meant)
    kana = ""
    starts: set[int] = set()
    pauses: set[int] = set()
    spoken = ""
    words: list[Word] = []
    for part in _MARKS.split(text):
        if not part:
            continue
        if kana:
            pauses.add(len(kana))
            spoken += _PAUSE
        nodes: Any = pyopenjtalk.run_frontend(part)
        for node in nodes:
            if node["pos"] != "記号":
                words.append(Word(str(node["orig"]), _role(node)))
            word = _spoken(node)
            if not word:
                continue
            starts.add(len(kana))
            spoken += word
            # Folding looks at the letter before, so the whole is folded, not the word.
            kana = fold(kana + word)
    return Reading(kana, frozenset(starts), frozenset(pauses), spoken, tuple(words))


def _spoken(node: Any) -> str:
    """A word in katakana: kana as written, kanji as the dictionary reads it."""
    surface = jaconv.hira2kata(str(node["string"]))
    # Half the words have kana inside (動け, 痛い): the dictionary's reading is right for those.
    read_as = surface if _KANA.fullmatch(surface) else str(node["read"])
    return _NOT_KANA.sub("", jaconv.hira2kata(read_as))


_GRAMMAR = frozenset({"助詞", "助動詞", "接続詞", "感動詞"})
_BOUND = frozenset({"非自立", "接尾", "代名詞"})


def _role(node: Any) -> str:
    kind, group, form = str(node["pos"]), str(node["pos_group1"]), str(node["cform"])
    itself = kind in _GRAMMAR or group in _BOUND
    inflection = "" if form == "*" else form[:2]
    return (str(node["orig"]) if itself else kind + group[:2]) + inflection


_ROMAJI: dict[str, str] = {}
for _consonant, _row in zip(
    ["", "k", "s", "t", "n", "h", "m", "r", "g", "z", "d", "b", "p"],
    [
        "アイウエオ",
        "カキクケコ",
        "サシスセソ",
        "タチツテト",
        "ナニヌネノ",
        "ハヒフヘホ",
        "マミムメモ",
        "ラリルレロ",
        "ガギグゲゴ",
        "ザジズゼゾ",
        "ダヂヅデド",
        "バビブベボ",
        "パピプペポ",
    ],
    strict=True,
):
    for _kana, _vowel in zip(_row, "aiueo", strict=True):
        _ROMAJI[_kana] = _consonant + _vowel
_ROMAJI |= {"ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ン": "N", "ッ": "Q"}
_ROMAJI |= {"ャ": "ya", "ュ": "yu", "ョ": "yo"}


def phonemes(kana: str) -> str:
    """Folded katakana as a string of phonemes, one letter each; long vowels are doubled."""
    out = "".join(_ROMAJI.get(letter, "") for letter in kana)
    # キャ is written kiya so far: the i between is not spoken.
    return re.sub(r"(?<=[kstnhmrgzdbp])i(?=y[auo])", "", out)
