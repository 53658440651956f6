"""Phonemes as Open JTalk names them, and how their sequence is written in kana."""

from collections.abc import Sequence

import pyopenjtalk

_NAMES = "a i u e o N cl k ky g gy s sh z j t ty ts ch d dy n ny h hy f b by p py m my y r ry w v gw kw"
PHONEMES = tuple(_NAMES.split())
"""`cl` is the small っ, `N` is ん. What they are called in `pyopenjtalk.g2p`, unvoiced vowels as voiced ones."""

_VOWELS = "aiueo"
_KANA = {
    "": "あ い う え お",
    "k": "か き く け こ",
    "ky": "きゃ き きゅ きぇ きょ",
    "kw": "くぁ くぃ く くぇ くぉ",
    "g": "が ぎ ぐ げ ご",
    "gy": "ぎゃ ぎ ぎゅ ぎぇ ぎょ",
    "gw": "ぐぁ ぐぃ ぐ ぐぇ ぐぉ",
    "s": "さ し す せ そ",
    "sh": "しゃ し しゅ しぇ しょ",
    "z": "ざ じ ず ぜ ぞ",
    "j": "じゃ じ じゅ じぇ じょ",
    "t": "た てぃ とぅ て と",
    "ty": "てゃ てぃ てゅ て てょ",
    "ts": "つぁ つぃ つ つぇ つぉ",
    "ch": "ちゃ ち ちゅ ちぇ ちょ",
    "d": "だ でぃ どぅ で ど",
    "dy": "でゃ でぃ でゅ で でょ",
    "n": "な に ぬ ね の",
    "ny": "にゃ に にゅ にぇ にょ",
    "h": "は ひ ふ へ ほ",
    "hy": "ひゃ ひ ひゅ ひぇ ひょ",
    "f": "ふぁ ふぃ ふ ふぇ ふぉ",
    "b": "ば び ぶ べ ぼ",
    "by": "びゃ び びゅ びぇ びょ",
    "p": "ぱ ぴ ぷ ぺ ぽ",
    "py": "ぴゃ ぴ ぴゅ ぴぇ ぴょ",
    "m": "ま み む め も",
    "my": "みゃ み みゅ みぇ みょ",
    "y": "や い ゆ いぇ よ",
    "r": "ら り る れ ろ",
    "ry": "りゃ り りゅ りぇ りょ",
    "w": "わ うぃ う うぇ うぉ",
    "v": "ゔぁ ゔぃ ゔ ゔぇ ゔぉ",
}
_SPELLED = {
    (consonant, vowel): kana
    for consonant, row in _KANA.items()
    for vowel, kana in zip(_VOWELS, row.split(), strict=True)
}
_ALONE = {"N": "ん", "cl": "っ"}


def phonemes_of(text: str) -> list[str]:
    """The phonemes of a text (kanji, kana) as Open JTalk reads it; pauses and what has no sound give none."""
    spoken = (one.lower() if one in "AIUEO" else one for one in str(pyopenjtalk.g2p(text)).split())
    return [one for one in spoken if one in PHONEMES]


def kana_of(phonemes: Sequence[str]) -> str:
    """Hiragana of phonemes; は as a particle is わ, as it sounds. A consonant without its vowel gets an う.

    >>> kana_of("ch o cl t o k u r u sh i i".split())
    'ちょっとくるしい'
    """
    out = []
    begun = ""
    for phoneme in phonemes:
        if phoneme in _VOWELS:
            out.append(_SPELLED[begun, phoneme])
            begun = ""
            continue
        if begun:
            out.append(_SPELLED[begun, "u"])
            begun = ""
        if phoneme in _ALONE:
            out.append(_ALONE[phoneme])
        else:
            begun = phoneme
    if begun:
        out.append(_SPELLED[begun, "u"])
    return "".join(out)
