"""Words as they are compared with lists of words: without spaces, marks and katakana."""

import re

_NOISE = re.compile(r"[\s、。,.!?！？・「」ー]+")
_KATAKANA = re.compile(r"[ァ-ヶ]")


def plain(text: str) -> str:
    """`text` in hiragana and kanji, nothing else between."""
    return _KATAKANA.sub(lambda letter: chr(ord(letter[0]) - 0x60), _NOISE.sub("", text))
