"""Readings: one way to write them, and one way to compare them."""

import unicodedata

import jaconv

_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_OLD = str.maketrans("ヰヱヲ", "イエオ")
_VOWEL = {
    kana: vowel
    for vowel, row in zip(
        "アイウエオ",
        (
            "アカサタナハマヤラワ",
            "イキシチニヒミリ",
            "ウクスツヌフムユル",
            "エケセテネヘメレ",
            "オコソトノホモヨロ",
        ),
        strict=True,
    )
    for kana in row
}
_MARKS = {"\u3099", "\u309a"}


def katakana(text: str) -> str:
    """Hiragana and half-width kana as full-width katakana, full-width letters as half-width, single spaces."""
    normal = unicodedata.normalize("NFKC", text)
    return " ".join(jaconv.hira2kata(normal).split())


def fold(text: str) -> str:
    """The key by which readings are sorted and found: 濁点・長音・小書き folded, in katakana.

    As in a Japanese index, ー counts as the vowel before it: 「おーい」 and 「オオイ」 fold alike. A half-width space
    between 姓 and 名 stays, so that サトウ ハナ sorts before サトウエ. Letters that are no kana stay as they are.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFD", katakana(text)) if letter not in _MARKS)
    plain = plain.translate(_LARGE).translate(_OLD)
    folded: list[str] = []
    for letter in plain:
        vowel = _VOWEL.get(folded[-1]) if letter == "ー" and folded else None
        folded.append(vowel or letter)
    return "".join(folded)
